//! How much a Lobby holds, so that a test can demand that nothing is left of those who have gone.

use super::Lobby;

/// Counts of what a Lobby holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LobbyHeld {
    /// Sessions that have asked for a partner at some time and are not over.
    pub sessions: usize,
    /// Those that wait, those who are away among them.
    pub waiting: usize,
    /// Places under the keys of the index, of those who wait.
    pub index_entries: usize,
    /// Rooms.
    pub rooms: usize,
    /// Sessions that ask for their last partner back; until it lapses.
    pub asks: usize,
    /// Interests and languages of those who wait or talk.
    pub words: usize,
    /// Visitors of whom a session or a remembered meeting speaks.
    pub visitors: usize,
    /// Meetings that are remembered; for the memory's time.
    pub meetings: usize,
    /// Blocks. They stay.
    pub blocks: usize,
}

impl Lobby {
    /// What it holds now.
    #[must_use]
    pub fn held(&self) -> LobbyHeld {
        LobbyHeld {
            sessions: self.members.len(),
            waiting: self.tickets.len(),
            index_entries: self.index.len(),
            rooms: self.room_count,
            asks: self.asks.len(),
            words: self.words.used_count(),
            visitors: self.visitors.visitors.len(),
            meetings: self.meetings.len(),
            blocks: self.blocks.len(),
        }
    }
}
