//! Speaks HTTP with the connections that the event loops hand over, until each ends or becomes a
//! WebSocket after all.
//!
//! A client that says nothing, or does not read what it asked for, is not held for ever.

use std::{
    net::SocketAddr,
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
use liveloop_protocol::Category;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tower::ServiceExt;

use super::{Peer, io::Io};
use crate::{
    driver::Handed,
    figures::{Cause, Figures, GivenUp, Handshake},
    tls::{Refused, Tls, TlsStream},
};

/// The longest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 16_384;

/// How long one who is refused has to read why.
const TURN_AWAY_WITHIN: Duration = Duration::from_secs(2);

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
    tls: Option<Tls>,
) {
    while let Some(handed) = handed.recv().await {
        let (router, figures, tls) = (router.clone(), Arc::clone(&figures), tls.clone());
        tokio::spawn(async move {
            let Handed { socket, read, peer, permit } = handed;
            let Ok(stream) = TcpStream::from_std(socket) else { return };
            let io = match tls {
                None => Some(Io::plain(stream, read)),
                Some(tls) => shake_hands(&tls, stream, &figures).await.map(Io::Secure),
            };
            let Some(io) = io else { return };
            let given_up = speak(io, peer, router, PATIENCE).await;
            drop(permit);
            if let Some(cause) = given_up {
                tracing::debug!(cause = cause.as_str(), "an HTTP connection is given up");
                figures.count_given_up(cause);
            }
        });
    }
}

/// The connection with TLS around it, if it comes to that; counted either way.
async fn shake_hands(tls: &Tls, stream: TcpStream, figures: &Figures) -> Option<TlsStream> {
    // A signal would wait for the acknowledgement of the one before it.
    let channel = stream.set_nodelay(true).ok().and_then(|()| tls.channel().ok())?;
    let mut stream = TlsStream::new(stream, channel);
    let refused = match timeout(tls.settings().handshake_within, stream.shake_hands()).await {
        Ok(Ok(())) => {
            figures.tls.count_handshake(Handshake::Done);
            return Some(stream);
        }
        Ok(Err(refused)) => refused,
        Err(_) => {
            figures.tls.count_handshake(Handshake::TooLate);
            figures.count_failure(Category::Network);
            return None;
        }
    };
    let (outcome, category) = match refused {
        Refused::PlainHttp => (Handshake::PlainHttp, Category::Validation),
        Refused::Tls(_) => (Handshake::Failed, Category::Validation),
        Refused::Ended | Refused::Socket(_) => (Handshake::Ended, Category::Network),
    };
    figures.tls.count_handshake(outcome);
    figures.count_failure(category);
    tracing::debug!(why = %refused, "a handshake has failed");
    // Whoever takes longer has read it or never will.
    let _ = timeout(TURN_AWAY_WITHIN, stream.turn_away()).await;
    None
}

/// Speaks with one; tells for what it was given up, where it was.
async fn speak(io: Io, peer: SocketAddr, router: Router, patience: Patience) -> Option<GivenUp> {
    let has_asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&has_asked);
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
        let served = speak(Io::plain(stream, Vec::new()), peer, router, patience);
        let given_up = timeout(Duration::from_secs(10), served).await.expect("it is over");
        assert_eq!(given_up, Some(GivenUp::AnswerTimeout));
        drop(client);
    }
}
