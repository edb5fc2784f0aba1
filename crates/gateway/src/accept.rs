//! The accept loop: takes sockets, and speaks HTTP with each until it ends or becomes a WebSocket.
//!
//! A socket that says nothing, or does not read what it asked for, is not held for ever, and one
//! address does not take them all.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::{
    address::{AddressBook, AddressKey, ConnectionPermit, Denied, is_trusted},
    clock::Clock,
    http::Peer,
    session::Shared,
};

/// The longest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 16_384;
/// How long to wait when no socket could be accepted, so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What whoever comes in passes.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) addresses: Arc<AddressBook>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Clock,
}

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

/// Takes sockets for ever.
pub(crate) async fn accept(listener: TcpListener, door: Door) {
    let mut is_starved = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                is_starved = false;
                door.open(stream, peer);
            }
            // The client gave up before it was its turn.
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                if !is_starved {
                    tracing::warn!(%error, "cannot accept connections: is the open-file limit too low?");
                }
                is_starved = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

impl Door {
    /// Whoever has too many connections is let go without a word, which costs least.
    fn open(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = self.admit(peer) else { return self.shared.figures.count_failure() };
        let router = self.router.clone();
        tokio::spawn(async move {
            serve_connection(stream, peer, router, PATIENCE).await;
            drop(permit);
        });
    }

    /// Behind a trusted proxy nobody knows yet whose connection it is.
    fn admit(&self, peer: SocketAddr) -> Result<Option<ConnectionPermit>, Denied> {
        if is_trusted(peer.ip(), &self.shared.settings.trusted_proxies) {
            return Ok(None);
        }
        self.addresses.admit_http(AddressKey::of(peer.ip()), self.clock.moment()).map(Some)
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, patience: Patience) {
    // Nagle's algorithm would hold a signal back until the one before it is acknowledged.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
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
    use tokio::io::AsyncWriteExt;

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
        let served = serve_connection(stream, peer, router, patience);
        timeout(Duration::from_secs(10), served).await.expect("it is over");
        drop(client);
    }
}
