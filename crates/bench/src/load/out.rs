//! What strangers say, gathered in a turn and written at its end. Who has nothing to say owns four
//! bytes here.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};
use liveloop_protocol::websocket::{Opcode, encode_masked};
use rustls::ClientConnection;

use super::{Client, secure, wire::Wire};

/// Any key will do: the server cannot tell, and unmasks all the same (RFC 6455, section 5.3).
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// Stands for "nothing to say".
const NONE: u32 = u32::MAX;
/// Buffers kept for the next turns.
const SPARE_MAX: usize = 4_096;

/// What the strangers say, written once a turn.
pub(crate) struct Out {
    wire: Wire,
    /// Those who have something to say, and what.
    speaking: Vec<(usize, Vec<u8>)>,
    /// Where each client stands in `speaking`.
    place_by_client: Vec<u32>,
    spare: Vec<Vec<u8>>,
    text: String,
}

impl Out {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            speaking: Vec::new(),
            place_by_client: Vec::new(),
            spare: Vec::new(),
            text: String::new(),
        }
    }

    /// Makes room for `count` clients.
    pub(super) fn grow(&mut self, count: usize) {
        self.place_by_client.resize(count, NONE);
    }

    /// Says `event` with `data`, JSON, as `who`.
    pub(crate) fn say(&mut self, who: usize, event: &str, data: &str) {
        self.write(who, event, data, None);
    }

    /// The same, to be answered; `reference` is new for each question of this client.
    pub(crate) fn ask(&mut self, who: usize, reference: u64, event: &str, data: &str) {
        self.write(who, event, data, Some(reference));
    }

    fn write(&mut self, who: usize, event: &str, data: &str, ask: Option<u64>) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        self.wire.write(&mut text, event, data, ask);
        self.frame(who, Opcode::Text, text.as_bytes());
        self.text = text;
    }

    pub(super) fn frame(&mut self, who: usize, opcode: Opcode, payload: &[u8]) {
        let place = &mut self.place_by_client[who];
        if *place == NONE {
            *place = u32::try_from(self.speaking.len()).expect("fewer clients than that");
            self.speaking.push((who, self.spare.pop().unwrap_or_default()));
        }
        let (_, outbox) = &mut self.speaking[*place as usize];
        encode_masked(outbox, opcode, payload, MASK);
    }

    /// Writes what the sockets take; the rest stays for the next turn.
    pub(super) fn flush(
        &mut self,
        clients: &mut [Client],
        tls: &mut [ClientConnection],
    ) -> Result<()> {
        for (who, mut outbox) in std::mem::take(&mut self.speaking) {
            let (mut sent, mut tls) = (0, tls.get_mut(who));
            let stream = &mut clients[who].stream;
            let wants_write = |tls: &Option<&mut ClientConnection>| {
                tls.as_ref().is_some_and(|tls| tls.wants_write())
            };
            while sent < outbox.len() || wants_write(&tls) {
                let written = match &mut tls {
                    Some(tls) => secure::write(tls, stream, &outbox[sent..]),
                    None => stream.write(&outbox[sent..]),
                };
                match written {
                    // All is sealed, and the socket takes no more of it now.
                    Ok(0) => break,
                    Ok(written) => sent += written,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error).context(format!("connection {who}")),
                }
            }
            outbox.drain(..sent);
            if !outbox.is_empty() || wants_write(&tls) {
                self.place_by_client[who] =
                    u32::try_from(self.speaking.len()).expect("fewer clients than that");
                self.speaking.push((who, outbox));
                continue;
            }
            self.place_by_client[who] = NONE;
            if self.spare.len() < SPARE_MAX {
                self.spare.push(outbox);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_frames_of_one_turn_lie_in_one_outbox() {
        let mut out = Out::new(Wire::Plain);
        out.grow(3);
        out.say(2, "stop-call", "{}");
        out.say(0, "heartbeat", "{}");
        let first = out.speaking[0].1.len();
        out.say(2, "request-room", "{}");
        assert_eq!(out.speaking.iter().map(|(who, _)| *who).collect::<Vec<_>>(), [2, 0]);
        assert!(out.speaking[0].1.len() > first);
        assert_eq!(out.place_by_client, [1, NONE, 0]);
    }
}
