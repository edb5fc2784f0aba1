//! Archive: what was said, kept, in order and exactly once.
//!
//! Messages with their places, pages of them, changes, retention, and what a visitor may take along
//! or have removed. It does not know who may read: whoever asks has looked into the
//! [`Directory`](crate::Directory).

mod memory;

use std::time::Duration;

use liveloop_core::{RoomId, SocketId, UserId};
use thiserror::Error;

use crate::{BoxFuture, Health, Unavailable};

pub use memory::MemoryArchive;

/// A message, for ever: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(pub u128);

/// A point in time on the calendar: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub u64);

/// What is said, as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What the sender was called when they said it.
    pub name: String,
    /// The text, as the client sent it.
    pub text: String,
    /// The sender's connection, as the room knows it.
    pub from: SocketId,
}

/// A message that wants its place in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
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
    /// What is said.
    pub body: Body,
}

/// The place of a message in its room.
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

/// A message in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place.
    pub seq: u64,
    /// Its id.
    pub message: MessageId,
    /// Who said it; none once they have had it erased.
    pub user: Option<UserId>,
    /// The client's own id of it; none once it is erased.
    pub client_id: Option<String>,
    /// When it was said.
    pub said_at: Wall,
    /// When it was last edited or deleted.
    pub changed_at: Option<Wall>,
    /// What was said; none for a tombstone: it was deleted or erased.
    pub body: Option<Body>,
}

/// How many messages a page has at most: 1 to [`PageLimit::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u8);

impl PageLimit {
    /// The most of one page.
    pub const MAX: u8 = 200;

    /// None where `messages` is 0 or more than [`PageLimit::MAX`].
    pub fn new(messages: u64) -> Option<Self> {
        let messages = u8::try_from(messages).ok()?;
        (1..=Self::MAX).contains(&messages).then_some(Self(messages))
    }

    /// The number.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

/// Which messages of a room are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest.
    Newest,
    /// The newest below this `seq`, which is not among them.
    Before(u64),
    /// The oldest above this `seq`, which is not among them.
    After(u64),
}

/// Some messages that follow each other, ascending by `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages; none past either end.
    pub messages: Vec<Kept>,
    /// What to ask for with [`Span::Before`]; none where there is nothing older.
    pub next_before: Option<u64>,
    /// What to ask for with [`Span::After`]; none where there is nothing newer.
    pub next_after: Option<u64>,
}

/// How long the messages of a room stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// A call's: until [`Purge::Calls`].
    Call,
    /// A channel's: until [`Purge::Channels`], or it is purged by its name.
    Channel,
}

/// Who changes which message, and until when they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The room that it was said in.
    pub room: RoomId,
    /// Which message.
    pub message: MessageId,
    /// Who asks.
    pub user: UserId,
    /// The time at which they ask.
    pub at: Wall,
    /// For how long after it was said a message may be changed.
    pub within: Duration,
}

/// A message that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Its tombstone.
    pub kept: Kept,
    /// Whether it was deleted before: then nothing was changed.
    pub is_repeat: bool,
}

/// What a purge looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// The messages of every call.
    Calls,
    /// The messages of every channel.
    Channels,
    /// The messages of one room, of whichever kind.
    Room(RoomId),
}

/// Why the archive did not do as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArchiveError {
    /// The room is not open, or is over. Nothing was stored.
    #[error("the room is not open")]
    RoomNotOpen,
    /// The visitor has no such message in this room, or it was deleted. Nothing was changed.
    #[error("no such message of this visitor")]
    NotFound,
    /// The time in which one may change a message is over. Nothing was changed.
    #[error("the message may no longer be changed")]
    TooLate,
    /// The store does not work. An append may have been stored all the same; repeated with the same
    /// client id it is stored once.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What an archive answers later.
pub type Archived<T> = BoxFuture<'static, Result<T, ArchiveError>>;

/// An append: answered at once by an adapter that waits for nothing, or later.
///
/// Appends of one room are answered in the order in which they were made.
pub enum Appending {
    /// The answer.
    Now(Result<Appended, ArchiveError>),
    /// The answer is yet to come; it must be awaited for the message to be stored.
    Later(Archived<Appended>),
}

impl Appending {
    /// Waits for the answer, where it is not there.
    ///
    /// # Errors
    /// As the append that it is the answer to.
    pub async fn answer(self) -> Result<Appended, ArchiveError> {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}

/// Keeps what is said.
///
/// Guarantees:
/// - `seq` rises by one from 1 in each room, in the order in which appends were answered to, without
///   holes, also over restarts of an adapter that persists; a purge removes from the front only,
///   deleted and erased messages leave a tombstone at their `seq`, and no `seq` is given twice.
/// - The same (room, user, `client_id`) gets the first answer again and stores nothing, as long as the
///   first is there and not erased (a memory adapter may forget it sooner, and says when).
/// - An append is answered to only when the message is as durable as the adapter says; what is
///   answered to is seen by every read that is asked after it.
/// - A change is answered to when it is as durable as an append.
/// - While the store does not work everything that would write is answered at once with
///   [`ArchiveError::Unavailable`], and [`Archive::health`] says why; it takes up work by itself. What
///   only reads is answered where that is still possible.
/// - Nothing blocks whoever asks: what takes time is waited for in the answer. Where the answer is
///   dropped, what was asked for may be done all the same.
/// - An answer is cheap to poll and needs no runtime around it, for event loops poll it: an adapter
///   whose work needs one has it done there, and the answer only hears of it.
pub trait Archive: Send + Sync {
    /// A new call begins: messages may come. It costs no visit to the store.
    fn open_call(&self, room: RoomId);

    /// A room that may have been there before: messages may come once this is answered, with the
    /// `seq` of its last one, 0 where there was none. From now on it lasts as `lasting` says.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`]: the room is not open.
    fn open_room(&self, room: RoomId, lasting: Lasting) -> Archived<u64>;

    /// A room is over: no message comes any more, whoever sent it late. What was said stays.
    fn close_room(&self, room: RoomId);

    /// Gives a message its place.
    ///
    /// # Errors
    /// [`ArchiveError::RoomNotOpen`], [`ArchiveError::Unavailable`].
    fn append(&self, message: Message) -> Appending;

    /// `seq` of the last message of a room, open or not; 0 where there was none.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`].
    fn last_seq(&self, room: RoomId) -> Archived<u64>;

    /// Messages of a room, open or not; an empty page for a room that is not known.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`].
    fn page(&self, room: RoomId, span: Span, limit: PageLimit) -> Archived<Page>;

    /// Another text for a message of one's own, with its place and the time of the change.
    ///
    /// # Errors
    /// [`ArchiveError::NotFound`], [`ArchiveError::TooLate`], [`ArchiveError::Unavailable`].
    fn edit(&self, change: Change, text: String) -> Archived<Kept>;

    /// Removes what a message of one's own said; its tombstone keeps the place. Asked again it answers
    /// that tombstone, as it was left the first time.
    ///
    /// # Errors
    /// [`ArchiveError::NotFound`], [`ArchiveError::TooLate`], [`ArchiveError::Unavailable`].
    fn delete(&self, change: Change) -> Archived<Deleted>;

    /// Removes what was said before `before`, from the front of each room up to the first message
    /// that is younger, and answers how many messages went. Afterwards the adapter's files hold
    /// nothing of them. Calls that are over and of which nothing is left are forgotten, so that the
    /// last `seq` of such a one is 0; of one that is open it stays.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`]: some may have gone.
    fn purge(&self, purge: Purge, before: Wall) -> Archived<u64>;

    /// The rooms in which a visitor has said something that is still there.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`].
    fn rooms_of(&self, user: UserId) -> Archived<Vec<RoomId>>;

    /// What a visitor said in a room above the `seq` `after`, ascending: what they may take along.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`].
    fn export(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: PageLimit,
    ) -> Archived<Vec<Kept>>;

    /// Makes everything that a visitor said a tombstone that does not name them, and answers how
    /// many messages that were. Afterwards the adapter's files hold nothing of it.
    ///
    /// # Errors
    /// [`ArchiveError::Unavailable`]: some may be erased; asked again it goes on.
    fn erase(&self, user: UserId) -> Archived<u64>;

    /// How the store is, from memory and at once.
    fn health(&self) -> Health;
}

impl Change {
    /// Whether a message that was said at `said_at` may no longer be changed.
    pub fn is_too_late(&self, said_at: Wall) -> bool {
        u128::from(self.at.0.saturating_sub(said_at.0)) > self.within.as_millis()
    }
}
