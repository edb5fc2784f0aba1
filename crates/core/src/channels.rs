//! Channels that somebody listens to, at the one place that orders what is published in each.
//!
//! Who is a member of what is not known here: the store knows. Here it is gathered who has come and gone,
//! so that listeners hear of it at most once a second. What nobody listens to is forgotten at once.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use crate::{IdMap, Moment, RoomId, UserId};

/// What has happened to the members of a channel since its listeners were last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersChange {
    /// The channel.
    pub room: RoomId,
    /// Who came; empty where nobody did, or too many to name.
    pub joined: Vec<UserId>,
    /// Who went; empty likewise.
    pub left: Vec<UserId>,
}

/// What it means that somebody begins or ceases to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// Nobody has listened until now.
    Begun,
    /// Nobody listens any more; nothing is held of the channel.
    Ended,
    /// Somebody did, and does.
    Same,
}

/// Some visitors, unless they are too many.
#[derive(Debug, Default)]
struct Names {
    users: Vec<UserId>,
    is_crowd: bool,
}

impl Names {
    fn add(&mut self, user: UserId) {
        if self.is_crowd || self.users.contains(&user) {
            return;
        }
        self.users.push(user);
        if self.users.len() > Channels::NAMED_MAX {
            *self = Self { users: Vec::new(), is_crowd: true };
        }
    }

    /// Whether `user` was one of them; from now on they are not.
    fn remove(&mut self, user: UserId) -> bool {
        let place = self.users.iter().position(|each| *each == user);
        place.map(|place| self.users.remove(place)).is_some()
    }
}

#[derive(Debug, Default)]
struct Channel {
    /// In how many places somebody listens.
    heard_in: usize,
    /// Whether the store takes texts for it.
    is_open: bool,
    joined: Names,
    left: Names,
    /// When its listeners were last told of a change.
    told_at: Option<Moment>,
    /// When they are to be told of the next one.
    due: Option<Moment>,
}

/// The channels of one node whose texts are ordered in one place.
#[derive(Debug, Default)]
pub struct Channels {
    by_room: IdMap<RoomId, Channel>,
    due: BTreeSet<(Moment, RoomId)>,
    changes: VecDeque<MembersChange>,
}

impl Channels {
    /// How often at most listeners hear who has come and gone.
    pub const NOTICE_INTERVAL: Duration = Duration::from_secs(1);
    /// How many of those who came, and how many of those who went, are named at once.
    pub const NAMED_MAX: usize = 50;

    /// In one more place, or in one less, somebody listens.
    pub fn heard(&mut self, room: RoomId, is_heard: bool) -> Hearing {
        if is_heard {
            let channel = self.by_room.entry(room).or_default();
            channel.heard_in += 1;
            return if channel.heard_in == 1 { Hearing::Begun } else { Hearing::Same };
        }
        let Some(channel) = self.by_room.get_mut(&room) else { return Hearing::Same };
        channel.heard_in -= 1;
        if channel.heard_in > 0 {
            return Hearing::Same;
        }
        if let Some(due) = channel.due {
            self.due.remove(&(due, room));
        }
        self.by_room.remove(&room);
        Hearing::Ended
    }

    /// The store takes texts for it from now on. Whether anybody still listens: otherwise that is to
    /// end again.
    pub fn opened(&mut self, room: RoomId) -> bool {
        let channel = self.by_room.get_mut(&room);
        channel.map(|channel| channel.is_open = true).is_some()
    }

    /// Whether the store takes texts for it.
    #[must_use]
    pub fn is_open(&self, room: RoomId) -> bool {
        self.by_room.get(&room).is_some_and(|channel| channel.is_open)
    }

    /// A visitor has become a member, or is none any more.
    pub fn member(&mut self, room: RoomId, user: UserId, has_come: bool, now: Moment) {
        let Some(channel) = self.by_room.get_mut(&room) else { return };
        let Channel { joined, left, .. } = channel;
        let (to, from) = if has_come { (joined, left) } else { (left, joined) };
        if !from.remove(user) {
            to.add(user);
        }
        if channel.due.is_some() {
            return;
        }
        let due = channel.told_at.map_or(now, |told_at| told_at + Self::NOTICE_INTERVAL);
        channel.due = Some(due);
        self.due.insert((due, room));
        self.handle_timeout(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some((due, room)) = self.due.first().copied() {
            if due > now {
                return;
            }
            self.due.pop_first();
            let Some(channel) = self.by_room.get_mut(&room) else { continue };
            (channel.due, channel.told_at) = (None, Some(now));
            let joined = std::mem::take(&mut channel.joined).users;
            let left = std::mem::take(&mut channel.left).users;
            self.changes.push_back(MembersChange { room, joined, left });
        }
    }

    /// When [`Channels::handle_timeout`] is next to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The next change that listeners are to be told of, with the number of members that the store
    /// then has.
    pub fn poll_change(&mut self) -> Option<MembersChange> {
        self.changes.pop_front()
    }

    /// How many are listened to.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_room.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId(7);

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn heard() -> Channels {
        let mut channels = Channels::default();
        assert_eq!(channels.heard(ROOM, true), Hearing::Begun);
        channels
    }

    #[track_caller]
    fn check_told(channels: &mut Channels, joined: &[u128], left: &[u128]) {
        let change = channels.poll_change().expect("there is something to tell");
        let users = |ids: &[u128]| ids.iter().copied().map(UserId).collect::<Vec<_>>();
        let (joined, left) = (users(joined), users(left));
        assert_eq!(change, MembersChange { room: ROOM, joined, left });
        assert_eq!(channels.poll_change(), None);
    }

    #[test]
    fn changes_are_gathered_to_one_a_second() {
        let mut channels = heard();
        channels.member(ROOM, UserId(1), true, at(0));
        check_told(&mut channels, &[1], &[]);
        channels.member(ROOM, UserId(2), true, at(10));
        channels.member(ROOM, UserId(3), true, at(20));
        channels.member(ROOM, UserId(1), false, at(30));
        assert_eq!((channels.poll_change(), channels.poll_timeout()), (None, Some(at(1_000))));
        channels.handle_timeout(at(999));
        assert_eq!(channels.poll_change(), None);
        channels.handle_timeout(at(1_000));
        check_told(&mut channels, &[2, 3], &[1]);
        assert_eq!(channels.poll_timeout(), None);
        channels.member(ROOM, UserId(2), false, at(5_000));
        check_told(&mut channels, &[], &[2]);
    }

    #[test]
    fn who_comes_and_goes_within_a_second_is_not_named() {
        let mut channels = heard();
        channels.member(ROOM, UserId(1), true, at(0));
        check_told(&mut channels, &[1], &[]);
        for has_come in [true, false, true, true, false] {
            channels.member(ROOM, UserId(2), has_come, at(1));
        }
        channels.member(ROOM, UserId(1), false, at(2));
        channels.member(ROOM, UserId(1), true, at(3));
        channels.handle_timeout(at(1_000));
        check_told(&mut channels, &[], &[]);
    }

    #[test]
    fn a_crowd_is_not_named() {
        let mut channels = heard();
        channels.member(ROOM, UserId(0), true, at(0));
        check_told(&mut channels, &[0], &[]);
        let most = Channels::NAMED_MAX as u128;
        for user in 1..=most {
            channels.member(ROOM, UserId(user), true, at(1));
        }
        channels.handle_timeout(at(1_000));
        check_told(&mut channels, &(1..=most).collect::<Vec<_>>(), &[]);
        for user in 100..=100 + most {
            channels.member(ROOM, UserId(user), true, at(1_001));
        }
        channels.member(ROOM, UserId(1), false, at(1_001));
        channels.handle_timeout(at(2_000));
        check_told(&mut channels, &[], &[1]);
    }

    #[test]
    fn one_that_nobody_listens_to_is_forgotten() {
        let mut channels = heard();
        assert!(channels.opened(ROOM) && channels.is_open(ROOM));
        assert_eq!(channels.heard(ROOM, true), Hearing::Same);
        for user in 1..3 {
            channels.member(ROOM, UserId(user), true, at(0));
        }
        assert_eq!(channels.heard(ROOM, false), Hearing::Same);
        assert_eq!((channels.count(), channels.heard(ROOM, false)), (1, Hearing::Ended));
        assert_eq!((channels.count(), channels.poll_timeout()), (0, None));
        assert!(!channels.is_open(ROOM) && !channels.opened(ROOM));
        channels.member(ROOM, UserId(3), true, at(1));
        check_told(&mut channels, &[1], &[]);
        assert_eq!(channels.heard(ROOM, false), Hearing::Same, "nobody did");
    }
}
