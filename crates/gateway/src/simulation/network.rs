//! The network of a simulated node: sockets, and the readiness of one event loop, which never waits.
//!
//! It behaves as the kernel's does where a loop could tell: readiness comes by edges and is looked
//! at when it is asked for, a socket takes no more than its window, one that is closed with unread
//! bytes in it is reset. The caller of the simulation holds the other end of each socket.

mod socket;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io,
    net::SocketAddr,
    os::fd::BorrowedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    clock::SplitMix64,
    plane::{Key, Net, Ready},
};

pub(crate) use socket::Socket;
pub(super) use socket::{Remote, connection};

use socket::Pipe;

/// What a node stands on in a simulation.
#[derive(Debug)]
pub(crate) enum Simulated {}

/// A queue that both ends see. A lock, for a node may move between threads; nobody ever waits for it.
#[derive(Debug, Default)]
struct Shared<T>(Arc<Mutex<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that a loop may not have seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Posted,
    Incoming,
    Conn(Key),
}

#[derive(Debug, Default)]
struct Edges {
    /// Each once, in the order in which they came.
    queue: VecDeque<Edge>,
    queued: BTreeSet<Edge>,
    watched: BTreeMap<Key, Shared<Pipe>>,
    /// In what order the next turn hears of them.
    order: u64,
}

/// What one loop is to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Shared<Edges>);

impl Readiness {
    fn tell(&self, edge: Edge) {
        let mut edges = self.0.lock();
        if edges.queued.insert(edge) {
            edges.queue.push_back(edge);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().queue.is_empty()
    }

    /// The next turn hears of what is ready in the order that this number stands for; 0 is that in
    /// which it has become ready.
    pub(super) fn set_order(&self, order: u64) {
        self.0.lock().order = order;
    }
}

impl Edges {
    fn shuffle(&mut self) {
        if self.order == 0 {
            return;
        }
        let mut random = SplitMix64::new(self.order);
        for last in (1..self.queue.len()).rev() {
            let other = random.next() % (last as u64 + 1);
            self.queue.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }

    fn next(&mut self) -> Option<Ready> {
        let edge = self.queue.pop_front()?;
        self.queued.remove(&edge);
        match edge {
            Edge::Posted => Some(Ready::Posted),
            Edge::Incoming => Some(Ready::Incoming),
            Edge::Conn(key) => self.watched.get(&key).and_then(|pipe| pipe.lock().ready(key)),
        }
    }
}

/// Connections that nobody has accepted yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog(Shared<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Socket, SocketAddr)>,
    watched_by: Option<Readiness>,
}

impl Backlog {
    pub(super) fn push(&self, socket: Socket, from: SocketAddr) {
        let mut queue = self.0.lock();
        queue.waiting.push_back((socket, from));
        let watched_by = queue.watched_by.clone();
        drop(queue);
        if let Some(readiness) = watched_by {
            readiness.tell(Edge::Incoming);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().waiting.len()
    }
}

/// What was found ready at once.
#[derive(Debug)]
pub(crate) struct Found {
    max: usize,
    ready: Vec<Ready>,
}

impl Net for Simulated {
    type Socket = Socket;
    type Stream = Socket;
    type Listener = Backlog;
    type Poll = Readiness;
    type Registry = Readiness;
    type Events = Found;
    type Waker = Readiness;

    fn adopt(socket: Socket) -> io::Result<Socket> {
        Ok(socket)
    }

    fn release(stream: Socket) -> Socket {
        stream
    }

    fn descriptor(_stream: &Socket) -> Option<BorrowedFd<'_>> {
        None
    }

    fn shut(stream: &Socket) -> io::Result<()> {
        stream.shut();
        Ok(())
    }

    fn accept(backlog: &Backlog) -> io::Result<(Socket, SocketAddr)> {
        backlog.0.lock().waiting.pop_front().ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn poll() -> io::Result<Readiness> {
        Ok(Readiness::default())
    }

    fn registry(poll: &Readiness) -> io::Result<Readiness> {
        Ok(poll.clone())
    }

    fn waker(poll: &Readiness) -> io::Result<Readiness> {
        Ok(poll.clone())
    }

    fn events(max: usize) -> Found {
        Found { max, ready: Vec::new() }
    }

    fn watch(registry: &Readiness, stream: &mut Socket, key: Key) -> io::Result<()> {
        stream.watch(registry, key);
        Ok(())
    }

    fn unwatch(_registry: &Readiness, stream: &mut Socket) -> io::Result<()> {
        stream.unwatch();
        Ok(())
    }

    fn watch_listener(registry: &Readiness, backlog: &mut Backlog) -> io::Result<()> {
        backlog.0.lock().watched_by = Some(registry.clone());
        registry.tell(Edge::Incoming);
        Ok(())
    }

    fn wait(poll: &mut Readiness, found: &mut Found, _: Option<Duration>) -> io::Result<()> {
        let mut edges = poll.0.lock();
        edges.shuffle();
        found.ready.clear();
        while found.ready.len() < found.max && !edges.queue.is_empty() {
            found.ready.extend(edges.next());
        }
        Ok(())
    }

    fn found(found: &Found) -> impl Iterator<Item = Ready> {
        found.ready.iter().copied()
    }

    fn wake(waker: &Readiness) -> io::Result<()> {
        waker.tell(Edge::Posted);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
