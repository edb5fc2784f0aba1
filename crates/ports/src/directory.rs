//! Directory: who the visitors are, which channels there are, and who is a member of them.

mod memory;

use liveloop_core::{RoomId, UserId};
use thiserror::Error;

use crate::{BoxFuture, Health, PageLimit, Unavailable, Wall};

pub use memory::MemoryDirectory;

/// How a visitor is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who.
    pub user: UserId,
    /// What they are called.
    pub name: String,
    /// Since when they are known.
    pub created_at: Wall,
}

/// What kind of conversation a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// Of many, public or by invitation.
    Group,
    /// Of two for ever; there is one for each two.
    Direct,
    /// The chat of one call; it lasts as long as its messages.
    Call,
}

/// A conversation that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id, for ever. Never a capability.
    pub room: RoomId,
    /// What it is.
    pub kind: ChannelKind,
    /// What it is called.
    pub name: Option<String>,
    /// Whether anybody may find and join it.
    pub is_public: bool,
    /// How many members it may have.
    pub capacity: u32,
    /// Who made it; none once they have been erased.
    pub creator: Option<UserId>,
    /// When it was made.
    pub created_at: Wall,
}

/// A channel with what one asks for with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The channel.
    pub channel: Channel,
    /// How many members it has.
    pub count: u32,
}

/// A member of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Since when.
    pub joined_at: Wall,
    /// The `seq` that they have read up to.
    pub last_read: u64,
}

/// SHA-256 of the secret of an invitation (of 128 random bits or more). The secret itself never
/// comes here; comparing hashes of such secrets gives nothing away by the time it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

/// By what right somebody joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The channel is public.
    Public,
    /// An invitation.
    Invited(SecretHash),
}

/// What came of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The channel, with the one who joined.
    pub found: Found,
    /// Whether they were not a member before.
    pub is_new: bool,
}

/// Why the directory did not do as it was asked. Nothing was changed, but where it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// There is no such channel or visitor.
    #[error("not in the directory")]
    NotFound,
    /// It is there already.
    #[error("already in the directory")]
    Exists,
    /// Who asks is not a member.
    #[error("not a member of this channel")]
    NotAMember,
    /// Who asks has not the right to: not the creator, no valid invitation, or erased.
    #[error("not allowed")]
    NotAllowed,
    /// The channel has as many members as it may.
    #[error("the channel is full")]
    Full,
    /// The store does not work; what was asked for may have been done all the same.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a directory answers later.
pub type Listed<T> = BoxFuture<'static, Result<T, DirectoryError>>;

/// Knows visitors, channels, members, invitations and blocks.
///
/// Guarantees: a change is answered to when it is as durable as the adapter says, and is seen by
/// whatever is asked after that. Changes of one channel happen one after the other: it never has more
/// members than its capacity, and a revoked invitation admits nobody who asks after the answer. An
/// erased visitor is nowhere named, and comes never back under the same id. Nothing blocks whoever
/// asks. Any answer may be [`DirectoryError::Unavailable`].
pub trait Directory: Send + Sync {
    /// Makes a visitor known, or renames one; `created_at` stays the first.
    ///
    /// # Errors
    /// [`DirectoryError::NotAllowed`] for one who has been erased.
    fn put_visitor(&self, profile: Profile) -> Listed<()>;

    /// A visitor's profile; none for one who is not known.
    ///
    /// # Errors
    /// [`DirectoryError::NotAllowed`] for one who has been erased: their token is worth nothing.
    fn visitor(&self, user: UserId) -> Listed<Option<Profile>>;

    /// The profiles of several visitors, in the order in which they are named; none for one who is not
    /// known, or has been erased.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn visitors(&self, users: Vec<UserId>) -> Listed<Vec<Option<Profile>>>;

    /// Makes a channel with these members (the creator is one if they are among them) and, for
    /// [`ChannelKind::Direct`], gives the one that these two have already.
    ///
    /// # Errors
    /// [`DirectoryError::Exists`] for a room that is there; [`DirectoryError::Full`] for more members
    /// than its capacity; [`DirectoryError::NotAllowed`] where a direct channel has not two
    /// different members, or one of them has been erased.
    fn create(&self, channel: Channel, members: Vec<UserId>) -> Listed<Found>;

    /// A channel, whoever asks.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`].
    fn channel(&self, room: RoomId) -> Listed<Found>;

    /// Public groups above the room `after`, ascending by room.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn public(&self, after: Option<RoomId>, limit: PageLimit) -> Listed<Vec<Found>>;

    /// How many groups there are that a visitor has made.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn groups_made_by(&self, user: UserId) -> Listed<u32>;

    /// The channels of a visitor above the room `after`, ascending by room, each with their
    /// membership.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn channels_of(
        &self,
        user: UserId,
        after: Option<RoomId>,
        limit: PageLimit,
    ) -> Listed<Vec<(Found, Member)>>;

    /// One member.
    ///
    /// # Errors
    /// [`DirectoryError::NotAMember`], also where there is no such channel.
    fn member(&self, room: RoomId, user: UserId) -> Listed<Member>;

    /// The members above the visitor `after`, ascending by visitor.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`].
    fn members(&self, room: RoomId, after: Option<UserId>, limit: PageLimit)
    -> Listed<Vec<Member>>;

    /// Whether two visitors are members of one lasting channel (a group or a direct one).
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn are_fellows(&self, one: UserId, other: UserId) -> Listed<bool>;

    /// Makes a visitor a member of a group, once; one who is a member already needs no right to.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`]; [`DirectoryError::NotAllowed`] where the channel is no group,
    /// is not public or the invitation is not the valid one; [`DirectoryError::Full`].
    fn join(&self, room: RoomId, user: UserId, by: Admission, at: Wall) -> Listed<Joined>;

    /// Ends a membership, with the channel as it is then.
    ///
    /// # Errors
    /// [`DirectoryError::NotAMember`]; [`DirectoryError::NotAllowed`] in what is no group.
    fn leave(&self, room: RoomId, user: UserId) -> Listed<Found>;

    /// A member has read up to `seq`; it never falls. Answers what they have read up to now.
    ///
    /// # Errors
    /// [`DirectoryError::NotAMember`].
    fn read(&self, room: RoomId, user: UserId, seq: u64) -> Listed<u64>;

    /// The one valid invitation of a group from now on; none revokes it.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`]; [`DirectoryError::NotAllowed`] for anybody but the creator, and in
    /// what is no group.
    fn invite(&self, room: RoomId, by: UserId, secret: Option<SecretHash>) -> Listed<()>;

    /// Removes a channel with its members and invitation.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`].
    fn remove(&self, room: RoomId) -> Listed<()>;

    /// Calls that were made before `before`, above the one `after`, ascending by when they were made
    /// and then by room. Whether anything of them is left the [`Archive`](crate::Archive) knows.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn calls_before(
        &self,
        before: Wall,
        after: Option<(Wall, RoomId)>,
        limit: PageLimit,
    ) -> Listed<Vec<(Wall, RoomId)>>;

    /// Removes these, where they are calls, and answers how many went. Afterwards the adapter's files
    /// hold nothing of them.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`]: they may have gone.
    fn remove_calls(&self, calls: Vec<RoomId>) -> Listed<u64>;

    /// `user` never wants to meet `other` again, or does again. Of an erased visitor there are no
    /// blocks, on either side.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn block(&self, user: UserId, other: UserId, is_blocked: bool) -> Listed<()>;

    /// Whom a visitor has blocked, ascending.
    ///
    /// # Errors
    /// [`DirectoryError::NotAllowed`] for one who has been erased: their token is worth nothing.
    fn blocked_by(&self, user: UserId) -> Listed<Vec<UserId>>;

    /// Removes a visitor: profile, memberships, blocks of theirs and of them, and their name as a
    /// creator. What stays is that this id is erased. Answers the lasting channels that they were a
    /// member of, ascending; nothing where they have been erased before. It is the first step of an
    /// erasure, which is unfinished until [`Directory::end_erasure`].
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn erase(&self, user: UserId) -> Listed<Vec<RoomId>>;

    /// Some of those whose erasure is unfinished, ascending: what they said may be there still.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`].
    fn unfinished_erasures(&self, limit: PageLimit) -> Listed<Vec<UserId>>;

    /// Nothing is left of what this visitor said.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`] for one who has not been erased.
    fn end_erasure(&self, user: UserId) -> Listed<()>;

    /// How the store is, from memory and at once.
    fn health(&self) -> Health;
}
