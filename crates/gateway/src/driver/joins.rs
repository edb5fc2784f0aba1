//! Who begins to listen to a group, and after which text.
//!
//! The archive may answer later. Texts that are told on this thread meanwhile are in the archive, so that
//! the one who joins is told the last of those, where it is more; what else is told meanwhile they hear
//! when they listen.

use futures_util::FutureExt;
use liveloop_core::{IdMap, RoomId};
use liveloop_ports::ArchiveError;

use super::{Driver, Post};
use crate::{
    plane::{ConnId, Io, Net},
    session::{Delivery, Joined, Publication},
};

/// What is not a text and is told while one waits: more than these is left out, the oldest first.
const OTHERS_MAX: usize = 64;

/// Joins that wait for the archive's answer, by group, in the order in which they have begun.
#[derive(Default)]
pub(super) struct Joins(IdMap<RoomId, Vec<Join>>);

/// One who waits.
struct Join {
    to: ConnId,
    told: Told,
}

/// What was told to those who listen, while one has waited.
#[derive(Debug, Default)]
struct Told {
    /// The place of the last text.
    last_seq: u64,
    others: Vec<Publication>,
}

impl Joins {
    /// This is told to those who listen.
    pub(super) fn hear(&mut self, room: RoomId, publications: &[Publication]) {
        let Some(joins) = self.0.get_mut(&room) else { return };
        for Join { told, .. } in joins {
            for publication in publications.iter().filter(|it| it.event.is_some()) {
                match publication.seq {
                    Some(seq) => told.last_seq = told.last_seq.max(seq),
                    None => told.others.push(Publication { answer: None, ..publication.clone() }),
                }
            }
            let too_many = told.others.len().saturating_sub(OTHERS_MAX);
            told.others.drain(..too_many);
        }
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    fn begin(&mut self, room: RoomId, to: ConnId) {
        self.0.entry(room).or_default().push(Join { to, told: Told::default() });
    }

    /// What was told while this one has waited.
    fn end(&mut self, room: RoomId, to: ConnId) -> Told {
        let Some(joins) = self.0.get_mut(&room) else { return Told::default() };
        let place = joins.iter().position(|join| join.to == to);
        let told = place.map(|place| joins.remove(place).told).unwrap_or_default();
        if joins.is_empty() {
            self.0.remove(&room);
        }
        told
    }
}

impl<N: Net> Driver<N> {
    /// The desk has let the session that is reached at `to` into a group.
    pub(super) fn join(&mut self, io: &mut Io<N>, to: ConnId, mut joined: Box<Joined>) {
        let mut last_seq = self.wires.door.node.archive.last_seq(joined.room);
        if let Some(last_seq) = (&mut last_seq).now_or_never() {
            joined.last_seq = last_seq;
            return self.with_addressee(io, to, |it| it.handle_delivery(Delivery::Joined(joined)));
        }
        self.joins.begin(joined.room, to);
        self.awaited.add(async move {
            let last_seq = last_seq.await;
            Post::LastSeq(to, joined, last_seq)
        });
    }

    /// The archive has answered to that.
    pub(super) fn listen_after(
        &mut self,
        io: &mut Io<N>,
        to: ConnId,
        mut joined: Box<Joined>,
        last_seq: Result<u64, ArchiveError>,
    ) {
        let room = joined.room;
        let Told { last_seq: last_told, others } = self.joins.end(room, to);
        joined.last_seq = last_seq.map(|last_seq| last_seq.max(last_told));
        let was_listening = self.listeners.has(room, to);
        self.with_addressee(io, to, |it| it.handle_delivery(Delivery::Joined(joined)));
        if !was_listening && self.listeners.has(room, to) {
            self.with_addressee(io, to, |it| others.iter().for_each(|other| it.hear(other)));
        }
    }
}

#[cfg(test)]
mod tests {
    use liveloop_protocol::{Draining, ServerEvent};

    use super::*;
    use crate::{
        plane::Key,
        session::{Published, RelayKind},
    };

    const ROOM: RoomId = RoomId(1);

    fn visitor(slot: u32) -> ConnId {
        ConnId { thread: 0, key: Key { slot, generation: 0 } }
    }

    fn publication(seq: Option<u64>) -> Publication {
        let event = ServerEvent::Draining(&Draining { reconnect_in_ms: 1 });
        let event = Some(Published::new(&event, None));
        Publication { room: ROOM, kind: RelayKind::Numbered, event, seq, from: None, answer: None }
    }

    #[test]
    fn each_knows_what_was_told_while_they_waited() {
        let mut joins = Joins::default();
        joins.hear(ROOM, &[publication(Some(4))]);
        joins.begin(ROOM, visitor(1));
        joins.hear(RoomId(2), &[publication(Some(9))]);
        joins.hear(ROOM, &[publication(None)]);
        joins.begin(ROOM, visitor(2));
        joins.hear(ROOM, &[publication(Some(6)), publication(Some(5))]);
        let first = joins.end(ROOM, visitor(1));
        assert_eq!((first.last_seq, first.others.len()), (6, 1));
        joins.hear(
            ROOM,
            &[publication(Some(7)), Publication { event: None, ..publication(Some(8)) }],
        );
        let second = joins.end(ROOM, visitor(2));
        assert_eq!((second.last_seq, second.others.len()), (7, 0));
        assert!(joins.0.is_empty());
    }

    #[test]
    fn what_is_remembered_for_them_is_bounded() {
        let mut joins = Joins::default();
        joins.begin(ROOM, visitor(1));
        (0..OTHERS_MAX + 9).for_each(|_| joins.hear(ROOM, &[publication(None)]));
        assert_eq!(joins.end(ROOM, visitor(1)).others.len(), OTHERS_MAX);
    }
}
