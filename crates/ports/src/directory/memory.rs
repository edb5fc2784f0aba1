//! The directory that forgets with its process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    future::ready,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use liveloop_core::{RoomId, UserId};

use super::{
    Admission, Channel, ChannelKind, Directory, DirectoryError, Found, Joined, Listed, Member,
    Profile, SecretHash,
};
use crate::{Health, PageLimit, Wall};

struct Entry {
    channel: Channel,
    members: BTreeMap<UserId, Member>,
    invitation: Option<SecretHash>,
}

impl Entry {
    fn found(&self) -> Found {
        let count = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        Found { channel: self.channel.clone(), count }
    }

    fn join(&mut self, user: UserId, by: Admission, at: Wall) -> Result<Joined, DirectoryError> {
        if self.members.contains_key(&user) {
            return Ok(Joined { found: self.found(), is_new: false });
        }
        let is_allowed = match by {
            Admission::Public => self.channel.is_public,
            Admission::Invited(secret) => self.invitation == Some(secret),
        };
        if !is_allowed || self.channel.kind != ChannelKind::Group {
            return Err(DirectoryError::NotAllowed);
        }
        if self.members.len() >= self.channel.capacity as usize {
            return Err(DirectoryError::Full);
        }
        self.members.insert(user, Member { user, joined_at: at, last_read: 0 });
        Ok(Joined { found: self.found(), is_new: true })
    }
}

#[derive(Default)]
struct Tables {
    profiles: HashMap<UserId, Profile>,
    erased: HashSet<UserId>,
    unfinished_erasures: BTreeSet<UserId>,
    channels: BTreeMap<RoomId, Entry>,
    /// The channels of each visitor.
    rooms_by_user: HashMap<UserId, BTreeSet<RoomId>>,
    /// How many groups each visitor has made.
    groups_by_creator: HashMap<UserId, u32>,
    /// The direct channel of two, the lower id first.
    direct: HashMap<(UserId, UserId), RoomId>,
    blocked: HashMap<UserId, BTreeSet<UserId>>,
}

impl Tables {
    fn entry(&mut self, room: RoomId) -> Result<&mut Entry, DirectoryError> {
        self.channels.get_mut(&room).ok_or(DirectoryError::NotFound)
    }

    fn member(&mut self, room: RoomId, user: UserId) -> Result<&mut Member, DirectoryError> {
        let entry = self.channels.get_mut(&room).ok_or(DirectoryError::NotAMember)?;
        entry.members.get_mut(&user).ok_or(DirectoryError::NotAMember)
    }

    fn create(&mut self, channel: Channel, users: &[UserId]) -> Result<Found, DirectoryError> {
        if users.iter().any(|user| self.erased.contains(user)) {
            return Err(DirectoryError::NotAllowed);
        }
        let pair = match (channel.kind, pair(users)) {
            (ChannelKind::Direct, None) => return Err(DirectoryError::NotAllowed),
            (ChannelKind::Direct, pair) => pair,
            _ => None,
        };
        if let Some(room) = pair.and_then(|pair| self.direct.get(&pair).copied()) {
            return Ok(self.entry(room)?.found());
        }
        if self.channels.contains_key(&channel.room) {
            return Err(DirectoryError::Exists);
        }
        let joined_at = channel.created_at;
        let member = |user: &UserId| (*user, Member { user: *user, joined_at, last_read: 0 });
        let members: BTreeMap<_, _> = users.iter().map(member).collect();
        if members.len() > channel.capacity as usize {
            return Err(DirectoryError::Full);
        }
        if let Some(pair) = pair {
            self.direct.insert(pair, channel.room);
        }
        for user in members.keys() {
            self.rooms_by_user.entry(*user).or_default().insert(channel.room);
        }
        let room = channel.room;
        if let Some(creator) = channel.creator.filter(|_| channel.kind == ChannelKind::Group) {
            *self.groups_by_creator.entry(creator).or_default() += 1;
        }
        self.channels.insert(room, Entry { channel, members, invitation: None });
        Ok(self.entry(room)?.found())
    }

    fn forget_member(&mut self, room: RoomId, user: UserId) {
        if let Some(rooms) = self.rooms_by_user.get_mut(&user) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.rooms_by_user.remove(&user);
            }
        }
    }

    fn remove(&mut self, room: RoomId) -> Result<(), DirectoryError> {
        let entry = self.channels.remove(&room).ok_or(DirectoryError::NotFound)?;
        self.direct.retain(|_, direct| *direct != room);
        if let Some(creator) = entry.channel.creator
            && entry.channel.kind == ChannelKind::Group
            && let Some(made) = self.groups_by_creator.get_mut(&creator)
        {
            *made -= 1;
            if *made == 0 {
                self.groups_by_creator.remove(&creator);
            }
        }
        for user in entry.members.keys() {
            self.forget_member(room, *user);
        }
        Ok(())
    }

    fn erase(&mut self, user: UserId) -> Vec<RoomId> {
        if self.erased.insert(user) {
            self.unfinished_erasures.insert(user);
        }
        self.profiles.remove(&user);
        let mut lasting = Vec::new();
        for room in self.rooms_by_user.remove(&user).unwrap_or_default() {
            if let Some(entry) = self.channels.get_mut(&room) {
                entry.members.remove(&user);
                lasting.extend((entry.channel.kind != ChannelKind::Call).then_some(room));
            }
        }
        self.direct.retain(|(one, other), _| *one != user && *other != user);
        self.groups_by_creator.remove(&user);
        self.blocked.remove(&user);
        self.blocked.values_mut().for_each(|blocked| {
            blocked.remove(&user);
        });
        let made = self.channels.values_mut().filter(|it| it.channel.creator == Some(user));
        made.for_each(|it| it.channel.creator = None);
        lasting
    }

    fn calls_before(&self, before: Wall) -> BTreeSet<(Wall, RoomId)> {
        let channels = self.channels.values().map(|entry| &entry.channel);
        let old = channels.filter(|it| it.kind == ChannelKind::Call && it.created_at < before);
        old.map(|it| (it.created_at, it.room)).collect()
    }

    fn remove_calls(&mut self, calls: &[RoomId]) -> u64 {
        let is_call = |entry: &Entry| entry.channel.kind == ChannelKind::Call;
        let gone = calls.iter().filter(|room| {
            self.channels.get(room).is_some_and(is_call) && self.remove(**room).is_ok()
        });
        gone.count() as u64
    }
}

/// Two different visitors, the lower id first.
fn pair(users: &[UserId]) -> Option<(UserId, UserId)> {
    let [one, other] = *users else { return None };
    (one != other).then(|| (one.min(other), one.max(other)))
}

/// A directory in memory; durable for nothing.
#[derive(Default)]
pub struct MemoryDirectory {
    /// A lock, because requests of any thread ask; held for one access, never while waiting.
    tables: Mutex<Tables>,
}

impl MemoryDirectory {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn joined(
        &self,
        room: RoomId,
        user: UserId,
        by: Admission,
        at: Wall,
    ) -> Result<Joined, DirectoryError> {
        let mut tables = self.tables();
        if tables.erased.contains(&user) {
            return Err(DirectoryError::NotAllowed);
        }
        let joined = tables.entry(room)?.join(user, by, at)?;
        tables.rooms_by_user.entry(user).or_default().insert(room);
        Ok(joined)
    }

    fn left(&self, room: RoomId, user: UserId) -> Result<Found, DirectoryError> {
        let mut tables = self.tables();
        tables.member(room, user)?;
        let entry = tables.entry(room)?;
        if entry.channel.kind != ChannelKind::Group {
            return Err(DirectoryError::NotAllowed);
        }
        entry.members.remove(&user);
        let found = entry.found();
        tables.forget_member(room, user);
        Ok(found)
    }

    fn invited(
        &self,
        room: RoomId,
        by: UserId,
        secret: Option<SecretHash>,
    ) -> Result<(), DirectoryError> {
        let mut tables = self.tables();
        let entry = tables.entry(room)?;
        if entry.channel.creator != Some(by) || entry.channel.kind != ChannelKind::Group {
            return Err(DirectoryError::NotAllowed);
        }
        entry.invitation = secret;
        Ok(())
    }
}

fn listed<T: Send + 'static>(answer: Result<T, DirectoryError>) -> Listed<T> {
    Box::pin(ready(answer))
}

fn above<T>(after: Option<T>) -> (Bound<T>, Bound<T>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

impl Directory for MemoryDirectory {
    fn put_visitor(&self, profile: Profile) -> Listed<()> {
        let mut tables = self.tables();
        if tables.erased.contains(&profile.user) {
            return listed(Err(DirectoryError::NotAllowed));
        }
        let name = profile.name.clone();
        tables.profiles.entry(profile.user).or_insert(profile).name = name;
        listed(Ok(()))
    }

    fn visitor(&self, user: UserId) -> Listed<Option<Profile>> {
        let tables = self.tables();
        if tables.erased.contains(&user) {
            return listed(Err(DirectoryError::NotAllowed));
        }
        listed(Ok(tables.profiles.get(&user).cloned()))
    }

    fn visitors(&self, users: Vec<UserId>) -> Listed<Vec<Option<Profile>>> {
        let tables = self.tables();
        listed(Ok(users.iter().map(|user| tables.profiles.get(user).cloned()).collect()))
    }

    fn create(&self, channel: Channel, members: Vec<UserId>) -> Listed<Found> {
        listed(self.tables().create(channel, &members))
    }

    fn channel(&self, room: RoomId) -> Listed<Found> {
        listed(self.tables().entry(room).map(|entry| entry.found()))
    }

    fn public(&self, after: Option<RoomId>, limit: PageLimit) -> Listed<Vec<Found>> {
        let tables = self.tables();
        let entries = tables.channels.range(above(after)).map(|(_, entry)| entry);
        let public = entries.filter(|entry| entry.channel.is_public);
        listed(Ok(public.take(limit.get()).map(Entry::found).collect()))
    }

    fn groups_made_by(&self, user: UserId) -> Listed<u32> {
        listed(Ok(self.tables().groups_by_creator.get(&user).copied().unwrap_or(0)))
    }

    fn channels_of(
        &self,
        user: UserId,
        after: Option<RoomId>,
        limit: PageLimit,
    ) -> Listed<Vec<(Found, Member)>> {
        let tables = self.tables();
        let Some(rooms) = tables.rooms_by_user.get(&user) else { return listed(Ok(Vec::new())) };
        let entries = rooms.range(above(after)).filter_map(|room| tables.channels.get(room));
        let theirs = entries.filter_map(|entry| Some((entry.found(), *entry.members.get(&user)?)));
        listed(Ok(theirs.take(limit.get()).collect()))
    }

    fn member(&self, room: RoomId, user: UserId) -> Listed<Member> {
        listed(self.tables().member(room, user).map(|member| *member))
    }

    fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Listed<Vec<Member>> {
        let mut tables = self.tables();
        let members = |entry: &mut Entry| {
            entry.members.range(above(after)).map(|(_, it)| *it).take(limit.get()).collect()
        };
        listed(tables.entry(room).map(members))
    }

    fn are_fellows(&self, one: UserId, other: UserId) -> Listed<bool> {
        let tables = self.tables();
        let rooms = tables.rooms_by_user.get(&one).into_iter().flatten();
        let mut lasting = rooms
            .filter_map(|room| tables.channels.get(room))
            .filter(|entry| entry.channel.kind != ChannelKind::Call);
        listed(Ok(lasting.any(|entry| entry.members.contains_key(&other))))
    }

    fn join(&self, room: RoomId, user: UserId, by: Admission, at: Wall) -> Listed<Joined> {
        listed(self.joined(room, user, by, at))
    }

    fn leave(&self, room: RoomId, user: UserId) -> Listed<Found> {
        listed(self.left(room, user))
    }

    fn read(&self, room: RoomId, user: UserId, seq: u64) -> Listed<u64> {
        listed(self.tables().member(room, user).map(|member| {
            member.last_read = member.last_read.max(seq);
            member.last_read
        }))
    }

    fn invite(&self, room: RoomId, by: UserId, secret: Option<SecretHash>) -> Listed<()> {
        listed(self.invited(room, by, secret))
    }

    fn remove(&self, room: RoomId) -> Listed<()> {
        listed(self.tables().remove(room))
    }

    fn calls_before(
        &self,
        before: Wall,
        after: Option<(Wall, RoomId)>,
        limit: PageLimit,
    ) -> Listed<Vec<(Wall, RoomId)>> {
        let old = self.tables().calls_before(before);
        listed(Ok(old.range(above(after)).take(limit.get()).copied().collect()))
    }

    fn remove_calls(&self, calls: Vec<RoomId>) -> Listed<u64> {
        listed(Ok(self.tables().remove_calls(&calls)))
    }

    fn block(&self, user: UserId, other: UserId, is_blocked: bool) -> Listed<()> {
        let mut tables = self.tables();
        if is_blocked && ![user, other].iter().any(|it| tables.erased.contains(it)) {
            tables.blocked.entry(user).or_default().insert(other);
        } else if let Some(blocked) = tables.blocked.get_mut(&user) {
            blocked.remove(&other);
        }
        listed(Ok(()))
    }

    fn blocked_by(&self, user: UserId) -> Listed<Vec<UserId>> {
        let tables = self.tables();
        if tables.erased.contains(&user) {
            return listed(Err(DirectoryError::NotAllowed));
        }
        listed(Ok(tables.blocked.get(&user).into_iter().flatten().copied().collect()))
    }

    fn erase(&self, user: UserId) -> Listed<Vec<RoomId>> {
        listed(Ok(self.tables().erase(user)))
    }

    fn unfinished_erasures(&self, limit: PageLimit) -> Listed<Vec<UserId>> {
        let tables = self.tables();
        listed(Ok(tables.unfinished_erasures.iter().take(limit.get()).copied().collect()))
    }

    fn end_erasure(&self, user: UserId) -> Listed<()> {
        let mut tables = self.tables();
        tables.unfinished_erasures.remove(&user);
        let is_erased = tables.erased.contains(&user);
        listed(is_erased.then_some(()).ok_or(DirectoryError::NotFound))
    }

    fn health(&self) -> Health {
        Health::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;

    #[tokio::test]
    async fn keeps_every_guarantee() {
        conformance::directory(MemoryDirectory::default).await;
    }
}
