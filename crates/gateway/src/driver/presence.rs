//! The homes of visitors: each visitor has a thread, by their id, that knows whether they are online and
//! who watches that.

use liveloop_core::{PresenceNotice, UserId};

use super::{Driver, Post};
use crate::{
    plane::{ConnId, Net},
    session::{Delivery, Online, Watch},
};

impl<N: Net> Driver<N> {
    /// A visitor has one more connection that counts, or one less.
    pub(super) fn present(&mut self, user: UserId, is_here: bool) {
        if let Some(home) = self.elsewhere(user.0) {
            return home.post(Post::Present(user, is_here));
        }
        if is_here {
            self.presence.came(user);
        } else {
            self.presence.went(user);
        }
        while let Some(notice) = self.presence.poll_notice() {
            let PresenceNotice { watcher, user, is_online } = notice;
            self.deliver(watcher, Delivery::Presence { user, is_online });
        }
    }

    /// Has each home tell what it knows of those whom a session watches, now and when it changes.
    pub(super) fn watch(&mut self, watch: Watch) {
        let Watch { watcher, users, number } = watch;
        for (home, users) in self.by_home(users) {
            let watch = Watch { watcher, users, number };
            if home == usize::from(self.thread) {
                self.watch_here(watch);
            } else {
                self.wires.threads[home].post(Post::Watch(watch));
            }
        }
    }

    pub(super) fn watch_here(&mut self, watch: Watch) {
        let Watch { watcher, users, number } = watch;
        let watched = users.into_iter().map(|user| (user, self.presence.watch(user, watcher)));
        let online = Online { users: watched.collect(), number };
        self.deliver(watcher, Delivery::Online(Box::new(online)));
    }

    pub(super) fn unwatch(&mut self, watcher: ConnId, users: Vec<UserId>) {
        for (home, users) in self.by_home(users) {
            if home == usize::from(self.thread) {
                self.unwatch_here(watcher, &users);
            } else {
                self.wires.threads[home].post(Post::Unwatch(watcher, users));
            }
        }
    }

    pub(super) fn unwatch_here(&mut self, watcher: ConnId, users: &[UserId]) {
        users.iter().for_each(|user| self.presence.unwatch(*user, watcher));
    }

    /// Some visitors by their homes; no home without any.
    fn by_home(&self, users: Vec<UserId>) -> Vec<(usize, Vec<UserId>)> {
        let mut by_home = vec![Vec::new(); self.wires.threads.len()];
        users.into_iter().for_each(|user| by_home[self.home_of(user.0)].push(user));
        by_home.into_iter().enumerate().filter(|(_, users)| !users.is_empty()).collect()
    }
}
