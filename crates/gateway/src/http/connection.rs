//! Speaks HTTP with the connections that the event loops hand over, until each ends or becomes a
//! WebSocket after all.
//!
//! A client that says nothing, or does not read what it asked for, is not held for ever.

use std::{
    io::Cursor,
    net::TcpStream as StdTcpStream,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncReadExt, Chain, Join, join},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::timeout,
};
use tower::ServiceExt;

use super::Peer;
use crate::{
    driver::Handed,
    figures::{Cause, Figures, GivenUp},
};

/// The longest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 16_384;

/// A socket before which stands what was read of it already.
pub(super) type Io = Join<Chain<Cursor<Vec<u8>>, OwnedReadHalf>, OwnedWriteHalf>;

/// How long a client may take over HTTP.
#[derive(Clone, Copy)]
struct Patience {
    /// For the head of a request, also while no request is there.
    head: Duration,
    /// For all requests of one connection.
    connection: Duration,
    /// For the request that is being answered when that time is over.
    last_answer: Duration,
}

/// Enough for the page over a slow line.
const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    connection: Duration::from_secs(120),
    last_answer: Duration::from_secs(60),
};

/// Speaks with whatever is handed over, until nothing can be any more.
pub(crate) async fn speak_with_all(
    mut handed: mpsc::Receiver<Handed>,
    router: Router,
    figures: Arc<Figures>,
) {
    while let Some(handed) = handed.recv().await {
        let (router, figures) = (router.clone(), Arc::clone(&figures));
        tokio::spawn(async move {
            if let Some(cause) = speak(handed, router, PATIENCE).await {
                tracing::debug!(cause = cause.as_str(), "an HTTP connection is given up");
                figures.count_given_up(cause);
            }
        });
    }
}

/// Speaks with one; tells for what it was given up, where it was.
async fn speak(handed: Handed, router: Router, patience: Patience) -> Option<GivenUp> {
    let Handed { stream, read, peer, permit } = handed;
    let stream = TcpStream::from_std(stream).ok()?;
    let has_asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&has_asked);
    let (reader, writer) = stream.into_split();
    let io: Io = join(Cursor::new(read).chain(reader), writer);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        asks.store(true, Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = match timeout(patience.connection, connection.as_mut()).await {
        Ok(outcome) => Ok(outcome),
        Err(_) => {
            connection.as_mut().graceful_shutdown();
            timeout(patience.last_answer, connection).await
        }
    };
    drop(permit);
    match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => cause_of(&error, has_asked.load(Relaxed)),
        Err(_) => Some(GivenUp::AnswerTimeout),
    }
}

/// Why a connection is given up that ends with `error`. Whoever has been answered before, and says
/// nothing more, is given up by nobody.
fn cause_of(error: &hyper::Error, has_asked: bool) -> Option<GivenUp> {
    if error.is_parse_too_large() {
        return Some(GivenUp::HeadTooLong);
    }
    if error.is_parse() {
        return Some(GivenUp::NoHttp);
    }
    match (error.is_timeout(), has_asked) {
        (true, true) => None,
        (true, false) => Some(GivenUp::HeadTimeout),
        (false, true) => Some(GivenUp::BrokenOff),
        (false, false) => Some(GivenUp::Abandoned),
    }
}

/// The bare socket again, and what stands before it that nobody has read.
pub(super) fn socket_of(io: Io) -> Option<(StdTcpStream, Vec<u8>)> {
    let (reader, writer) = io.into_inner();
    let (before, reader) = reader.into_inner();
    let place = usize::try_from(before.position()).ok()?;
    let unread = before.into_inner().split_off(place);
    Some((reader.reunite(writer).ok()?.into_std().ok()?, unread))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;

    /// More than any socket buffers.
    const BIG: &[u8] = &[b'x'; 32 << 20];

    #[tokio::test]
    async fn who_does_not_read_the_answer_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let patience = Patience {
            connection: Duration::from_millis(50),
            last_answer: Duration::from_millis(50),
            ..PATIENCE
        };
        let router = Router::new().route("/", get(|| async { BIG }));
        let handed =
            Handed { stream: stream.into_std().unwrap(), read: Vec::new(), peer, permit: None };
        let served = speak(handed, router, patience);
        let given_up = timeout(Duration::from_secs(10), served).await.expect("it is over");
        assert_eq!(given_up, Some(GivenUp::AnswerTimeout));
        drop(client);
    }

    #[tokio::test]
    async fn what_nobody_has_read_is_handed_on_with_the_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (reader, writer) = listener.accept().await.unwrap().0.into_split();
        let mut io: Io = join(Cursor::new(b"head and frames".to_vec()).chain(reader), writer);
        io.read_exact(&mut [0; 5]).await.unwrap();
        assert_eq!(socket_of(io).unwrap().1, b"and frames");
    }
}
