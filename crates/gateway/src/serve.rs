//! The order in which a node starts and stops.

use std::{convert::Infallible, sync::Arc};

use liveloop_ports::History;
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    accept::{Door, accept},
    address::AddressBook,
    clock::Clock,
    connection::Node,
    figures::Figures,
    http::{Page, Web, router},
    identity::Secret,
    lobby_task::LobbyTask,
    origin::OriginPolicy,
    session::Shared,
    settings::Settings,
};

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
    let node =
        Node { shared: Arc::clone(&shared), lobby, history: wiring.history, clock, draining };
    let web = Web {
        node,
        addresses: Arc::clone(&addresses),
        origins: Arc::new(origins),
        page: wiring.page,
        connections: connections.clone(),
    };
    let door = Door { router: router(web), addresses, shared, clock };
    let mut accepting = tokio::spawn(accept(listener, door));
    tokio::select! {
        () = shutdown => {}
        _ = &mut lobby_task => return Err(ServeError::LobbyEnded),
        _ = &mut accepting => {}
        never = begin_days(&figures, clock) => match never {},
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

/// Begins each day's figures at its midnight.
async fn begin_days(figures: &Figures, clock: Clock) -> Infallible {
    loop {
        let rest_of_day = figures.begin_day(clock.now().wall);
        sleep(rest_of_day).await;
    }
}

fn nonzero(counts: Vec<(&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
