//! The order in which a node starts and stops.

use std::{
    convert::Infallible,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use liveloop_ports::{Archive, Bans, Directory};
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use crate::{
    assembly::{BuiltLoop, Parts, Surroundings, build_door, build_loops},
    clock::Clock,
    door::Door,
    driver::{Handed, Post},
    erasing,
    estate::{Estate, Left, Refused, Succession},
    figures::Figures,
    http::{Documents, Page, Web, router, speak_with_all},
    identity::Secret,
    keeping,
    node::Node,
    plane::{PlaneLink, Rings, Sends},
    settings::{IoUring, Settings},
    system::SystemWatch,
    tls::Tls,
};

/// Connections that wait for HTTP to speak with them; one more is dropped.
const HANDED_MAX: usize = 4_096;
/// A frame's ask goes to the desk, its word to a session, and what that has for its partner to a third
/// loop; each may come just behind a round.
const REST_ROUNDS: usize = 8;
/// How long the loops have to tell what they leave.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// What a node is wired to.
pub struct Wiring {
    /// Signs tokens.
    pub secret: Secret,
    /// Keeps what is said.
    pub archive: Arc<dyn Archive>,
    /// Knows visitors and channels, in the same store.
    pub directory: Arc<dyn Directory>,
    /// Whether these two outlast the process, as `/health` tells.
    pub has_store: bool,
    /// Knows who may not come in.
    pub bans: Arc<dyn Bans>,
    /// What browsers are shown.
    pub page: Page,
    /// Where connections come over TLS of the node's own.
    pub tls: Option<Tls>,
    /// What the node before has left, where there was one. It is given to one node, once.
    pub estate: Option<Estate>,
}

/// Why a node stopped otherwise than it was asked to.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The kernel gives no event loop.
    #[error("cannot start an event loop: {0}")]
    NoLoop(#[from] io::Error),
    /// The kernel gives no io_uring, and the settings insist on it.
    #[error(
        "io_uring is `on`, but it cannot be had here ({0}): set it to `auto` or `off`, or allow \
         io_uring_setup, io_uring_enter and io_uring_register (containers often forbid them, and \
         the sysctl kernel.io_uring_disabled may)"
    )]
    NoIoUring(io::Error),
    /// An event loop ended, and its connections with it.
    #[error("an event loop ended unexpectedly: please report this with the log")]
    LoopEnded,
}

/// Whether this machine can do what the settings insist on, so that nobody is told of an address
/// at which nobody will listen.
///
/// # Errors
/// [`ServeError::NoIoUring`].
pub fn check_machine(settings: &Settings) -> Result<(), ServeError> {
    match settings.io_uring {
        IoUring::On => Rings::probe().map_err(ServeError::NoIoUring),
        IoUring::Auto | IoUring::Off => Ok(()),
    }
}

/// Serves on `listener` until `shutdown` resolves, then drains: no new connections, every client
/// is told when to come back, and after `drain.deadline` at the latest it returns, with what the
/// next node needs to go on, where there is anything.
///
/// # Errors
/// [`ServeError`], where the node cannot go on.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    wiring: Wiring,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Option<Estate>, ServeError> {
    let deadline = settings.drain.deadline.0;
    let Wiring { secret, archive, directory, has_store, bans, page, tls, estate } = wiring;
    let left = estate.and_then(|estate| open_estate(&estate, &secret, &settings));
    let clock = match &left {
        Some(left) => Clock::going_on_from(left.moment_at(Clock::start().now().wall)),
        None => Clock::start(),
    };
    let is_secure = tls.is_some();
    let parts =
        Parts { secret, archive, directory, has_store, bans, clock: clock.clone(), is_secure };
    let (door, drain) = build_door(settings, parts);
    let succession = succeed(&door.node, left.as_ref());
    let figures = Arc::clone(&door.node.shared.figures);
    let (http, handed) = mpsc::channel(HANDED_MAX);
    let (mut loops, links) = start_loops(listener.into_std()?, &door, &http, succession)?;
    let system = Arc::new(SystemWatch::start(clock.moment()));
    let (threads, next_thread) = (links.clone(), Arc::default());
    let documents = Documents::new(&door.node.shared.settings);
    let node = door.node.clone();
    let (erasing, wanted) = mpsc::channel(erasing::WANTED_MAX);
    let web = Web { door, page, documents, threads, next_thread, system, erasing };
    let speaking =
        tokio::spawn(speak_with_all(handed, router(web), Arc::clone(&figures), tls.clone()));
    let is_asked = tokio::select! {
        () = shutdown => true,
        _ = loops.ended.recv() => false,
        never = begin_days(&figures, &clock) => match never {},
        never = watch(tls, &figures) => match never {},
        never = keeping::watch_health(&node) => match never {},
        never = keeping::remove_old(&node) => match never {},
        never = erasing::erase_all(&node, &links, wanted) => match never {},
    };
    if !is_asked {
        return Err(ServeError::LoopEnded);
    }
    tracing::info!("draining: telling every client when to come back");
    drain.send_replace(true);
    links.iter().for_each(|link| link.post(Post::Drain));
    if timeout(deadline, loops.all_drained()).await.is_err() {
        tracing::warn!("the drain's deadline has passed: stopping anyway");
    }
    let estate = leave(&links, &node).await;
    links.iter().for_each(|link| link.post(Post::Stop));
    speaking.abort();
    let counts = figures.counts();
    let closes = figures.closes().into_iter().map(|(reason, count)| (reason.as_str(), count));
    tracing::info!(
        connections = counts.connections,
        rooms = counts.rooms_created,
        messages = counts.messages_exchanged,
        refusals = ?nonzero(figures.refusals()),
        closes = ?nonzero(closes.collect()),
        "stopped"
    );
    Ok(estate)
}

/// What the node before has left, if it is good.
fn open_estate(estate: &Estate, secret: &Secret, settings: &Settings) -> Option<Left> {
    let opened = Left::open(estate, secret, settings, Clock::start().now().wall);
    opened.inspect_err(refuse_estate).ok()
}

fn refuse_estate(reason: &Refused) {
    tracing::warn!(%reason, "what the last run has left is not taken over; sessions begin afresh");
}

fn succeed(node: &Node, left: Option<&Left>) -> Succession {
    let threads = node.shared.settings.threads();
    let Some(left) = left else { return Succession::none(node, threads) };
    match Succession::of(node, threads, left, node.clock.moment()) {
        Ok(succession) => {
            let sessions: usize = succession.heirs.iter().map(|heirs| heirs.sessions.len()).sum();
            tracing::info!(sessions, "the sessions of the last run go on");
            succession
        }
        Err(reason) => {
            refuse_estate(&reason);
            Succession::none(node, threads)
        }
    }
}

/// Gathers from the loops what the next node needs to go on.
async fn leave(links: &[PlaneLink<Post>], node: &Node) -> Option<Estate> {
    let gathered = async {
        // What is on its way settles: each hop from loop to loop takes a round or two.
        for _ in 0..REST_ROUNDS {
            ask_all(links, Post::Rest).await?;
        }
        ask_all(links, Post::Bequeath).await
    };
    let Ok(Some(loops)) = timeout(LEAVE_MAX, gathered).await else {
        tracing::warn!("an event loop does not answer: sessions begin afresh at the next start");
        return None;
    };
    let now = node.clock.now();
    let left = Left::gather(loops, now.wall, now.moment)?;
    let estate = left.seal(&node.shared.secret);
    if estate.is_none() {
        tracing::warn!("there is too much to leave: sessions begin afresh at the next start");
    }
    estate
}

/// Asks all loops at once; nothing where one has ended.
pub(crate) async fn ask_all<T>(
    links: &[PlaneLink<Post>],
    post: impl Fn(oneshot::Sender<T>) -> Post,
) -> Option<Vec<T>> {
    let mut answers = Vec::new();
    for link in links {
        let (answer, answered) = oneshot::channel();
        link.post(post(answer));
        answers.push(answered);
    }
    let mut all = Vec::new();
    for answered in answers {
        all.push(answered.await.ok()?);
    }
    Some(all)
}

/// How the event loops of this node send.
pub(crate) fn choose_sends(wanted: IoUring, rings: &Rings) -> Result<Sends, ServeError> {
    let probed = match wanted {
        IoUring::Off => None,
        IoUring::Auto | IoUring::On => Some(Rings::probe()),
    };
    match probed {
        None => {
            tracing::info!("each connection is written to by itself: io_uring is off");
            Ok(Sends::Each)
        }
        Some(Ok(())) => {
            tracing::info!("connections are written to in batches, through io_uring");
            Ok(Sends::Batched { rings: rings.clone(), is_required: wanted == IoUring::On })
        }
        Some(Err(error)) if wanted == IoUring::Auto => {
            tracing::info!(%error, "each connection is written to by itself: no io_uring here");
            Ok(Sends::Each)
        }
        Some(Err(error)) => Err(ServeError::NoIoUring(error)),
    }
}

/// What is heard of the event loops.
struct Loops {
    drained: Vec<oneshot::Receiver<()>>,
    ended: mpsc::Receiver<()>,
}

impl Loops {
    /// Resolves when no loop has a WebSocket any more.
    async fn all_drained(&mut self) {
        for drained in &mut self.drained {
            // A loop that has ended has none either.
            let _ = drained.await;
        }
    }
}

fn start_loops(
    listener: std::net::TcpListener,
    door: &Door,
    http: &mpsc::Sender<Handed>,
    succession: Succession,
) -> Result<(Loops, Vec<PlaneLink<Post>>), ServeError> {
    let shared = &door.node.shared;
    let sends = choose_sends(shared.settings.io_uring, &shared.figures.rings)?;
    let around = Surroundings {
        threads: shared.settings.threads(),
        listener: mio::net::TcpListener::from_std(listener),
        sends,
        http: http.clone(),
    };
    let (has_ended, ended) = mpsc::channel(1);
    let (mut drained, mut links) = (Vec::new(), Vec::new());
    for BuiltLoop { number, plane, drained: hears } in build_loops(door, around, succession)? {
        drained.push(hears);
        links.push(plane.link());
        spawn_loop(number, has_ended.clone(), || plane.run())?;
    }
    Ok((Loops { drained, ended }, links))
}

/// Runs a loop on a thread of its own, and tells when it has ended, also where it panics: the others
/// would go on without it, and its visitors wait for ever.
fn spawn_loop(
    number: u8,
    has_ended: mpsc::Sender<()>,
    run: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    thread::Builder::new().name(format!("loop-{number}")).spawn(move || {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "an event loop cannot wait any more"),
            Err(_) => tracing::error!("an event loop panicked"),
        }
        let _ = has_ended.try_send(());
    })?;
    Ok(())
}

/// Begins each day's figures at its midnight.
async fn begin_days(figures: &Figures, clock: &Clock) -> Infallible {
    loop {
        let rest_of_day = figures.begin_day(clock.now().wall);
        sleep(rest_of_day).await;
    }
}

async fn watch(tls: Option<Tls>, figures: &Figures) -> Infallible {
    match tls {
        Some(tls) => tls.watch(figures).await,
        None => std::future::pending().await,
    }
}

fn nonzero(counts: Vec<(&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_panics_is_heard_of_though_others_go_on() {
        let (has_ended, mut ended) = mpsc::channel(1);
        let _others = has_ended.clone();
        spawn_loop(0, has_ended, || panic!("on purpose")).unwrap();
        let heard = timeout(std::time::Duration::from_secs(10), ended.recv()).await;
        assert_eq!(heard, Ok(Some(())));
    }
}
