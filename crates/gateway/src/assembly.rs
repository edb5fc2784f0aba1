//! How a node is put together, on the kernel's network and on a simulation's alike.

use std::{io, sync::Arc};

use liveloop_ports::{Archive, Bans, Directory};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    address::AddressBook,
    clock::Clock,
    counted_directory::CountedDirectory,
    door::Door,
    driver::{Driver, Handed, Post, Wires},
    estate::Succession,
    identity::Secret,
    node::Node,
    origin::OriginPolicy,
    plane::{Net, Plane, Sends, Start},
    session::Shared,
    settings::Settings,
    timed_archive::TimedArchive,
};

/// What a node cannot be without.
pub(crate) struct Parts {
    pub(crate) secret: Secret,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) has_store: bool,
    pub(crate) bans: Arc<dyn Bans>,
    pub(crate) clock: Clock,
    pub(crate) is_secure: bool,
}

/// The node behind its door, and what tells it that it goes away.
pub(crate) fn build_door(settings: Settings, parts: Parts) -> (Door, watch::Sender<bool>) {
    let Parts { secret, archive, directory, has_store, bans, clock, is_secure } = parts;
    let origins = OriginPolicy::new(settings.public_url.as_deref(), &settings.origins);
    let addresses = Arc::new(AddressBook::new(&settings.limits));
    let shared = Arc::new(Shared::new(settings, secret, bans));
    let (drain, draining) = watch::channel(false);
    let timed = TimedArchive::new(archive, Arc::clone(&shared.figures), clock.clone());
    let counted = CountedDirectory::new(directory, Arc::clone(&shared.figures));
    let (archive, directory) = (Arc::new(timed), Arc::new(counted));
    let node = Node { shared, archive, directory, has_store, clock, draining };
    (Door { node, addresses, origins: Arc::new(origins), is_secure }, drain)
}

/// What the event loops of a node need besides it.
pub(crate) struct Surroundings<N: Net> {
    pub(crate) threads: usize,
    pub(crate) listener: N::Listener,
    pub(crate) sends: Sends,
    pub(crate) http: mpsc::Sender<Handed<N>>,
}

/// An event loop of a node, and what is told once it has no WebSocket left while the node drains.
pub(crate) struct BuiltLoop<N: Net> {
    pub(crate) number: u8,
    pub(crate) plane: Plane<Driver<N>>,
    pub(crate) drained: oneshot::Receiver<()>,
}

/// The event loops, wired to each other, with what others have left to them; the first has the
/// listener and the desk.
///
/// # Errors
/// Where the kernel gives none.
pub(crate) fn build_loops<N: Net>(
    door: &Door,
    around: Surroundings<N>,
    succession: Succession,
) -> io::Result<Vec<BuiltLoop<N>>> {
    let Surroundings { threads, listener, sends, http } = around;
    let Succession { desk, heirs, generation, asks } = succession;
    let start = |n| Start::new(u8::try_from(n).unwrap_or(u8::MAX), sends.clone());
    let starts: Vec<Start<_, N>> = (0..threads)
        .map(|n| Ok(start(n)?.beginning_with(generation)))
        .collect::<io::Result<_>>()?;
    let links: Vec<_> = starts.iter().map(Start::link).collect();
    asks.into_iter().for_each(|ask| links[0].post(Post::Ask(ask)));
    let node = &door.node;
    let (mut listener, mut desk) = (Some(listener), Some(desk));
    let build = |((start, heirs), number): (_, u8)| {
        let (is_drained, drained) = oneshot::channel();
        let wires = Wires {
            door: door.clone(),
            threads: links.clone(),
            desk: desk.take(),
            heirs,
            http: http.clone(),
            drained: Some(is_drained),
        };
        let driver = Driver::new(number, wires);
        let plane = Plane::new(start, driver, node.clock.clone(), listener.take())?;
        Ok(BuiltLoop { number, plane, drained })
    };
    starts.into_iter().zip(heirs).zip(0_u8..).map(build).collect()
}
