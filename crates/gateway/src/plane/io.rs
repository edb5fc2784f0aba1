//! What a handler may do to the connections of its thread.

use std::io;

use liveloop_core::Moment;

use super::{
    conn::{Conn, Flushed, SPARE_MAX},
    kernel::Kernel,
    net::Net,
    slots::{Key, Slots},
    uring::{Ring, Rings, Sent},
    wheel::Wheel,
};

/// From how many writes on one system call for all is less work than one for each. The tests' builds
/// batch even a single one, so that all that they do goes through the ring.
const BATCH_MIN: usize = if cfg!(debug_assertions) { 1 } else { 3 };

/// How long a client has to read what was sent before the close, and to close itself.
const CLOSE_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// A connection, for ever: thread, slot, and which of those that have been in the slot. Never a
/// descriptor, for that is given to the next one at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnId {
    pub(crate) thread: u8,
    pub(crate) key: Key,
}

impl ConnId {
    /// The loop, of so many, at which a session is that is reached so: also where it comes from a
    /// process that had more of them.
    pub(crate) fn home(self, threads: usize) -> usize {
        usize::from(self.thread) % threads
    }
}

/// A connection between two threads, with its TLS and with what is still to be written to it.
#[derive(Debug)]
pub(crate) struct Moving<N: Net = Kernel>(Box<Conn<N>>);

/// The connections of one thread.
pub(crate) struct Io<N: Net = Kernel> {
    thread: u8,
    pub(super) registry: N::Registry,
    conns: Slots<Conn<N>>,
    wheel: Wheel<Key>,
    spare: Vec<Vec<u8>>,
    /// Each once: a connection that is dirty says so.
    dirty: Vec<Key>,
    /// Sends what is dirty in one system call; none where each is written by itself.
    ring: Option<Ring>,
    /// What the first writes of a flush have come to.
    sent: Vec<Sent>,
    /// Those that have more to read than was read in their turn.
    pub(super) again: Vec<Key>,
    /// Those that are gone, and whose handler has not been told.
    pub(super) gone: Vec<Key>,
    now: Moment,
}

impl<N: Net> Io<N> {
    pub(super) fn new(thread: u8, registry: N::Registry) -> Self {
        Self {
            thread,
            registry,
            conns: Slots::new(),
            wheel: Wheel::new(),
            spare: Vec::new(),
            dirty: Vec::new(),
            ring: None,
            sent: Vec::new(),
            again: Vec::new(),
            gone: Vec::new(),
            now: Moment::default(),
        }
    }

    /// No connection here has had a greater generation.
    pub(crate) fn generation(&self) -> u32 {
        self.conns.generation()
    }

    /// All slots begin with this generation; called before there is any.
    pub(super) fn begin_with(&mut self, generation: u32) {
        self.conns = Slots::beginning_with(generation);
    }

    /// Has the kernel send in batches from now on; called on the loop's own thread.
    pub(super) fn open_ring(&mut self, rings: &Rings) -> io::Result<()> {
        self.ring = Some(Ring::new(rings)?);
        Ok(())
    }

    /// The time of this turn.
    pub(crate) fn now(&self) -> Moment {
        self.now
    }

    pub(super) fn set_now(&mut self, now: Moment) {
        self.now = now;
    }

    pub(super) fn id(&self, key: Key) -> ConnId {
        ConnId { thread: self.thread, key }
    }

    /// Takes a socket over. `None` where the kernel will not watch it.
    pub(crate) fn open(&mut self, socket: N::Socket) -> Option<ConnId> {
        let stream = N::adopt(socket).ok()?;
        let key = self.conns.insert(Conn::new(stream));
        self.watch(key).then(|| self.id(key))
    }

    /// The outbox of `id`, to append to; written once this turn is over. Never fails: what goes to
    /// a connection that is closing or gone goes nowhere.
    pub(crate) fn queue_write(&mut self, id: ConnId, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(conn) = self.conns.get_mut(id.key).filter(|conn| !conn.is_closing) else { return };
        write(conn.outbox(&mut self.spare));
        self.mark_dirty(id.key);
    }

    /// Has `key` flushed once this turn is over, if the kernel takes anything.
    pub(super) fn mark_dirty(&mut self, key: Key) {
        let Some(conn) = self.conns.get_mut(key) else { return };
        if !conn.is_dirty && !conn.is_blocked {
            conn.is_dirty = true;
            self.dirty.push(key);
        }
    }

    /// Writes at once where much is to be written: one turn may have something for every connection,
    /// and none of them needs a buffer of its own if those before it have given theirs back.
    pub(crate) fn flush_if_many(&mut self) {
        if self.dirty.len() >= SPARE_MAX {
            self.flush();
        }
    }

    /// Bytes that wait for `id` to read them.
    pub(crate) fn pending(&self, id: ConnId) -> usize {
        self.conns.get(id.key).map_or(0, Conn::pending)
    }

    /// Asks for the end of `id`: what is queued is written, the client gets a moment to read it and
    /// to close itself, then `on_gone` comes. A socket that is closed with unread bytes in it would
    /// be reset and the last words lost (RFC 9112, section 9.6).
    pub(crate) fn close(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.key).filter(|conn| !conn.is_closing) else { return };
        conn.is_closing = true;
        if !conn.is_dirty {
            conn.is_dirty = true;
            self.dirty.push(id.key);
        }
        let due = self.now + CLOSE_WAIT;
        self.set_timer(id, due);
    }

    /// Ends `id` at once; `on_gone` comes.
    pub(crate) fn cut(&mut self, id: ConnId) {
        if self.conns.get(id.key).is_some() {
            self.gone.push(id.key);
        }
    }

    /// Gives the socket of `id` away; `on_gone` does not come.
    pub(crate) fn detach(&mut self, id: ConnId) -> Option<N::Socket> {
        self.take_out(id).map(|moving| N::release(moving.0.stream))
    }

    /// The same, with all that belongs to it, for another thread's [`Io::put_in`].
    pub(crate) fn take_out(&mut self, id: ConnId) -> Option<Moving<N>> {
        let conn = self.conns.get_mut(id.key)?;
        N::unwatch(&self.registry, &mut conn.stream).ok()?;
        self.conns.remove(id.key).map(|conn| Moving(Box::new(conn)))
    }

    /// Takes over what another thread has taken out. `None` where the kernel will not watch it.
    pub(crate) fn put_in(&mut self, moving: Moving<N>) -> Option<ConnId> {
        let mut conn = *moving.0;
        (conn.due, conn.looked_at) = (Moment::NEVER, Moment::NEVER);
        (conn.is_dirty, conn.is_blocked, conn.is_read_paused) = (false, false, false);
        let is_owed = conn.pending() > 0;
        // Nobody will say so again.
        let has_ended = conn.has_ended || conn.has_said_goodbye();
        let key = self.conns.insert(conn);
        if !self.watch(key) {
            return None;
        }
        if is_owed {
            self.mark_dirty(key);
        }
        if has_ended {
            self.again.push(key);
        }
        Some(self.id(key))
    }

    fn watch(&mut self, key: Key) -> bool {
        let Some(conn) = self.conns.get_mut(key) else { return false };
        let is_watched = N::watch(&self.registry, &mut conn.stream, key).is_ok();
        if !is_watched {
            self.conns.remove(key);
        }
        is_watched
    }

    /// Reads `id` in the next turn, whether or not something has come.
    pub(crate) fn read_again(&mut self, id: ConnId) {
        self.again.push(id.key);
    }

    /// `on_timer` comes for `id` at `due` or soon after; replaces what was set before.
    pub(crate) fn set_timer(&mut self, id: ConnId, due: Moment) {
        let Some(conn) = self.conns.get_mut(id.key) else { return };
        conn.due = due;
        if due < conn.looked_at {
            conn.looked_at = due;
            self.wheel.insert(due, id.key);
        }
    }

    /// Takes out those whose timer is due; a closing one is at the end of its patience.
    pub(super) fn expire(&mut self, looked_at: &mut Vec<Key>, due: &mut Vec<Key>) {
        self.wheel.expire(self.now, looked_at);
        for key in looked_at.drain(..) {
            let Some(conn) = self.conns.get_mut(key) else { continue };
            if conn.due > self.now {
                conn.looked_at = conn.due;
                if conn.due != Moment::NEVER {
                    self.wheel.insert(conn.due, key);
                }
                continue;
            }
            (conn.due, conn.looked_at) = (Moment::NEVER, Moment::NEVER);
            if conn.is_closing {
                self.gone.push(key);
            } else {
                due.push(key);
            }
        }
    }

    pub(super) fn next_look(&self) -> Option<Moment> {
        self.wheel.next_look()
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.conns.len()
    }

    /// Bytes that wait for the clients of all of them.
    pub(crate) fn outbox_bytes(&self) -> usize {
        self.conns.values().map(Conn::pending).sum()
    }

    pub(super) fn conn(&mut self, key: Key) -> Option<&mut Conn<N>> {
        self.conns.get_mut(key)
    }

    pub(super) fn has_unfinished(&self) -> bool {
        !self.again.is_empty()
    }

    /// The client has closed its half.
    pub(super) fn ended(&mut self, key: Key) {
        if let Some(conn) = self.conns.get_mut(key) {
            conn.has_ended = true;
        }
    }

    /// The kernel takes more again.
    pub(super) fn writable(&mut self, key: Key) {
        if let Some(conn) = self.conns.get_mut(key)
            && conn.is_blocked
            && !conn.is_dirty
        {
            conn.is_dirty = true;
            self.dirty.push(key);
        }
    }

    /// Writes to every connection that has something new.
    pub(super) fn flush(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        self.send_batched(&dirty);
        let mut sent = std::mem::take(&mut self.sent);
        let mut first = sent.drain(..);
        for key in dirty {
            self.flush_one(key, first.next().flatten());
        }
        drop(first);
        self.sent = sent;
    }

    /// Tries a first write to each of them in one system call, where there is a ring.
    fn send_batched(&mut self, dirty: &[Key]) {
        let Some(ring) = self.ring.as_mut().filter(|_| dirty.len() >= BATCH_MIN) else { return };
        let unsent = dirty.iter().map(|key| self.conns.get(*key).and_then(Conn::unsent));
        if let Err(error) = ring.send_each(unsent, &mut self.sent) {
            tracing::error!(%error, "io_uring takes no more sends: an event loop goes on without it");
            self.ring = None;
        }
    }

    fn flush_one(&mut self, key: Key, first: Sent) {
        let Some(conn) = self.conns.get_mut(key) else { return };
        conn.is_dirty = false;
        match conn.flush(first, &mut self.spare) {
            Flushed::All => {
                if std::mem::take(&mut conn.is_read_paused) {
                    self.again.push(key);
                }
                if conn.is_closing && !std::mem::replace(&mut conn.is_shut, true) {
                    let _ = N::shut(&conn.stream);
                    self.again.push(key);
                }
            }
            Flushed::Blocked => {}
            Flushed::Broken => self.gone.push(key),
        }
    }

    /// Frees the slot; the descriptor is closed with it. Whether it was there.
    pub(super) fn remove(&mut self, key: Key) -> bool {
        let Some(mut conn) = self.conns.remove(key) else { return false };
        let _ = N::unwatch(&self.registry, &mut conn.stream);
        true
    }
}
