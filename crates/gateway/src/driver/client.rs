//! What a driver holds of each connection, by its slot.

use liveloop_core::UserId;
use liveloop_protocol::websocket::Decoder;

use super::Head;
use crate::{
    address::ConnectionPermit,
    plane::{ConnId, Key},
    session::Session,
    simulation::Occupancy,
};

/// A connection, by how far it has come. Nearly all are live ones, so these lie here unboxed.
pub(super) enum Client {
    /// The head of its first request is yet to come.
    Head(Head),
    /// It speaks WebSocket.
    Live(Live),
    /// It has no session any more, and a moment to read why. It still counts as its address's,
    /// unless its session does.
    Leaving(Option<ConnectionPermit>),
}

pub(super) struct Live {
    pub(super) session: Session,
    pub(super) decoder: Decoder,
    pub(super) permit: ConnectionPermit,
}

/// All of a thread.
#[derive(Default)]
pub(super) struct Clients {
    by_slot: Vec<Option<Client>>,
    /// Apart from them, for the sake of their alignment.
    generations: Vec<u32>,
    held: usize,
}

impl Clients {
    /// How many WebSockets there are, those in their farewell included.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    fn entry(&mut self, id: ConnId) -> Option<&mut Option<Client>> {
        let slot = id.key.slot as usize;
        let is_it = self.generations.get(slot) == Some(&id.key.generation);
        self.by_slot.get_mut(slot).filter(|_| is_it)
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Client> {
        self.entry(id)?.as_mut()
    }

    pub(super) fn insert(&mut self, id: ConnId, client: Client) {
        let slot = id.key.slot as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize_with(slot + 1, || None);
            self.generations.resize(slot + 1, 0);
        }
        self.held += usize::from(matches!(client, Client::Live(_)));
        self.by_slot[slot] = Some(client);
        self.generations[slot] = id.key.generation;
    }

    /// Takes the session out of `id`, where it has one, which has to leave then.
    pub(super) fn leave(&mut self, id: ConnId) -> Option<(Session, ConnectionPermit)> {
        let entry = self.entry(id)?;
        match entry.take() {
            Some(Client::Live(live)) => {
                *entry = Some(Client::Leaving(None));
                Some((live.session, live.permit))
            }
            other => {
                *entry = other;
                None
            }
        }
    }

    /// It counts as its address's until it is gone.
    pub(super) fn leave_with(&mut self, id: ConnId, permit: ConnectionPermit) {
        if let Some(entry @ Some(Client::Leaving(None))) = self.entry(id) {
            *entry = Some(Client::Leaving(Some(permit)));
        }
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Client> {
        let client = self.entry(id)?.take()?;
        self.held -= usize::from(!matches!(client, Client::Head(_)));
        Some(client)
    }

    /// Adds how many there are of each kind.
    pub(super) fn count_held(&self, occupancy: &mut Occupancy) {
        for client in self.by_slot.iter().flatten() {
            *match client {
                Client::Head(_) => &mut occupancy.heads,
                Client::Live(_) => &mut occupancy.sessions,
                Client::Leaving(_) => &mut occupancy.farewells,
            } += 1;
        }
    }

    /// The keys of a visitor's sessions among so many slots from this one on, and where those end.
    pub(super) fn live_of(
        &self,
        user: UserId,
        from: usize,
        most: usize,
    ) -> (Vec<Key>, Option<usize>) {
        let to = self.by_slot.len().min(from + most);
        let is_theirs = |slot: &usize| match &self.by_slot[*slot] {
            Some(Client::Live(live)) => live.session.user() == user,
            _ => false,
        };
        let key = |slot: usize| {
            let generation = self.generations[slot];
            Key { slot: u32::try_from(slot).expect("slots are numbered so"), generation }
        };
        let keys = (from..to).filter(is_theirs).map(key).collect();
        (keys, (to < self.by_slot.len()).then_some(to))
    }

    /// The keys of all that have a session.
    pub(super) fn live(&self) -> Vec<Key> {
        (0..)
            .zip(self.by_slot.iter().zip(&self.generations))
            .filter(|(_, (client, _))| matches!(client, Some(Client::Live(_))))
            .map(|(slot, (_, generation))| Key { slot, generation: *generation })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_small() {
        let bytes = size_of::<Option<Client>>();
        assert!(bytes <= 288, "{bytes} bytes: each of a million connections pays for a field");
    }
}
