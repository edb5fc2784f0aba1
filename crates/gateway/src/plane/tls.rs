//! TLS on an event loop: what is read is opened before the handler sees it, what the handler has
//! queued is sealed when it is written. A turn's words to one connection go into one record.
//!
//! The outbox of such a connection holds what is sealed and behind it what is not yet. Invariants:
//! what was sealed first is sent first; a record's beginning is all that is kept of the client's.

use super::{
    conn::{Conn, give_back},
    io::{ConnId, Io},
    net::Net,
    slots::Key,
    turn::{Handler, Plane},
};
use crate::tls::Channel;

/// A connection's TLS.
#[derive(Debug)]
pub(super) struct Tls {
    channel: Channel,
    /// How much of the outbox is sealed, counted from its front.
    sealed: usize,
}

/// A connection that has shaken hands elsewhere.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) channel: Box<Channel>,
    /// Sealed, and not yet written.
    pub(crate) unsent: Vec<u8>,
}

/// What has come of bytes that were read.
enum Opened {
    Going,
    /// The client has said that nothing more comes.
    Ended,
    Broken,
}

impl<N: Net> Io<N> {
    /// Takes over a socket and its TLS. `None` where the kernel will not watch it.
    pub(crate) fn open_secured(&mut self, socket: N::Socket, secured: Secured) -> Option<ConnId> {
        let id = self.open(socket)?;
        let Secured { channel, unsent } = secured;
        let has_ended = channel.has_ended();
        let conn = self.conn(id.key)?;
        conn.tls = Some(Box::new(Tls { channel: *channel, sealed: unsent.len() }));
        conn.outbox = unsent;
        self.mark_dirty(id.key);
        if has_ended {
            // Nobody will say so again.
            self.again.push(id.key);
        }
        Some(id)
    }
}

impl<N: Net> Conn<N> {
    /// How much of the thread's buffer is taken before a read, by what came of a record before.
    pub(super) fn recall(&self, buffer: &mut [u8]) -> usize {
        match &self.tls {
            Some(tls) if !self.is_closing => tls.channel.recall(buffer),
            _ => 0,
        }
    }

    /// Whether the client has ended its half in the words of TLS.
    pub(super) fn has_said_goodbye(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.channel.has_ended())
    }

    /// Seals what is queued, and the goodbye where it is closing. Whether that went well.
    pub(super) fn seal(&mut self, spare: &mut Vec<Vec<u8>>) -> bool {
        let Some(tls) = &mut self.tls else { return true };
        if self.outbox.len() == tls.sealed && !self.is_closing {
            return true;
        }
        let mut sealed = spare.pop().unwrap_or_default();
        let open = &self.outbox[tls.sealed..];
        let is_good = (open.is_empty() || tls.channel.seal(open, &mut sealed).is_ok())
            && (!self.is_closing || tls.channel.say_goodbye(&mut sealed).is_ok());
        if tls.sealed == 0 {
            std::mem::swap(&mut self.outbox, &mut sealed);
        } else {
            self.outbox.truncate(tls.sealed);
            self.outbox.extend_from_slice(&sealed);
        }
        give_back(sealed, spare);
        is_good
    }

    /// To be called after each write: what is left in the outbox is sealed.
    pub(super) fn note_sealed(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.sealed = self.outbox.len();
        }
    }

    fn open_bytes(&mut self, bytes: &mut [u8], plain: &mut Vec<u8>) -> Opened {
        let Some(tls) = &mut self.tls else { return Opened::Broken };
        let mut reply = Vec::new();
        let outcome = tls.channel.open(bytes, plain, &mut reply);
        if !reply.is_empty() {
            // Before what is not sealed yet, for it was sealed before it.
            self.outbox.splice(tls.sealed..tls.sealed, reply.iter().copied());
            tls.sealed += reply.len();
        }
        match outcome {
            Err(_) => Opened::Broken,
            Ok(()) if tls.channel.has_ended() => Opened::Ended,
            Ok(()) => Opened::Going,
        }
    }
}

impl<H: Handler> Plane<H> {
    /// Opens the first `len` bytes of the buffer and lets the handler act. Whether there may be
    /// more to read.
    pub(super) fn take_sealed(&mut self, key: Key, len: usize) -> bool {
        let Some(conn) = self.io.conn(key) else { return false };
        let outcome = conn.open_bytes(&mut self.buffer[..len], &mut self.opened);
        if conn.pending() > 0 {
            self.io.mark_dirty(key);
        }
        let id = self.io.id(key);
        if !self.opened.is_empty() {
            self.handler.on_bytes(&mut self.io, id, &mut self.opened);
            self.opened.clear();
        }
        match outcome {
            Opened::Going => return true,
            Opened::Ended => self.handler.on_end(&mut self.io, id),
            Opened::Broken => self.io.gone.push(key),
        }
        false
    }
}
