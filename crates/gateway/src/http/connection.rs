//! Speaks HTTP with the connections that the event loops hand over, until each ends or becomes a
//! WebSocket after all.
//!
//! A client that says nothing, or does not read what it asked for, is not held for ever.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use liveloop_protocol::Category;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};
use tower::ServiceExt;

use super::{Peer, io::Io};
use crate::{
    driver::Handed,
    figures::{Figures, Handshake},
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

/// What a connection passes before HTTP is spoken over it, where the node has TLS.
#[derive(Clone)]
pub(crate) struct Secure {
    pub(crate) tls: Tls,
    pub(crate) figures: Arc<Figures>,
}

/// Speaks with whatever is handed over, until nothing can be any more.
pub(crate) async fn speak_with_all(
    mut handed: mpsc::Receiver<Handed>,
    router: Router,
    secure: Option<Secure>,
) {
    while let Some(handed) = handed.recv().await {
        let (router, secure) = (router.clone(), secure.clone());
        tokio::spawn(async move {
            let Handed { stream, read, peer, permit } = handed;
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            let io = match secure {
                None => Some(Io::plain(stream, read)),
                Some(secure) => secure.shake_hands(stream).await.map(Io::Secure),
            };
            if let Some(io) = io {
                speak(io, peer, router, PATIENCE).await;
            }
            drop(permit);
        });
    }
}

impl Secure {
    /// The connection with TLS around it, if it comes to that; counted either way.
    async fn shake_hands(self, stream: TcpStream) -> Option<TlsStream> {
        // A signal would wait for the acknowledgement of the one before it.
        let channel = stream.set_nodelay(true).ok().and_then(|()| self.tls.channel().ok())?;
        let mut stream = TlsStream::new(stream, channel);
        let figures = &self.figures;
        let outcome = timeout(self.tls.settings().handshake_within, stream.shake_hands()).await;
        let refused = match outcome {
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
}

async fn speak(io: Io, peer: SocketAddr, router: Router, patience: Patience) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
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
    let is_over = match timeout(patience.connection, connection.as_mut()).await {
        Ok(outcome) => outcome.is_ok(),
        Err(_) => {
            connection.as_mut().graceful_shutdown();
            timeout(patience.last_answer, connection).await.is_ok_and(|outcome| outcome.is_ok())
        }
    };
    if !is_over {
        tracing::debug!("an HTTP connection ended early");
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
        timeout(Duration::from_secs(10), served).await.expect("it is over");
        drop(client);
    }
}
