//! Bans: whether a visitor may come in.

use liveloop_core::UserId;

/// Knows who is banned.
///
/// Guarantees: the answer comes from memory and at once, for it is asked on an event loop; a ban is
/// seen by whatever is asked after it was made.
pub trait Bans: Send + Sync + std::fmt::Debug {
    /// Whether `user` may not come in.
    fn is_banned(&self, user: UserId) -> bool;
}

/// Nobody is.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBans;

impl Bans for NoBans {
    fn is_banned(&self, _user: UserId) -> bool {
        false
    }
}
