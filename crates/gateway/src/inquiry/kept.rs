//! Up to where somebody has read, and messages of theirs that they change.

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{Change, DirectoryError, Kept};
use liveloop_protocol::Refusal;

use super::{Reply, refusal_of_directory, unseen};
use crate::{node::Node, session::refusal_of_archive};

/// A room that somebody is in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Whoever hears of it hears by the Link.
    Call(RoomId),
    /// And here by what its home publishes.
    Channel(RoomId),
}

/// Where somebody has read up to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpTo {
    pub(crate) place: Place,
    pub(crate) user: UserId,
    pub(crate) seq: u64,
    /// Whether it is more than before.
    pub(crate) is_news: bool,
}

/// A message that has another text now, or none.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) place: Place,
    pub(crate) kept: Kept,
    /// Whether it was not so before.
    pub(crate) is_news: bool,
}

impl Place {
    pub(crate) fn room(self) -> RoomId {
        match self {
            Self::Call(room) | Self::Channel(room) => room,
        }
    }

    /// At whose home it is asked for what all its listeners are to hear, in one order with its texts.
    pub(super) fn home(self) -> Option<RoomId> {
        match self {
            Self::Call(_) => None,
            Self::Channel(room) => Some(room),
        }
    }
}

impl Node {
    /// Puts down that `user` has read up to `seq`, or to the last text where that is less.
    pub(super) async fn read_up_to(
        &self,
        place: Place,
        user: UserId,
        seq: u64,
    ) -> Result<Reply, Refusal> {
        let room = place.room();
        let former = match (self.directory.member(room, user).await, place) {
            (Ok(member), _) => member.last_read,
            // Nothing is said yet.
            (Err(DirectoryError::NotAMember), Place::Call(_)) => {
                return Ok(Reply::ReadUpTo(UpTo { place, user, seq: 0, is_news: false }));
            }
            (Err(error), _) => return Err(unseen(error)),
        };
        let last = self.archive.last_seq(room).await.map_err(|error| refusal_of_archive(&error))?;
        let seq = self.directory.read(room, user, seq.min(last)).await;
        let seq = seq.map_err(refusal_of_directory)?;
        Ok(Reply::ReadUpTo(UpTo { place, user, seq, is_news: seq > former }))
    }

    /// Gives a message another text, or none.
    pub(super) async fn change(
        &self,
        place: Place,
        change: Change,
        text: Option<String>,
    ) -> Result<Reply, Refusal> {
        let changed = match text {
            Some(text) => self.archive.edit(change, text).await.map(|kept| (kept, true)),
            None => self.archive.delete(change).await.map(|it| (it.kept, !it.is_repeat)),
        };
        let (kept, is_news) = changed.map_err(|error| refusal_of_archive(&error))?;
        Ok(Reply::Changed(Changed { place, kept, is_news }))
    }
}
