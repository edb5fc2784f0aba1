//! Who begins to listen to a group, and after which text.
//!
//! The archive may answer later. Texts that are told on this thread meanwhile are in the archive, and
//! nobody has told them to the one who joins: so that one is told the last of those, where it is more.

use futures_util::FutureExt;
use liveloop_core::{IdMap, RoomId};
use liveloop_ports::ArchiveError;

use super::{Driver, Post};
use crate::{
    plane::{ConnId, Io, Net},
    session::{Delivery, Joined},
};

/// Joins that wait for the archive's answer, by group.
#[derive(Default)]
pub(super) struct Joins(IdMap<RoomId, Waiting>);

#[derive(Default)]
struct Waiting {
    joins: usize,
    /// The last text that was told since the first of them.
    last_told: u64,
}

impl Joins {
    /// A text with this place is told to those who listen.
    pub(super) fn hear(&mut self, room: RoomId, seq: Option<u64>) {
        if let (Some(waiting), Some(seq)) = (self.0.get_mut(&room), seq) {
            waiting.last_told = waiting.last_told.max(seq);
        }
    }

    fn begin(&mut self, room: RoomId) {
        self.0.entry(room).or_default().joins += 1;
    }

    /// The last text that was told while one has waited.
    fn end(&mut self, room: RoomId) -> u64 {
        let Some(waiting) = self.0.get_mut(&room) else { return 0 };
        waiting.joins -= 1;
        let last_told = waiting.last_told;
        if waiting.joins == 0 {
            self.0.remove(&room);
        }
        last_told
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
        self.joins.begin(joined.room);
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
        let last_told = self.joins.end(joined.room);
        joined.last_seq = last_seq.map(|last_seq| last_seq.max(last_told));
        self.with_addressee(io, to, |it| it.handle_delivery(Delivery::Joined(joined)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_meanwhile_is_known_until_the_last_has_joined() {
        let (mut joins, room) = (Joins::default(), RoomId(1));
        joins.hear(room, Some(4));
        joins.begin(room);
        joins.hear(RoomId(2), Some(9));
        joins.hear(room, None);
        assert_eq!(joins.0[&room].last_told, 0);
        joins.begin(room);
        joins.hear(room, Some(6));
        joins.hear(room, Some(5));
        assert_eq!(joins.end(room), 6);
        joins.hear(room, Some(7));
        assert_eq!(joins.end(room), 7);
        assert!(joins.0.is_empty());
    }
}
