//! Who is online, and who wants to know.
//!
//! A visitor is online while any of their connections lives; only those are counted who can be watched.
//! One place knows all about one visitor. Whoever watches is known by whatever they are reached by.

use std::collections::{BTreeSet, VecDeque};

use crate::{IdMap, UserId};

/// Somebody is to be told that a visitor has come or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceNotice<W> {
    /// Who is told.
    pub watcher: W,
    /// Whose presence has changed.
    pub user: UserId,
    /// Whether they are online now.
    pub is_online: bool,
}

/// The presence of some visitors, watched by those who are reached by `W`.
#[derive(Debug)]
pub struct Presence<W> {
    connections_by_user: IdMap<UserId, u32>,
    watchers_by_user: IdMap<UserId, BTreeSet<W>>,
    notices: VecDeque<PresenceNotice<W>>,
}

impl<W> Default for Presence<W> {
    fn default() -> Self {
        Self {
            connections_by_user: IdMap::default(),
            watchers_by_user: IdMap::default(),
            notices: VecDeque::new(),
        }
    }
}

impl<W: Copy + Ord> Presence<W> {
    /// A visitor has one more connection.
    pub fn came(&mut self, user: UserId) {
        let connections = self.connections_by_user.entry(user).or_default();
        *connections += 1;
        if *connections == 1 {
            self.tell(user, true);
        }
    }

    /// And one less.
    pub fn went(&mut self, user: UserId) {
        let Some(connections) = self.connections_by_user.get_mut(&user) else { return };
        *connections -= 1;
        if *connections == 0 {
            self.connections_by_user.remove(&user);
            self.tell(user, false);
        }
    }

    /// Whether a visitor is online.
    #[must_use]
    pub fn is_online(&self, user: UserId) -> bool {
        self.connections_by_user.contains_key(&user)
    }

    /// From now on `watcher` is told when `user` comes and goes. Whether they are online.
    pub fn watch(&mut self, user: UserId, watcher: W) -> bool {
        self.watchers_by_user.entry(user).or_default().insert(watcher);
        self.is_online(user)
    }

    /// And from now on not any more.
    pub fn unwatch(&mut self, user: UserId, watcher: W) {
        let Some(watchers) = self.watchers_by_user.get_mut(&user) else { return };
        watchers.remove(&watcher);
        if watchers.is_empty() {
            self.watchers_by_user.remove(&user);
        }
    }

    /// The next one to be told something.
    pub fn poll_notice(&mut self) -> Option<PresenceNotice<W>> {
        self.notices.pop_front()
    }

    /// How many visitors are online, and how many are watched, once for each who watches.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        (self.connections_by_user.len(), self.watchers_by_user.values().map(BTreeSet::len).sum())
    }

    fn tell(&mut self, user: UserId, is_online: bool) {
        let watchers = self.watchers_by_user.get(&user).into_iter().flatten();
        let notices = watchers.map(|watcher| PresenceNotice { watcher: *watcher, user, is_online });
        self.notices.extend(notices);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(1);
    const BEN: UserId = UserId(2);

    fn told(presence: &mut Presence<u8>) -> Vec<(u8, UserId, bool)> {
        let notices = std::iter::from_fn(|| presence.poll_notice());
        notices.map(|notice| (notice.watcher, notice.user, notice.is_online)).collect()
    }

    #[test]
    fn one_is_online_while_any_connection_lives() {
        let mut presence = Presence::default();
        assert!(!presence.watch(ADA, 7));
        for _ in 0..2 {
            presence.came(ADA);
        }
        assert_eq!(told(&mut presence), [(7, ADA, true)]);
        presence.went(ADA);
        assert!(told(&mut presence).is_empty() && presence.is_online(ADA));
        presence.went(ADA);
        assert_eq!(told(&mut presence), [(7, ADA, false)]);
        presence.went(ADA);
        assert!(told(&mut presence).is_empty(), "nobody was there");
    }

    #[test]
    fn those_who_watch_are_told_and_no_others() {
        let mut presence = Presence::default();
        presence.came(ADA);
        assert!(presence.watch(ADA, 9) && presence.watch(ADA, 9) && !presence.watch(BEN, 9));
        assert!(presence.watch(ADA, 8));
        presence.unwatch(ADA, 9);
        presence.unwatch(ADA, 9);
        presence.went(ADA);
        presence.came(BEN);
        assert_eq!(told(&mut presence), [(8, ADA, false), (9, BEN, true)]);
        presence.unwatch(BEN, 9);
        presence.unwatch(ADA, 8);
        presence.went(BEN);
        assert_eq!((presence.held(), presence.poll_notice()), ((0, 0), None));
    }
}
