//! One queue: those who wait for a partner of one mode, in the order in which they joined.

use std::collections::BTreeMap;

use crate::{SessionKey, UserId};

/// A place in a queue: lower came first. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(pub(crate) u64);

/// Those waiting. Whoever could meet has met: so all who are left in a queue are of one visitor
/// (or there is only one), and the first of them answers for all.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<Place, (SessionKey, UserId)>,
}

impl Queue {
    pub(crate) fn insert(&mut self, place: Place, session: SessionKey, user: UserId) {
        let before = self.waiting.insert(place, (session, user));
        debug_assert!(before.is_none(), "a place is given once");
    }

    pub(crate) fn remove(&mut self, place: Place) {
        let removed = self.waiting.remove(&place);
        debug_assert!(removed.is_some(), "who leaves a queue was in it");
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whoever has waited longest and may meet `user`.
    pub(crate) fn partner_for(&self, user: UserId, may_meet_oneself: bool) -> Option<SessionKey> {
        let (_, (session, other)) = self.waiting.first_key_value()?;
        (may_meet_oneself || *other != user).then_some(*session)
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Place, SessionKey, UserId)> + '_ {
        self.waiting.iter().map(|(place, (session, user))| (*place, *session, *user))
    }
}
