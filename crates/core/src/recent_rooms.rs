//! The rooms that a session was in last: what tells a late command from a foreign one.

use std::collections::VecDeque;

use crate::RoomId;

/// The last rooms of one session, newest last. Costs nothing for those who were in none.
#[derive(Clone, Debug, Default)]
pub struct RecentRooms {
    rooms: VecDeque<RoomId>,
}

impl RecentRooms {
    /// How many are remembered. A command that is later than so many calls counts as foreign.
    pub const MAX: usize = 16;

    /// Remembers that the session was in `room`.
    pub fn remember(&mut self, room: RoomId) {
        if self.rooms.len() == Self::MAX {
            self.rooms.pop_front();
        }
        self.rooms.push_back(room);
    }

    /// The rooms that are remembered, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = RoomId> + '_ {
        self.rooms.iter().copied()
    }

    /// Whether the session was in `room`.
    #[must_use]
    pub fn contains(&self, room: RoomId) -> bool {
        self.rooms.contains(&room)
    }
}
