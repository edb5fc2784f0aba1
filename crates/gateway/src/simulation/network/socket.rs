//! A connection of a simulated node: two queues of bytes with an end each, and who is to be told.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
};

use super::{Edge, Readiness, Shared};
use crate::{
    plane::{Key, Ready},
    simulation::SocketState,
};

/// What lies between a client and the node.
#[derive(Debug)]
pub(super) struct Pipe {
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
pub(in crate::simulation) struct Remote(Shared<Pipe>);

/// A connection; `window` bytes may lie in it unread.
pub(in crate::simulation) fn connection(window: usize) -> (Socket, Remote) {
    let pipe = Shared::new(Pipe {
        arrived: VecDeque::new(),
        has_client_finished: false,
        is_reset: false,
        written: VecDeque::new(),
        window,
        has_node_finished: false,
        has_node_closed: false,
        watched_by: None,
    });
    (Socket(pipe.clone()), Remote(pipe))
}

impl Pipe {
    fn room(&self) -> usize {
        self.window.saturating_sub(self.written.len())
    }

    /// What a loop is told of it, if anything.
    pub(super) fn ready(&self, key: Key) -> Option<Ready> {
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

    pub(in crate::simulation) fn write(&self, bytes: &[u8]) {
        self.change(|pipe| {
            if !pipe.has_client_finished && !pipe.is_reset && !pipe.has_node_closed {
                pipe.arrived.extend(bytes);
            }
        });
    }

    pub(in crate::simulation) fn read(&self, max: usize) -> Vec<u8> {
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

    pub(in crate::simulation) fn set_window(&self, bytes: usize) {
        self.change(|pipe| pipe.window = bytes);
    }

    pub(in crate::simulation) fn finish(&self) {
        self.change(|pipe| pipe.has_client_finished = true);
    }

    pub(in crate::simulation) fn reset(&self) {
        self.change(Pipe::reset);
    }

    pub(in crate::simulation) fn state(&self) -> SocketState {
        let pipe = self.0.lock();
        match &*pipe {
            Pipe { is_reset: true, .. } => SocketState::Reset,
            Pipe { has_node_closed: true, .. } => SocketState::Closed,
            Pipe { has_node_finished: true, .. } => SocketState::Finished,
            _ => SocketState::Open,
        }
    }
}

impl Socket {
    /// From now on this loop is told of it, by this name.
    pub(super) fn watch(&self, readiness: &Readiness, key: Key) {
        self.0.lock().watched_by = Some((readiness.clone(), key));
        readiness.0.lock().watched.insert(key, self.0.clone());
        readiness.tell(Edge::Conn(key));
    }

    pub(super) fn unwatch(&self) {
        let watched_by = self.0.lock().watched_by.take();
        if let Some((readiness, key)) = watched_by {
            readiness.0.lock().watched.remove(&key);
        }
    }

    /// Nothing more will be written.
    pub(super) fn shut(&self) {
        self.0.lock().has_node_finished = true;
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
