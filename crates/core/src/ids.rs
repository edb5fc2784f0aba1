//! Ids, each a type of its own so that none is taken for another.

/// A session of this node, for ever: never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub u64);

/// One match, for ever: 128 random bits. Not a capability; members are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u128);

impl RoomId {
    /// An id that no room ever has: what a client names that is no id at all.
    pub const NEVER: Self = Self(0);
}

/// The public id of a session: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u128);

/// A visitor, as long as their token lasts: 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u128);
