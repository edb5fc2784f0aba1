//! The resume secret: what proves, on a new socket, to be a session whose socket was lost.
//!
//! It says where the session is, and which of the session's secrets it is, and carries 128 bits of
//! an HMAC-SHA256 (RFC 2104) over both and the session's public id. Nobody without the node's key
//! can make one, and a session keeps nothing of those that it was given but their numbers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use liveloop_core::SocketId;

use crate::{
    identity::Secret,
    plane::{ConnId, Key},
};

/// Of the MAC: 128 bits.
pub(crate) const PROOF_BYTES: usize = 16;
const BYTES: usize = 13 + PROOF_BYTES;

/// A resume secret. Its parts are what a client claims; the proof is checked by the session.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    /// How the session is reached.
    pub(crate) outlet: ConnId,
    /// Which of the session's secrets.
    pub(crate) serial: u32,
    proof: [u8; PROOF_BYTES],
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket(…)")
    }
}

impl Ticket {
    /// The secret number `serial` of the session with this public id.
    pub(crate) fn issue(secret: &Secret, outlet: ConnId, serial: u32, socket: SocketId) -> String {
        let mut bytes = [0; BYTES];
        let (claim, proof) = bytes.split_at_mut(BYTES - PROOF_BYTES);
        claim.copy_from_slice(&claim_of(outlet, serial));
        proof.copy_from_slice(&secret.resume_proof(claim, socket));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a client holds out; `None` where it cannot be one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let key = Key { slot: number(1)?, generation: number(5)? };
        Some(Self {
            outlet: ConnId { thread: bytes[0], key },
            serial: number(9)?,
            proof: bytes[BYTES - PROOF_BYTES..].try_into().ok()?,
        })
    }

    /// Whether it was issued to the session with this public id. Takes as long whatever is wrong
    /// with it.
    pub(crate) fn is_of(&self, secret: &Secret, socket: SocketId) -> bool {
        secret.is_resume_proof(&claim_of(self.outlet, self.serial), socket, &self.proof)
    }
}

fn claim_of(outlet: ConnId, serial: u32) -> [u8; BYTES - PROOF_BYTES] {
    let mut claim = [0; BYTES - PROOF_BYTES];
    claim[0] = outlet.thread;
    claim[1..5].copy_from_slice(&outlet.key.slot.to_be_bytes());
    claim[5..9].copy_from_slice(&outlet.key.generation.to_be_bytes());
    claim[9..].copy_from_slice(&serial.to_be_bytes());
    claim
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLET: ConnId = ConnId { thread: 3, key: Key { slot: 70_000, generation: 9 } };
    const SOCKET: SocketId = SocketId(77);

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_ticket_comes_back() {
        let ticket = Ticket::parse(&Ticket::issue(&secret(), OUTLET, 12, SOCKET)).unwrap();
        assert_eq!((ticket.outlet, ticket.serial), (OUTLET, 12));
        assert!(ticket.is_of(&secret(), SOCKET));
        assert!(!ticket.is_of(&secret(), SocketId(78)), "another session's");
        assert!(!ticket.is_of(&Secret::new([8; 32]), SOCKET), "another node's");
    }

    #[test]
    fn any_other_is_refused() {
        let text = Ticket::issue(&secret(), OUTLET, 12, SOCKET);
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let forged = Ticket::parse(std::str::from_utf8(&bytes).unwrap());
            assert!(!forged.is_some_and(|it| it.is_of(&secret(), SOCKET)), "changed at {index}");
        }
        for text in ["", "A", "no ticket", &text[1..], &format!("{text}A"), &"A".repeat(4_096)] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn it_is_not_shown() {
        let text = Ticket::issue(&secret(), OUTLET, 12, SOCKET);
        let shown = format!("{:?}", Ticket::parse(&text).unwrap());
        assert_eq!(shown, "Ticket(…)");
    }
}
