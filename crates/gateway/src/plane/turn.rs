//! The turns of one event loop: wait, read, act, write.

use std::{
    io::{self, Read},
    net::SocketAddr,
    time::Duration,
};

use liveloop_core::Moment;

use super::{
    conn::Conn,
    io::{ConnId, Io},
    kernel::Kernel,
    link::PlaneLink,
    net::{Net, Ready},
    slots::Key,
    uring::Rings,
};
use crate::clock::Clock;

/// The buffer that all connections of a thread read into.
const READ_BYTES: usize = 64 << 10;
/// How often one connection is read from in a turn, before others have theirs.
const READS_MAX: usize = 4;
/// Input waits while so much output does.
const READ_PAUSE_BYTES: usize = 64 << 10;
/// What a closing connection may still send, in bytes, before it is ended at once.
const LINGER_BYTES_MAX: usize = 1 << 20;
/// How many connections are accepted in a turn, before others have theirs.
const ACCEPTS_MAX: usize = 64;
/// How long to wait when no connection can be accepted, so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// For how long none may have been refused before the log says that connections are accepted again: at the
/// limit each that goes lets one in.
const ACCEPT_CALM: Duration = Duration::from_secs(1);
/// How many events a turn takes: few enough that what was read from a socket is still near (in the
/// second-level cache) when the answer is written to it.
pub(crate) const EVENTS_MAX: usize = 64;

/// What acts on a thread's connections. Bytes are borrowed for the call only.
pub(crate) trait Handler {
    /// What it stands on.
    type Net: Net;
    /// What other threads have for this one.
    type Post: Send;

    /// A connection was accepted.
    fn on_open(&mut self, io: &mut Io<Self::Net>, id: ConnId, peer: SocketAddr);
    /// Bytes have come.
    fn on_bytes(&mut self, io: &mut Io<Self::Net>, id: ConnId, bytes: &mut [u8]);
    /// The client has closed its half of the connection.
    fn on_end(&mut self, io: &mut Io<Self::Net>, id: ConnId);
    /// The timer of a connection is due.
    fn on_timer(&mut self, io: &mut Io<Self::Net>, id: ConnId);
    /// A connection is gone, for whatever reason: exactly once for each that was opened.
    fn on_gone(&mut self, io: &mut Io<Self::Net>, id: ConnId);
    /// Another thread has posted something.
    fn on_post(&mut self, io: &mut Io<Self::Net>, post: Self::Post);
    /// A connection could not be accepted, mostly for want of open files; it will be tried again.
    fn on_accept_failure(&mut self) {}
    /// Once a turn, before the writes.
    fn on_turn(&mut self, io: &mut Io<Self::Net>);
    /// Once a turn, after the writes.
    fn on_written(&mut self, io: &mut Io<Self::Net>);
    /// When a turn is to come at the latest.
    fn next_turn(&self) -> Option<Moment>;
    /// Whether the loop is to end.
    fn is_over(&self) -> bool;
}

/// How what is written reaches the sockets.
#[derive(Clone, Debug)]
pub(crate) enum Sends {
    /// In one system call for each.
    Each,
    /// In one for many, by a ring of the loop's own.
    Batched {
        /// Counts it.
        rings: Rings,
        /// Whether the loop ends rather than go on without.
        is_required: bool,
    },
}

/// A loop that is ready to start; its link is known before its handler is.
pub(crate) struct Start<P, N: Net = Kernel> {
    poll: N::Poll,
    io: Io<N>,
    link: PlaneLink<P, N>,
    sends: Sends,
}

impl<P, N: Net> Start<P, N> {
    /// # Errors
    /// Where the kernel gives no epoll or eventfd.
    pub(crate) fn new(thread: u8, sends: Sends) -> io::Result<Self> {
        let poll = N::poll()?;
        let io = Io::new(thread, N::registry(&poll)?);
        let link = PlaneLink::new(N::waker(&poll)?);
        Ok(Self { poll, io, link, sends })
    }

    /// Its connections' ids begin with this generation.
    pub(crate) fn beginning_with(mut self, generation: u32) -> Self {
        self.io.begin_with(generation);
        self
    }

    pub(crate) fn link(&self) -> PlaneLink<P, N> {
        self.link.clone()
    }
}

/// One event loop.
pub(crate) struct Plane<H: Handler> {
    poll: <H::Net as Net>::Poll,
    pub(super) io: Io<H::Net>,
    pub(super) handler: H,
    link: PlaneLink<H::Post, H::Net>,
    sends: Sends,
    listener: Option<<H::Net as Net>::Listener>,
    accept_again_at: Option<Moment>,
    /// When one was refused last; told in the log once when it begins and once when it ends, however long
    /// it lasts.
    refused_at: Option<Moment>,
    clock: Clock,
    pub(super) buffer: Box<[u8]>,
    /// What was opened of what was read, where that is TLS.
    pub(super) opened: Vec<u8>,
    posts: Vec<H::Post>,
    looked_at: Vec<Key>,
    due: Vec<Key>,
}

impl<H: Handler> Plane<H> {
    /// # Errors
    /// Where the listener cannot be watched.
    pub(crate) fn new(
        start: Start<H::Post, H::Net>,
        handler: H,
        clock: Clock,
        mut listener: Option<<H::Net as Net>::Listener>,
    ) -> io::Result<Self> {
        if let Some(listener) = &mut listener {
            H::Net::watch_listener(&start.io.registry, listener)?;
        }
        Ok(Self {
            poll: start.poll,
            io: start.io,
            handler,
            link: start.link,
            sends: start.sends,
            listener,
            accept_again_at: None,
            refused_at: None,
            clock,
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            opened: Vec::new(),
            posts: Vec::new(),
            looked_at: Vec::new(),
            due: Vec::new(),
        })
    }

    /// The way here.
    pub(crate) fn link(&self) -> PlaneLink<H::Post, H::Net> {
        self.link.clone()
    }

    pub(crate) fn io(&self) -> &Io<H::Net> {
        &self.io
    }

    pub(crate) fn handler(&self) -> &H {
        &self.handler
    }

    pub(crate) fn poll(&self) -> &<H::Net as Net>::Poll {
        &self.poll
    }

    /// Turns until the handler is over.
    ///
    /// # Errors
    /// Where waiting itself fails, or the kernel gives no ring to a loop that is to have one.
    pub(crate) fn run(mut self) -> io::Result<()> {
        if let Sends::Batched { rings, is_required } = &self.sends
            && let Err(error) = self.io.open_ring(rings)
        {
            tracing::error!(%error, "an event loop gets no io_uring, though there was one at the start");
            if *is_required {
                return Err(error);
            }
        }
        let mut events = H::Net::events(EVENTS_MAX);
        while !self.handler.is_over() {
            self.turn(&mut events)?;
        }
        Ok(())
    }

    /// Waits until something is ready or due, and does all of that.
    ///
    /// # Errors
    /// Where waiting itself fails.
    pub(crate) fn turn(&mut self, events: &mut <H::Net as Net>::Events) -> io::Result<()> {
        let patience = self.patience();
        match H::Net::wait(&mut self.poll, events, patience) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        self.io.set_now(self.clock.moment());
        for ready in H::Net::found(events) {
            self.take(ready);
        }
        for key in std::mem::take(&mut self.io.again) {
            self.read(key);
        }
        if self.accept_again_at.take_if(|at| *at <= self.io.now()).is_some() {
            self.accept();
        }
        self.take_timers();
        self.handler.on_turn(&mut self.io);
        self.finish();
        Ok(())
    }

    fn patience(&self) -> Option<Duration> {
        if self.has_unfinished() {
            return Some(Duration::ZERO);
        }
        // Rounded up to what epoll can wait, so as not to wake too early and spin.
        let wait = self.next_due()?.since(self.clock.moment());
        Some(Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(0)))
    }

    /// Whether the last turn has left something to the next.
    pub(crate) fn has_unfinished(&self) -> bool {
        self.io.has_unfinished()
    }

    /// When a turn is to come though nothing is ready; what is unfinished is not waited for at all.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        let moments = [self.io.next_look(), self.handler.next_turn(), self.accept_again_at];
        moments.into_iter().flatten().min()
    }

    fn take(&mut self, ready: Ready) {
        match ready {
            Ready::Posted => self.take_posts(),
            Ready::Incoming => self.accept(),
            Ready::Conn { key, is_readable, is_writable, has_ended } => {
                if is_writable {
                    self.io.writable(key);
                }
                if has_ended {
                    self.io.ended(key);
                }
                if is_readable || has_ended {
                    self.read(key);
                }
            }
        }
    }

    fn take_posts(&mut self) {
        self.link.take(&mut self.posts);
        for post in std::mem::take(&mut self.posts) {
            self.handler.on_post(&mut self.io, post);
        }
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        for _ in 0..ACCEPTS_MAX {
            match H::Net::accept(listener) {
                Ok((socket, peer)) => {
                    if let Some(id) = self.io.open(socket) {
                        self.handler.on_open(&mut self.io, id, peer);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.note_all_accepted();
                }
                // The client gave up before it was its turn.
                Err(error) if is_of_client(&error) => {}
                Err(error) => {
                    if self.refused_at.replace(self.io.now()).is_none() {
                        tracing::warn!(%error, "cannot accept: is the open-file limit too low?");
                    }
                    self.handler.on_accept_failure();
                    self.accept_again_at = Some(self.io.now() + ACCEPT_PAUSE);
                    return;
                }
            }
        }
        // Edge-triggered: nobody will say again that there are more.
        self.accept_again_at = Some(self.io.now());
    }

    /// Nobody waits to be accepted.
    fn note_all_accepted(&mut self) {
        let Some(calm_at) = self.refused_at.map(|at| at + ACCEPT_CALM) else { return };
        if calm_at <= self.io.now() {
            self.refused_at = None;
            tracing::warn!("connections are accepted again");
        } else {
            self.accept_again_at = Some(calm_at);
        }
    }

    fn read(&mut self, key: Key) {
        for _ in 0..READS_MAX {
            let Some(conn) = self.io.conn(key) else { return };
            if conn.pending() > READ_PAUSE_BYTES && !conn.is_closing {
                conn.is_read_paused = true;
                return;
            }
            let (is_closing, has_ended) = (conn.is_closing, conn.has_ended);
            if conn.has_said_goodbye() && !is_closing {
                let id = self.io.id(key);
                return self.handler.on_end(&mut self.io, id);
            }
            let is_owed = conn.pending() > 0;
            let kept = conn.recall(&mut self.buffer);
            match read_some(conn, &mut self.buffer[kept..]) {
                // What is still to be written has its time (see `Io::close`).
                Ok(0) if is_closing && is_owed => return,
                Ok(0) if is_closing => return self.io.gone.push(key),
                Ok(0) => {
                    let id = self.io.id(key);
                    return self.handler.on_end(&mut self.io, id);
                }
                Ok(len) => {
                    if is_closing {
                        conn.lingered += len;
                        if conn.lingered > LINGER_BYTES_MAX {
                            return self.io.gone.push(key);
                        }
                    } else if conn.tls.is_some() {
                        if !self.take_sealed(key, kept + len) {
                            return;
                        }
                    } else {
                        let id = self.io.id(key);
                        self.handler.on_bytes(&mut self.io, id, &mut self.buffer[..len]);
                    }
                    // A read that did not fill the buffer has emptied the socket, but for its end:
                    // where that came with the bytes, nobody will say so again.
                    if kept + len < READ_BYTES && !has_ended {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.io.gone.push(key),
            }
        }
        self.io.again.push(key);
    }

    fn take_timers(&mut self) {
        self.io.expire(&mut self.looked_at, &mut self.due);
        for key in std::mem::take(&mut self.due) {
            let id = self.io.id(key);
            self.handler.on_timer(&mut self.io, id);
        }
    }

    /// Writes, and tells who is gone, until neither brings anything new.
    fn finish(&mut self) {
        self.io.flush();
        while !self.io.gone.is_empty() {
            for key in std::mem::take(&mut self.io.gone) {
                if self.io.remove(key) {
                    let id = self.io.id(key);
                    self.handler.on_gone(&mut self.io, id);
                }
            }
            self.handler.on_turn(&mut self.io);
            self.io.flush();
        }
        self.handler.on_written(&mut self.io);
    }
}

fn read_some<N: Net>(conn: &mut Conn<N>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match conn.stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
