//! Groups: lasting conversations, and who is a member of them.
//!
//! Membership is a visitor's and lasts; which of their sessions listen is known where the sessions
//! are. A refused input changes nothing. Changes of the member count are told at most once a second.

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
}

/// The groups of one node.
#[derive(Debug)]
pub struct Groups {
    policy: GroupPolicy,
    groups: IdMap<RoomId, Group>,
    made_by: HashMap<UserId, usize>,
    to_tell: BTreeSet<(Moment, RoomId)>,
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
            changes: VecDeque::new(),
        }
    }

    /// Makes a group with an id that was never given before; its creator is a member.
    ///
    /// # Errors
    /// [`GroupRejection::TooMany`].
    pub fn create(&mut self, room: RoomId, spec: GroupSpec) -> Result<(), GroupRejection> {
        let made = self.made_by.get(&spec.creator).copied().unwrap_or(0);
        let is_over = |count: usize, most: usize| most > 0 && count >= most;
        if is_over(made, self.policy.groups_per_visitor_max)
            || is_over(self.groups.len(), self.policy.groups_max)
        {
            return Err(GroupRejection::TooMany);
        }
        self.made_by.insert(spec.creator, made + 1);
        let members = HashSet::from([spec.creator]);
        let group = Group { spec, members, told_at: None, is_to_be_told: false };
        let before = self.groups.insert(room, group);
        debug_assert!(before.is_none(), "a room id is given once");
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

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Moment) {
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
        self.to_tell.first().map(|(due, _)| *due)
    }

    /// The next group whose listeners are to be told how many members it has now.
    pub fn poll_change(&mut self) -> Option<(RoomId, usize)> {
        self.changes.pop_front()
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

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn groups(is_public: bool, capacity: Option<usize>) -> Groups {
        let mut groups =
            Groups::new(GroupPolicy { groups_max: 3, members_max: 5, groups_per_visitor_max: 2 });
        let spec = GroupSpec { creator: CREATOR, name: Some("Chess".into()), is_public, capacity };
        groups.create(ROOM, spec).unwrap();
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
        assert_eq!(groups.create(RoomId(8), spec.clone()), Ok(()));
        assert_eq!(groups.create(RoomId(9), spec.clone()), Err(GroupRejection::TooMany));
        let others = GroupSpec { creator: UserId(2), ..spec };
        assert_eq!(groups.create(RoomId(9), others.clone()), Ok(()));
        assert_eq!(groups.create(RoomId(10), others), Err(GroupRejection::TooMany));
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
        assert_eq!(groups.poll_timeout(), None);
        groups.leave(ROOM, UserId(4), at(5_000));
        assert_eq!(changes(&mut groups), [3]);
    }
}
