//! The network of a simulated node: sockets that are two queues of bytes, and the readiness of one
//! event loop, which never waits.
//!
//! It behaves as the kernel's does where a loop could tell: readiness comes by edges and is looked
//! at when it is asked for, a socket takes no more than its window, one that is closed with unread
//! bytes in it is reset. The caller of the simulation holds the other end of each socket.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{self, Read, Write},
    net::SocketAddr,
    os::fd::BorrowedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use liveloop_ports::BoxFuture;

use super::SocketState;
use crate::{
    clock::SplitMix64,
    plane::{Key, Net, Ready},
};

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
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What lies between a client and the node.
#[derive(Debug)]
struct Pipe {
    /// Has arrived, and the node has not read it.
    arrived: VecDeque<u8>,
    has_client_finished: bool,
    is_reset: bool,
    /// The node has written it, and the client has not read it.
    written: VecDeque<u8>,
    /// How much of that there may be.
    window: usize,
    has_node_finished: bool,
    has_node_closed: bool,
    /// The loop that watches it, and by which name.
    watched_by: Option<(Readiness, Key)>,
}

/// The node's end of a connection. Dropped, it is closed.
#[derive(Debug)]
pub(crate) struct Socket(Shared<Pipe>);

/// The client's end.
#[derive(Clone, Debug)]
pub(super) struct Remote(Shared<Pipe>);

/// A connection; `window` bytes may lie in it unread.
pub(super) fn connection(window: usize) -> (Socket, Remote) {
    let pipe = Shared(Arc::new(Mutex::new(Pipe {
        arrived: VecDeque::new(),
        has_client_finished: false,
        is_reset: false,
        written: VecDeque::new(),
        window,
        has_node_finished: false,
        has_node_closed: false,
        watched_by: None,
    })));
    (Socket(pipe.clone()), Remote(pipe))
}

impl Pipe {
    fn room(&self) -> usize {
        self.window.saturating_sub(self.written.len())
    }

    fn ready(&self, key: Key) -> Option<Ready> {
        let has_ended = self.has_client_finished || self.is_reset;
        let is_readable = !self.arrived.is_empty() || has_ended;
        let is_writable = self.room() > 0 || self.is_reset;
        let ready = Ready::Conn { key, is_readable, is_writable, has_ended };
        (is_readable || is_writable).then_some(ready)
    }

    fn reset(&mut self) {
        self.is_reset = true;
        self.written = VecDeque::new();
    }
}

impl Remote {
    /// Changes something that the loop which watches it may have waited for.
    fn change(&self, change: impl FnOnce(&mut Pipe)) {
        let mut pipe = self.0.lock();
        change(&mut pipe);
        let watched_by = pipe.watched_by.clone();
        drop(pipe);
        if let Some((readiness, key)) = watched_by {
            readiness.tell(Edge::Conn(key));
        }
    }

    pub(super) fn write(&self, bytes: &[u8]) {
        self.change(|pipe| {
            if !pipe.has_client_finished && !pipe.is_reset && !pipe.has_node_closed {
                pipe.arrived.extend(bytes);
            }
        });
    }

    pub(super) fn read(&self, max: usize) -> Vec<u8> {
        let mut pipe = self.0.lock();
        let was_full = pipe.room() == 0;
        let len = max.min(pipe.written.len());
        let bytes: Vec<u8> = pipe.written.drain(..len).collect();
        let is_edge = was_full && pipe.room() > 0;
        drop(pipe);
        if is_edge {
            self.change(|_| {});
        }
        bytes
    }

    pub(super) fn set_window(&self, bytes: usize) {
        self.change(|pipe| pipe.window = bytes);
    }

    pub(super) fn finish(&self) {
        self.change(|pipe| pipe.has_client_finished = true);
    }

    pub(super) fn reset(&self) {
        self.change(Pipe::reset);
    }

    pub(super) fn state(&self) -> SocketState {
        let pipe = self.0.lock();
        match &*pipe {
            Pipe { is_reset: true, .. } => SocketState::Reset,
            Pipe { has_node_closed: true, .. } => SocketState::Closed,
            Pipe { has_node_finished: true, .. } => SocketState::Finished,
            _ => SocketState::Open,
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.0.lock();
        // In one piece: a loop takes a read that does not fill its buffer for the last one.
        pipe.arrived.make_contiguous();
        match pipe.arrived.read(buffer)? {
            0 if pipe.is_reset => Err(io::ErrorKind::ConnectionReset.into()),
            0 if pipe.has_client_finished => Ok(0),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.0.lock();
        if pipe.is_reset || pipe.has_node_finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match bytes.len().min(pipe.room()) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => {
                pipe.written.extend(&bytes[..len]);
                Ok(len)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut pipe = self.0.lock();
        pipe.has_node_closed = true;
        pipe.watched_by = None;
        if !std::mem::take(&mut pipe.arrived).is_empty() {
            // So a kernel answers for whom nobody reads any more (RFC 9293, section 3.10.4).
            pipe.reset();
        }
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

/// What waits for an answer that no loop waits for.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Shared<Vec<BoxFuture<'static, ()>>>);

impl Tasks {
    /// Goes on with all of them, the oldest first.
    pub(super) fn run(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock());
        let mut context = Context::from_waker(Waker::noop());
        tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        self.0.lock().splice(..0, tasks);
    }
}

impl Net for Simulated {
    type Socket = Socket;
    type Stream = Socket;
    type Listener = Backlog;
    type Poll = Readiness;
    type Registry = Readiness;
    type Events = Found;
    type Waker = Readiness;
    type Tasks = Tasks;

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
        stream.0.lock().has_node_finished = true;
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
        stream.0.lock().watched_by = Some((registry.clone(), key));
        registry.0.lock().watched.insert(key, stream.0.clone());
        registry.tell(Edge::Conn(key));
        Ok(())
    }

    fn unwatch(registry: &Readiness, stream: &mut Socket) -> io::Result<()> {
        let watched_by = stream.0.lock().watched_by.take();
        if let Some((_, key)) = watched_by {
            registry.0.lock().watched.remove(&key);
        }
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

    fn spawn(tasks: &Tasks, task: BoxFuture<'static, ()>) {
        tasks.0.lock().push(task);
    }
}

#[cfg(test)]
mod tests;
