//! What a driver holds of each connection, by its slot.

use liveloop_core::SessionKey;
use liveloop_protocol::websocket::Decoder;

use super::Head;
use crate::{
    address::ConnectionPermit,
    plane::{ConnId, Key},
    session::Session,
};

/// A connection, by how far it has come. Nearly all are live ones, so these lie here unboxed: a box
/// would cost each of them more than the others save.
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large one")]
pub(super) enum Client {
    /// The head of its first request is yet to come.
    Head(Head),
    /// It speaks WebSocket.
    Live(Live),
    /// Its session is over; it has a moment to read why, and still counts as its address's.
    Leaving(#[expect(dead_code, reason = "given back when dropped")] ConnectionPermit),
}

pub(super) struct Live {
    pub(super) session: Session,
    pub(super) decoder: Decoder,
    pub(super) permit: ConnectionPermit,
}

/// All of a thread.
#[derive(Default)]
pub(super) struct Clients {
    by_slot: Vec<Option<(u32, Client)>>,
    held: usize,
}

impl Clients {
    /// How many WebSockets there are, those in their farewell included.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Client> {
        let (generation, client) = self.by_slot.get_mut(id.key.slot as usize)?.as_mut()?;
        (*generation == id.key.generation).then_some(client)
    }

    pub(super) fn insert(&mut self, id: ConnId, client: Client) {
        let slot = id.key.slot as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize_with(slot + 1, || None);
        }
        self.held += usize::from(matches!(client, Client::Live(_)));
        self.by_slot[slot] = Some((id.key.generation, client));
    }

    /// Ends the session of `id` and gives its key, where it had one.
    pub(super) fn leave(&mut self, id: ConnId) -> Option<SessionKey> {
        let entry = self.by_slot.get_mut(id.key.slot as usize)?;
        match entry.take() {
            Some((generation, Client::Live(live))) if generation == id.key.generation => {
                *entry = Some((generation, Client::Leaving(live.permit)));
                Some(live.session.key())
            }
            other => {
                *entry = other;
                None
            }
        }
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Client> {
        let entry = self.by_slot.get_mut(id.key.slot as usize)?;
        let (_, client) = entry.take_if(|(generation, _)| *generation == id.key.generation)?;
        self.held -= usize::from(!matches!(client, Client::Head(_)));
        Some(client)
    }

    /// The keys of all that have a session.
    pub(super) fn live(&self) -> Vec<Key> {
        (0..)
            .zip(&self.by_slot)
            .filter_map(|(slot, entry)| match entry {
                Some((generation, Client::Live(_))) => Some(Key { slot, generation: *generation }),
                _ => None,
            })
            .collect()
    }
}
