//! One connection of an event loop: a socket, what is still to be written to it, and its deadline.

use std::{
    io::{self, Write},
    os::fd::BorrowedFd,
};

use liveloop_core::Moment;

use super::{net::Net, tls::Tls, uring::Sent};

/// A connection. What it may own on the heap is its outbox, while something is in it.
#[derive(Debug)]
pub(super) struct Conn<N: Net> {
    pub(super) stream: N::Stream,
    /// Apart, so that a plain connection does not pay for it.
    pub(super) tls: Option<Box<Tls>>,
    pub(super) outbox: Vec<u8>,
    /// How much of the outbox is written.
    sent: usize,
    /// When `on_timer` is due; the far future where nothing is.
    pub(super) due: Moment,
    /// When its entry in the wheel comes out.
    pub(super) looked_at: Moment,
    /// Its id is in the list of those to be flushed.
    pub(super) is_dirty: bool,
    /// The kernel takes no more for now.
    pub(super) is_blocked: bool,
    /// There is something to read, which waits until the outbox is empty.
    pub(super) is_read_paused: bool,
    /// The client has closed its half: what is left to read has an end.
    pub(super) has_ended: bool,
    /// Nothing is read any more but to be thrown away.
    pub(super) is_closing: bool,
    pub(super) is_shut: bool,
    /// Bytes that were thrown away since it is closing.
    pub(super) lingered: usize,
}

/// What a flush has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    All,
    Blocked,
    Broken,
}

impl<N: Net> Conn<N> {
    pub(super) fn new(stream: N::Stream) -> Self {
        Self {
            stream,
            tls: None,
            outbox: Vec::new(),
            sent: 0,
            due: Moment::NEVER,
            looked_at: Moment::NEVER,
            is_dirty: false,
            is_blocked: false,
            is_read_paused: false,
            has_ended: false,
            is_closing: false,
            is_shut: false,
            lingered: 0,
        }
    }

    /// Bytes that are queued and not written.
    pub(super) fn pending(&self) -> usize {
        self.outbox.len() - self.sent
    }

    /// The outbox, to be written to at its end; an empty one takes over a spare buffer.
    pub(super) fn outbox(&mut self, spare: &mut Vec<Vec<u8>>) -> &mut Vec<u8> {
        if self.outbox.capacity() == 0
            && let Some(buffer) = spare.pop()
        {
            self.outbox = buffer;
        }
        &mut self.outbox
    }

    /// What is to be written, where bytes can go to the socket as they are.
    pub(super) fn unsent(&self) -> Option<(BorrowedFd<'_>, &[u8])> {
        let bytes = &self.outbox[self.sent..];
        let is_bare = self.tls.is_none() && !bytes.is_empty();
        is_bare.then(|| N::descriptor(&self.stream)).flatten().map(|socket| (socket, bytes))
    }

    /// Writes what the kernel takes; an empty outbox gives its buffer back. `first` is what the first
    /// write has come to, where it is done already.
    pub(super) fn flush(&mut self, first: Sent, spare: &mut Vec<Vec<u8>>) -> Flushed {
        if !self.seal(spare) {
            return Flushed::Broken;
        }
        let flushed = self.write_out(first, spare);
        self.note_sealed();
        flushed
    }

    fn write_out(&mut self, mut first: Sent, spare: &mut Vec<Vec<u8>>) -> Flushed {
        while self.pending() > 0 {
            let unsent = &self.outbox[self.sent..];
            match first.take().unwrap_or_else(|| self.stream.write(unsent)) {
                Ok(0) => return Flushed::Broken,
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    self.forget_sent();
                    return Flushed::Blocked;
                }
                Err(_) => return Flushed::Broken,
            }
        }
        self.is_blocked = false;
        self.sent = 0;
        give_back(std::mem::take(&mut self.outbox), spare);
        Flushed::All
    }

    /// What is written need not be held beside what is not.
    fn forget_sent(&mut self) {
        if self.sent > self.outbox.len() / 2 {
            self.outbox.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// Keeps a buffer for the next connection that needs one.
pub(super) fn give_back(mut buffer: Vec<u8>, spare: &mut Vec<Vec<u8>>) {
    if buffer.capacity() > 0 && buffer.capacity() <= SPARE_BYTES_MAX && spare.len() < SPARE_MAX {
        buffer.clear();
        spare.push(buffer);
    }
}

/// The largest buffer that is kept for the next connection that needs one.
const SPARE_BYTES_MAX: usize = 64 << 10;
/// How many buffers a thread keeps.
pub(super) const SPARE_MAX: usize = 64;
