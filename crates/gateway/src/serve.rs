//! The accept loop, and the order in which a node starts and stops.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use liveloop_ports::History;
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::{
    address::AddressBook,
    clock::Clock,
    connection::Node,
    figures::Figures,
    http::{Page, Peer, Web, router},
    identity::Secret,
    lobby_task::LobbyTask,
    origin::OriginPolicy,
    session::Shared,
    settings::Settings,
};

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 16_384;
/// How long to wait when no socket could be accepted, so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a node is wired to.
pub struct Wiring {
    /// Signs tokens.
    pub secret: Secret,
    /// Gives texts their place.
    pub history: Arc<dyn History>,
    /// What browsers are shown.
    pub page: Page,
}

/// Why a node stopped otherwise than it was asked to.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The lobby ended, and no two could meet any more.
    #[error("the lobby ended unexpectedly: please report this with the log")]
    LobbyEnded,
}

/// Serves on `listener` until `shutdown` resolves, then drains: no new connections, every client
/// is told when to come back, and after `drain.deadline` at the latest it returns.
///
/// # Errors
/// [`ServeError`], where the node cannot go on.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    wiring: Wiring,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let deadline = settings.drain.deadline.0;
    let origins = OriginPolicy::new(settings.public_url.as_deref(), &settings.origins);
    let addresses = Arc::new(AddressBook::new(&settings.limits));
    let figures = Arc::new(Figures::default());
    let shared =
        Arc::new(Shared { settings, secret: wiring.secret, figures: Arc::clone(&figures) });
    let clock = Clock::start();
    let (lobby, lobby_task) =
        LobbyTask::new(Arc::clone(&shared), Arc::clone(&wiring.history), clock);
    let mut lobby_task = tokio::spawn(lobby_task.run());
    let (drain, draining) = watch::channel(false);
    let connections = TaskTracker::new();
    let node = Node { shared, lobby, history: wiring.history, clock, draining };
    let web = Web {
        node,
        addresses,
        origins: Arc::new(origins),
        page: wiring.page,
        connections: connections.clone(),
    };
    let mut accepting = tokio::spawn(accept(listener, router(web)));
    tokio::select! {
        () = shutdown => {}
        _ = &mut lobby_task => return Err(ServeError::LobbyEnded),
        _ = &mut accepting => {}
    }
    tracing::info!("draining: telling every client when to come back");
    drain.send_replace(true);
    connections.close();
    if timeout(deadline, connections.wait()).await.is_err() {
        tracing::warn!(
            left = connections.len(),
            "the drain's deadline has passed: stopping anyway"
        );
    }
    accepting.abort();
    lobby_task.abort();
    let counts = figures.counts();
    tracing::info!(
        connections = counts.connections,
        rooms = counts.rooms_created,
        messages = counts.messages_exchanged,
        refusals = ?nonzero(figures.refusals()),
        closes = ?nonzero(figures.closes()),
        "stopped"
    );
    Ok(())
}

fn nonzero(counts: Vec<(&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

async fn accept(listener: TcpListener, router: Router) {
    let mut is_starved = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                is_starved = false;
                tokio::spawn(serve_connection(stream, peer, router.clone()));
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

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router) {
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
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if connection.await.is_err() {
        tracing::debug!("an HTTP connection ended early");
    }
}
