//! Where sessions are that are not at the connection that they began with.
//!
//! A session is reached at that connection's id for ever: its partner's Link, the desk and its groups
//! hold it. Nearly all are still there and cost nothing here.

use std::{collections::BTreeSet, ops::Bound};

use liveloop_core::{IdMap, Moment, UserId};

use crate::{address::ConnectionPermit, plane::ConnId, session::Session};

/// A session without a socket, which may come back.
pub(super) struct Parked {
    pub(super) session: Session,
    /// It counts as a connection of its address, but for one that another process has left: no
    /// address outlasts its process.
    #[expect(dead_code, reason = "given back when dropped")]
    pub(super) permit: Option<ConnectionPermit>,
    pub(super) until: Moment,
}

enum Home {
    At(ConnId),
    Parked(Box<Parked>),
}

/// The homes of a thread's sessions that have moved, by how they are reached.
#[derive(Default)]
pub(super) struct Homes {
    by_outlet: IdMap<ConnId, Home>,
    graces: BTreeSet<(Moment, ConnId)>,
}

impl Homes {
    /// The connection of a session that has moved.
    pub(super) fn moved(&self, outlet: ConnId) -> Option<ConnId> {
        match self.by_outlet.get(&outlet)? {
            Home::At(id) => Some(*id),
            Home::Parked(_) => None,
        }
    }

    pub(super) fn parked_mut(&mut self, outlet: ConnId) -> Option<&mut Session> {
        match self.by_outlet.get_mut(&outlet)? {
            Home::At(_) => None,
            Home::Parked(parked) => Some(&mut parked.session),
        }
    }

    pub(super) fn park(&mut self, parked: Parked) {
        let outlet = parked.session.outlet();
        self.graces.insert((parked.until, outlet));
        self.by_outlet.insert(outlet, Home::Parked(Box::new(parked)));
    }

    pub(super) fn unpark(&mut self, outlet: ConnId) -> Option<Parked> {
        match self.by_outlet.remove(&outlet)? {
            Home::Parked(parked) => {
                self.graces.remove(&(parked.until, outlet));
                Some(*parked)
            }
            home @ Home::At(_) => {
                self.by_outlet.insert(outlet, home);
                None
            }
        }
    }

    pub(super) fn move_to(&mut self, outlet: ConnId, id: ConnId) {
        self.by_outlet.insert(outlet, Home::At(id));
    }

    /// Forgets where a session is that is over or without a socket.
    pub(super) fn forget(&mut self, outlet: ConnId) {
        self.by_outlet.remove(&outlet);
    }

    /// All without a socket.
    pub(super) fn parked(&self) -> impl Iterator<Item = &Parked> {
        self.by_outlet.values().filter_map(|home| match home {
            Home::At(_) => None,
            Home::Parked(parked) => Some(&**parked),
        })
    }

    /// Of so many above this one those of a visitor that are without a socket, and where those end.
    pub(super) fn parked_of(
        &self,
        user: UserId,
        after: Option<(Moment, ConnId)>,
        most: usize,
    ) -> (Vec<ConnId>, Option<(Moment, ConnId)>) {
        let above = after.map_or(Bound::Unbounded, Bound::Excluded);
        let some: Vec<_> = self.graces.range((above, Bound::Unbounded)).take(most).collect();
        let is_theirs = |outlet: &ConnId| match self.by_outlet.get(outlet) {
            Some(Home::Parked(parked)) => parked.session.user() == user,
            _ => false,
        };
        let theirs = some.iter().map(|(_, outlet)| *outlet).filter(is_theirs).collect();
        (theirs, some.last().filter(|_| some.len() == most).map(|last| **last))
    }

    /// Sessions that are elsewhere than they began, and those without a socket.
    pub(super) fn held(&self) -> (usize, usize) {
        let is_parked = |home: &&Home| matches!(home, Home::Parked(_));
        let parked = self.by_outlet.values().filter(is_parked).count();
        (self.by_outlet.len() - parked, parked)
    }

    /// When the next grace ends.
    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        self.graces.first().map(|(until, _)| *until)
    }

    /// A session whose grace has ended by `now`.
    pub(super) fn poll_expired(&self, now: Moment) -> Option<ConnId> {
        self.graces.first().filter(|(until, _)| *until <= now).map(|(_, outlet)| *outlet)
    }
}
