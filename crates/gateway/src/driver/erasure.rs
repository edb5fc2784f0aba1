//! A visitor who is erased: their sessions here end, and those who listen where they said something see
//! that it has gone.
//!
//! All sessions of a thread are looked through, some at a time, so that nobody waits for it.

use std::collections::{HashSet, VecDeque};

use liveloop_core::{Moment, RoomId, UserId};
use liveloop_ports::{Page, PageLimit, Span};
use tokio::sync::oneshot;

use super::{Driver, Post};
use crate::{
    plane::{ConnId, Io, Net},
    session::Publication,
};

/// How many sessions are looked at in one go.
const STEP: usize = 4_096;
/// How many erased visitors are remembered, the last ones: longer than an answer of the stores that was
/// on its way can be.
const USERS_MAX: usize = 16_384;
/// How many of the newest texts of a channel are shown anew to who listens: what they see at first.
const SHOWN: u64 = 50;

/// Visitors who were erased lately.
#[derive(Default)]
pub(super) struct Erased {
    users: HashSet<UserId>,
    oldest_first: VecDeque<UserId>,
}

impl Erased {
    fn remember(&mut self, user: UserId) {
        if !self.users.insert(user) {
            return;
        }
        self.oldest_first.push_back(user);
        if self.oldest_first.len() > USERS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.users.remove(&oldest);
        }
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.users.contains(&user)
    }
}

/// How far a thread's sessions have been looked through for those of one visitor.
#[derive(Debug)]
pub(crate) struct Erasing {
    user: UserId,
    place: Place,
    /// Told when all are looked through.
    ended: oneshot::Sender<()>,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Those with a socket, from this slot on.
    Live(usize),
    /// Those without one, above this one.
    Parked(Option<(Moment, ConnId)>),
}

impl Erasing {
    pub(crate) fn new(user: UserId, ended: oneshot::Sender<()>) -> Self {
        Self { user, place: Place::Live(0), ended }
    }
}

impl<N: Net> Driver<N> {
    /// Ends some of a visitor's sessions, and goes on with the others when this thread has had its turn.
    pub(super) fn end_sessions(&mut self, io: &mut Io<N>, mut erasing: Box<Erasing>) {
        let user = erasing.user;
        self.erased.remember(user);
        let next = match erasing.place {
            Place::Live(from) => {
                let (keys, next) = self.clients.live_of(user, from, STEP);
                for key in keys {
                    let id = ConnId { thread: self.thread, key };
                    self.with_session(io, id, crate::session::Session::handle_erased);
                }
                Some(next.map_or(Place::Parked(None), Place::Live))
            }
            Place::Parked(after) => {
                let (outlets, next) = self.homes.parked_of(user, after, STEP);
                outlets.into_iter().for_each(|outlet| self.end_grace(io, outlet));
                next.map(|next| Place::Parked(Some(next)))
            }
        };
        match next {
            Some(place) => {
                erasing.place = place;
                self.wires.threads[usize::from(self.thread)].post(Post::EndSessions(erasing));
            }
            None => {
                // The node may be going down.
                let _ = erasing.ended.send(());
            }
        }
    }

    /// Somebody is erased who has said something in a channel that may be at home here.
    pub(super) fn show_erased(&mut self, room: RoomId) {
        if !self.channels.is_open(room) {
            return;
        }
        let limit = PageLimit::new(SHOWN).unwrap_or_default();
        let page = self.wires.door.node.archive.page(room, Span::Newest, limit);
        self.awaited.add(async move { Post::Erased(room, page.await.unwrap_or_default()) });
    }

    /// Tells those who listen to a channel what of its newest texts is erased. They know the older ones
    /// as such when they read them again: there may be millions.
    pub(super) fn tell_erased(&mut self, room: RoomId, page: &Page) {
        for kept in page.messages.iter().filter(|kept| kept.user.is_none()) {
            self.publish(Publication::of_erased(room, kept));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_the_last_ones() {
        let mut erased = Erased::default();
        for user in 0..=USERS_MAX as u128 {
            erased.remember(UserId(user));
            erased.remember(UserId(user));
        }
        assert!(!erased.has(UserId(0)) && erased.has(UserId(1)));
        assert!(erased.has(UserId(USERS_MAX as u128)));
        assert_eq!((erased.users.len(), erased.oldest_first.len()), (USERS_MAX, USERS_MAX));
    }
}
