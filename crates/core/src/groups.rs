//! Groups: lasting conversations, and who is a member of them.
//!
//! Membership is a visitor's and lasts; which of their sessions listen is known where the sessions
//! are; here it is known only whether anybody does. A refused input changes nothing. Changes of the
//! member count are told at most once a second. A group that nobody listens to for long enough ends.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};

use crate::{IdMap, Moment, RoomId, UserId};

/// What a group is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// Who makes it, and is its first member.
    pub creator: UserId,
    /// What it is called.
    pub name: Option<String>,
    /// Whether anybody may join.
    pub is_public: bool,
    /// How many members it may have; the policy's most where absent.
    pub capacity: Option<usize>,
}

/// Bounds on groups; 0 is none.
#[derive(Clone, Copy, Debug)]
pub struct GroupPolicy {
    /// Groups of all visitors together.
    pub groups_max: usize,
    /// Members of one group.
    pub members_max: usize,
    /// Groups that one visitor may have made.
    pub groups_per_visitor_max: usize,
    /// A group ends that nobody has listened to for this long.
    pub idle_max: Duration,
}

/// Why something about a group was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRejection {
    /// There is no such group for this visitor.
    NotFound,
    /// It has as many members as it may.
    Full,
    /// The visitor has made as many as one may, or all together have.
    TooMany,
}

/// What a visitor learns of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// What it is called.
    pub name: Option<String>,
    /// How many members it has.
    pub count: usize,
}

#[derive(Debug)]
struct Group {
    spec: GroupSpec,
    members: HashSet<UserId>,
    /// When its listeners were last told of a change.
    told_at: Option<Moment>,
    is_to_be_told: bool,
    /// In how many places somebody listens.
    heard_in: usize,
    /// When it ends if nobody comes; none while somebody listens, or where groups never end.
    ends_at: Option<Moment>,
}

/// The groups of one node.
#[derive(Debug)]
pub struct Groups {
    policy: GroupPolicy,
    groups: IdMap<RoomId, Group>,
    made_by: HashMap<UserId, usize>,
    to_tell: BTreeSet<(Moment, RoomId)>,
    to_end: BTreeSet<(Moment, RoomId)>,
    ended: VecDeque<RoomId>,
    changes: VecDeque<(RoomId, usize)>,
}

impl Groups {
    /// How often at most listeners hear that the number of members has changed.
    pub const NOTICE_INTERVAL: Duration = Duration::from_secs(1);

    /// No group yet.
    #[must_use]
    pub fn new(policy: GroupPolicy) -> Self {
        Self {
            policy,
            groups: IdMap::default(),
            made_by: HashMap::new(),
            to_tell: BTreeSet::new(),
            to_end: BTreeSet::new(),
            ended: VecDeque::new(),
            changes: VecDeque::new(),
        }
    }

    /// Makes a group with an id that was never given before; its creator is a member.
    ///
    /// # Errors
    /// [`GroupRejection::TooMany`].
    pub fn create(
        &mut self,
        room: RoomId,
        spec: GroupSpec,
        now: Moment,
    ) -> Result<(), GroupRejection> {
        let made = self.made_by.get(&spec.creator).copied().unwrap_or(0);
        let is_over = |count: usize, most: usize| most > 0 && count >= most;
        if is_over(made, self.policy.groups_per_visitor_max)
            || is_over(self.groups.len(), self.policy.groups_max)
        {
            return Err(GroupRejection::TooMany);
        }
        self.made_by.insert(spec.creator, made + 1);
        let members = HashSet::from([spec.creator]);
        let (told_at, ends_at) = (None, None);
        let group = Group { spec, members, told_at, is_to_be_told: false, heard_in: 0, ends_at };
        let before = self.groups.insert(room, group);
        debug_assert!(before.is_none(), "a room id is given once");
        self.put_off_end(room, now);
        Ok(())
    }

    /// Makes `user` a member, if they are none yet.
    ///
    /// # Errors
    /// [`GroupRejection::NotFound`], also where the group is not for them, or
    /// [`GroupRejection::Full`].
    pub fn join(
        &mut self,
        room: RoomId,
        user: UserId,
        now: Moment,
    ) -> Result<GroupView, GroupRejection> {
        let group = self.groups.get_mut(&room).ok_or(GroupRejection::NotFound)?;
        if !group.members.contains(&user) {
            if !group.spec.is_public {
                return Err(GroupRejection::NotFound);
            }
            let bounds = [group.spec.capacity.unwrap_or(0), self.policy.members_max];
            let capacity = bounds.into_iter().filter(|bound| *bound > 0).min();
            if capacity.is_some_and(|capacity| group.members.len() >= capacity) {
                return Err(GroupRejection::Full);
            }
            group.members.insert(user);
            self.changed(room, now);
        }
        // Until it is known that they listen.
        self.put_off_end(room, now);
        let group = &self.groups[&room];
        Ok(GroupView { name: group.spec.name.clone(), count: group.members.len() })
    }

    /// Ends a membership, if there is one.
    pub fn leave(&mut self, room: RoomId, user: UserId, now: Moment) {
        let group = self.groups.get_mut(&room);
        if group.is_some_and(|group| group.members.remove(&user)) {
            self.changed(room, now);
        }
    }

    /// In one more place, or in one less, somebody listens.
    pub fn heard(&mut self, room: RoomId, is_heard: bool, now: Moment) {
        let Some(group) = self.groups.get_mut(&room) else { return };
        group.heard_in =
            if is_heard { group.heard_in + 1 } else { group.heard_in.saturating_sub(1) };
        self.put_off_end(room, now);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.groups.len()
    }

    /// The next group that has ended.
    pub fn poll_ended(&mut self) -> Option<RoomId> {
        self.ended.pop_front()
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some((due, room)) = self.to_end.first().copied() {
            if due > now {
                break;
            }
            self.end(room);
        }
        while let Some((due, room)) = self.to_tell.first().copied() {
            if due > now {
                break;
            }
            self.to_tell.pop_first();
            self.tell(room, now);
        }
    }

    /// When [`Groups::handle_timeout`] is next to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        let due = [self.to_tell.first(), self.to_end.first()];
        due.into_iter().flatten().map(|(due, _)| *due).min()
    }

    /// The next group whose listeners are to be told how many members it has now.
    pub fn poll_change(&mut self) -> Option<(RoomId, usize)> {
        self.changes.pop_front()
    }

    /// From `now` on it has its full time, or no end while somebody listens.
    fn put_off_end(&mut self, room: RoomId, now: Moment) {
        let Some(group) = self.groups.get_mut(&room) else { return };
        if let Some(due) = group.ends_at.take() {
            self.to_end.remove(&(due, room));
        }
        if group.heard_in == 0 && !self.policy.idle_max.is_zero() {
            let due = now + self.policy.idle_max;
            group.ends_at = Some(due);
            self.to_end.insert((due, room));
        }
    }

    fn end(&mut self, room: RoomId) {
        let Some(group) = self.groups.remove(&room) else { return };
        if let Some(due) = group.ends_at {
            self.to_end.remove(&(due, room));
        }
        self.to_tell.retain(|(_, told)| *told != room || !group.is_to_be_told);
        if let Some(made) = self.made_by.get_mut(&group.spec.creator) {
            *made -= 1;
            if *made == 0 {
                self.made_by.remove(&group.spec.creator);
            }
        }
        self.ended.push_back(room);
    }

    fn changed(&mut self, room: RoomId, now: Moment) {
        let Some(group) = self.groups.get_mut(&room) else { return };
        if std::mem::replace(&mut group.is_to_be_told, true) {
            return;
        }
        let due = group.told_at.map_or(now, |told_at| told_at + Self::NOTICE_INTERVAL);
        if due <= now {
            self.tell(room, now);
        } else {
            self.to_tell.insert((due, room));
        }
    }

    fn tell(&mut self, room: RoomId, now: Moment) {
        let Some(group) = self.groups.get_mut(&room) else { return };
        group.is_to_be_told = false;
        group.told_at = Some(now);
        self.changes.push_back((room, group.members.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId(7);
    const CREATOR: UserId = UserId(1);

    const HOUR: u64 = 3_600_000;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn groups(is_public: bool, capacity: Option<usize>) -> Groups {
        let mut groups = Groups::new(GroupPolicy {
            groups_max: 3,
            members_max: 5,
            groups_per_visitor_max: 2,
            idle_max: Duration::from_hours(1),
        });
        let spec = GroupSpec { creator: CREATOR, name: Some("Chess".into()), is_public, capacity };
        groups.create(ROOM, spec, at(0)).unwrap();
        groups
    }

    fn changes(groups: &mut Groups) -> Vec<usize> {
        std::iter::from_fn(|| groups.poll_change()).map(|(_, count)| count).collect()
    }

    #[test]
    fn anybody_joins_a_public_group_once() {
        let mut groups = groups(true, None);
        let view = GroupView { name: Some("Chess".into()), count: 2 };
        assert_eq!(groups.join(ROOM, UserId(2), at(0)), Ok(view.clone()));
        assert_eq!(groups.join(ROOM, UserId(2), at(1)), Ok(view.clone()));
        assert_eq!(groups.join(ROOM, CREATOR, at(1)), Ok(view));
        groups.leave(ROOM, UserId(2), at(2));
        groups.leave(ROOM, UserId(2), at(2));
        assert_eq!(groups.join(ROOM, CREATOR, at(3)).map(|view| view.count), Ok(1));
    }

    #[test]
    fn one_that_is_not_public_is_not_there_for_strangers() {
        let mut groups = groups(false, None);
        assert_eq!(groups.join(ROOM, UserId(2), at(0)), Err(GroupRejection::NotFound));
        assert_eq!(groups.join(RoomId(8), CREATOR, at(0)), Err(GroupRejection::NotFound));
        assert!(groups.join(ROOM, CREATOR, at(0)).is_ok());
        assert!(changes(&mut groups).is_empty());
    }

    #[test]
    fn a_full_group_takes_nobody_but_its_members() {
        for capacity in [Some(3), Some(100), None] {
            let mut groups = groups(true, capacity);
            let most = capacity.unwrap_or(5).min(5);
            for user in 2..=most {
                assert!(groups.join(ROOM, UserId(user as u128), at(0)).is_ok());
            }
            assert_eq!(groups.join(ROOM, UserId(99), at(0)), Err(GroupRejection::Full));
            assert!(groups.join(ROOM, UserId(2), at(0)).is_ok());
        }
    }

    #[test]
    fn a_visitor_makes_so_many_and_no_more() {
        let mut groups = groups(true, None);
        let spec = GroupSpec { creator: CREATOR, name: None, is_public: true, capacity: None };
        assert_eq!(groups.create(RoomId(8), spec.clone(), at(0)), Ok(()));
        assert_eq!(groups.create(RoomId(9), spec.clone(), at(0)), Err(GroupRejection::TooMany));
        let others = GroupSpec { creator: UserId(2), ..spec };
        assert_eq!(groups.create(RoomId(9), others.clone(), at(0)), Ok(()));
        assert_eq!(groups.create(RoomId(10), others, at(0)), Err(GroupRejection::TooMany));
    }

    #[test]
    fn changes_are_gathered_to_one_a_second() {
        let mut groups = groups(true, None);
        groups.join(ROOM, UserId(2), at(0)).unwrap();
        assert_eq!(changes(&mut groups), [2], "the first is told at once");
        groups.join(ROOM, UserId(3), at(10)).unwrap();
        groups.join(ROOM, UserId(4), at(20)).unwrap();
        assert!(changes(&mut groups).is_empty());
        assert_eq!(groups.poll_timeout(), Some(at(1_000)));
        groups.handle_timeout(at(999));
        assert!(changes(&mut groups).is_empty());
        groups.handle_timeout(at(1_000));
        assert_eq!(changes(&mut groups), [4]);
        assert_eq!(groups.poll_timeout(), Some(at(20 + HOUR)), "then it ends, if nobody listens");
        groups.leave(ROOM, UserId(4), at(5_000));
        assert_eq!(changes(&mut groups), [3]);
    }

    #[test]
    fn one_that_nobody_listens_to_ends_after_its_time_and_makes_room() {
        let mut groups = groups(true, None);
        let spec = GroupSpec { creator: CREATOR, name: None, is_public: true, capacity: None };
        groups.create(RoomId(8), spec.clone(), at(10)).unwrap();
        groups.handle_timeout(at(HOUR - 1));
        assert_eq!((groups.poll_ended(), groups.count()), (None, 2));
        groups.handle_timeout(at(HOUR));
        assert_eq!((groups.poll_ended(), groups.poll_ended()), (Some(ROOM), None));
        assert_eq!(groups.join(ROOM, CREATOR, at(HOUR)), Err(GroupRejection::NotFound));
        assert_eq!(groups.create(RoomId(9), spec, at(HOUR)), Ok(()), "it is the creator's no more");
    }

    #[test]
    fn one_that_is_listened_to_does_not_end() {
        let mut groups = groups(true, None);
        for _ in 0..2 {
            groups.heard(ROOM, true, at(5));
        }
        groups.heard(ROOM, false, at(6));
        assert_eq!(groups.poll_timeout(), None, "in one place somebody listens still");
        groups.handle_timeout(at(10 * HOUR));
        groups.heard(ROOM, false, at(10 * HOUR));
        assert_eq!(groups.poll_timeout(), Some(at(11 * HOUR)));
        groups.join(ROOM, UserId(2), at(11 * HOUR - 1)).unwrap();
        groups.handle_timeout(at(11 * HOUR));
        assert_eq!(groups.poll_ended(), None, "whoever joins is about to listen");
        groups.handle_timeout(at(12 * HOUR));
        assert_eq!(groups.poll_ended(), Some(ROOM));
        assert_eq!(groups.poll_timeout(), None, "nothing is left of it");
    }
}
