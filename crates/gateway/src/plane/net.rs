//! What the event loops stand on: every system call of theirs, as one trait.
//!
//! There are two: the [`Kernel`](super::Kernel)'s, and the simulation's (`crate::simulation`), which
//! has neither sockets nor threads. Which one is known when the node is compiled, so that nothing is
//! looked up for it while the node runs. Knows no connection and no handler.
//!
//! What both promise: readiness is told once for each edge, as epoll with `EPOLLET` does; whoever is
//! watched anew is told at once what is ready already. The simulation's tests ask both for it.

use std::{
    fmt,
    io::{self, Read, Write},
    net::SocketAddr,
    os::fd::BorrowedFd,
    time::Duration,
};

use super::slots::Key;

/// A network, with the way to wait for it.
pub(crate) trait Net: Sized + fmt::Debug + 'static {
    /// A connected socket that no loop watches, as it goes from thread to thread.
    type Socket: fmt::Debug + Send;
    /// The same as a loop has it: neither waits.
    type Stream: Read + Write + fmt::Debug + Send;
    /// Where connections come.
    type Listener;
    /// Waits for whatever is watched.
    type Poll;
    /// Has things watched.
    type Registry;
    /// What was found ready at once.
    type Events;
    /// Ends a wait from another thread.
    type Waker: fmt::Debug + Send + Sync;

    /// Makes a socket fit for a loop.
    ///
    /// # Errors
    /// Where it is not to be had without waiting.
    fn adopt(socket: Self::Socket) -> io::Result<Self::Stream>;
    /// The other way.
    fn release(stream: Self::Stream) -> Self::Socket;
    /// By which name a batch sends to it; none where it can only be written to by itself.
    fn descriptor(stream: &Self::Stream) -> Option<BorrowedFd<'_>>;
    /// Says that nothing more will be written.
    fn shut(stream: &Self::Stream) -> io::Result<()>;

    /// The next connection, and whence.
    ///
    /// # Errors
    /// `WouldBlock` where there is none.
    fn accept(listener: &Self::Listener) -> io::Result<(Self::Socket, SocketAddr)>;

    /// # Errors
    /// Where the kernel gives none, as with each of these.
    fn poll() -> io::Result<Self::Poll>;
    /// Of this poll.
    fn registry(poll: &Self::Poll) -> io::Result<Self::Registry>;
    /// Wakes this poll, which then finds [`Ready::Posted`].
    fn waker(poll: &Self::Poll) -> io::Result<Self::Waker>;
    /// Room for so many at once.
    fn events(max: usize) -> Self::Events;

    /// Has a connection watched, for both directions.
    fn watch(registry: &Self::Registry, stream: &mut Self::Stream, key: Key) -> io::Result<()>;
    /// And not any more.
    fn unwatch(registry: &Self::Registry, stream: &mut Self::Stream) -> io::Result<()>;
    /// Has a listener watched.
    fn watch_listener(registry: &Self::Registry, listener: &mut Self::Listener) -> io::Result<()>;

    /// Finds what is ready, waiting at most so long for the first; for ever without a bound.
    ///
    /// # Errors
    /// `Interrupted`, where nothing was found; any other, where waiting is not possible.
    fn wait(
        poll: &mut Self::Poll,
        events: &mut Self::Events,
        patience: Option<Duration>,
    ) -> io::Result<()>;
    /// What was found.
    fn found(events: &Self::Events) -> impl Iterator<Item = Ready>;
    /// Ends the wait that is, or the next one.
    fn wake(waker: &Self::Waker) -> io::Result<()>;
}

/// Something that a loop has waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Another thread has posted something.
    Posted,
    /// Somebody has come.
    Incoming,
    /// A connection.
    Conn {
        /// Which.
        key: Key,
        /// There is something to read.
        is_readable: bool,
        /// It takes bytes again.
        is_writable: bool,
        /// Its client has closed its half, or it is broken.
        has_ended: bool,
    },
}
