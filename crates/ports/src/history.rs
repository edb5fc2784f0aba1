//! History: the order of what was said in a room, and the answer to whoever said it.

mod memory;

use liveloop_core::{RoomId, UserId};
use thiserror::Error;

use crate::BoxFuture;

pub use memory::MemoryHistory;

/// A message, for ever: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(pub u128);

/// A point in time on the calendar: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub u64);

/// A text that wants its place in a room.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it is said.
    pub room: RoomId,
    /// Who says it.
    pub user: UserId,
    /// The client's own id of it, by which a repeat is known.
    pub client_id: Option<String>,
    /// The id that it gets, unless it is a repeat.
    pub message: MessageId,
    /// The time that it gets, unless it is a repeat.
    pub said_at: Wall,
}

/// The place of a text in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its id.
    pub message: MessageId,
    /// Its place: rises by one from 1, without holes.
    pub seq: u64,
    /// When it was said.
    pub said_at: Wall,
    /// Whether it was there already: then nothing was stored.
    pub is_repeat: bool,
}

/// Why a text was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HistoryError {
    /// The room is not open, or is over.
    #[error("the room is not open")]
    RoomNotOpen,
}

/// Keeps the order of texts.
///
/// Guarantees: `seq` rises by one from 1 in each room, in the order in which appends were answered
/// to; the same (room, user, `client_id`) gets the first answer again and stores nothing; a text
/// that was answered to is as durable as the adapter says it is.
pub trait History: Send + Sync {
    /// A call or a group begins: texts may come.
    fn open_room(&self, room: RoomId);

    /// A call is over: no text comes any more, whoever sent it late.
    fn close_room(&self, room: RoomId);

    /// `seq` of the last text of a room; 0 where there is none.
    fn last_seq(&self, room: RoomId) -> u64;

    /// Gives a text its place; where the answer is a [`HistoryError`], nothing was stored.
    fn append(&self, text: Text) -> Appending;
}

/// An append: answered at once by an adapter that waits for nothing, or later.
///
/// Appends of one room are answered in the order in which they were made.
pub enum Appending<E = HistoryError> {
    /// The answer.
    Now(Result<Appended, E>),
    /// The answer is yet to come; it must be awaited for the text to be stored.
    Later(BoxFuture<'static, Result<Appended, E>>),
}

impl<E> Appending<E> {
    /// Waits for the answer, where it is not there.
    ///
    /// # Errors
    /// As the append that it is the answer to.
    pub async fn answer(self) -> Result<Appended, E> {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}
