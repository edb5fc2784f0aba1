//! The port for visitors and channels, on the store's threads.

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Admission, Channel, Directory, DirectoryError, Found, Health, Joined, Listed, Member,
    PageLimit, Profile, SecretHash, Wall,
};
use rusqlite::{Connection, Result, params};

use crate::{
    channels::{self, Answer, found, found_columns, member_from},
    messages::{Tables, blob, int, uint},
    store::{SqliteStore, answer},
};

impl SqliteStore {
    fn directory_read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Answer<T> + Send + 'static,
    ) -> Listed<T> {
        let asked = self.inner.read(read);
        Box::pin(async move { answer(asked?).await? })
    }

    fn directory_commit<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tables<'_>) -> Answer<T> + Send + 'static,
    ) -> Listed<T> {
        let asked = self.inner.commit(work);
        Box::pin(async move { answer(asked?).await })
    }
}

/// Below every id where there is none; ids are compared as bytes.
fn above(after: Option<u128>) -> Vec<u8> {
    after.map_or_else(Vec::new, |id| blob(id).to_vec())
}

fn most(limit: PageLimit) -> i64 {
    i64::try_from(limit.get()).expect("200 at most")
}

impl Directory for SqliteStore {
    fn put_visitor(&self, profile: Profile) -> Listed<()> {
        self.directory_commit(move |tables| tables.put_visitor(&profile))
    }

    fn visitor(&self, user: UserId) -> Listed<Option<Profile>> {
        self.directory_read(move |connection| channels::visitor(connection, user))
    }

    fn visitors(&self, users: Vec<UserId>) -> Listed<Vec<Option<Profile>>> {
        self.directory_read(move |connection| {
            let profiles = users.iter().map(|user| channels::profile(connection, *user));
            profiles.collect::<Result<_>>().map(Ok)
        })
    }

    fn create(&self, channel: Channel, members: Vec<UserId>) -> Listed<Found> {
        self.directory_commit(move |tables| tables.create(&channel, &members))
    }

    fn channel(&self, room: RoomId) -> Listed<Found> {
        self.directory_read(move |connection| channels::channel(connection, room))
    }

    fn public(&self, after: Option<RoomId>, limit: PageLimit) -> Listed<Vec<Found>> {
        self.directory_read(move |connection| {
            let mut select = connection.prepare_cached(concat!(
                found_columns!(),
                "WHERE c.is_public = 1 AND c.room > ?1 ORDER BY c.room LIMIT ?2"
            ))?;
            let after = above(after.map(|room| room.0));
            let rows = select.query_map(params![after, most(limit)], found)?;
            rows.collect::<Result<_>>().map(Ok)
        })
    }

    fn groups_made_by(&self, user: UserId) -> Listed<u32> {
        self.directory_read(move |connection| {
            let mut count = connection
                .prepare_cached("SELECT count(*) FROM channel WHERE creator = ?1 AND kind = 0")?;
            count.query_row([blob(user.0)], |row| row.get(0)).map(Ok)
        })
    }

    fn channels_of(
        &self,
        user: UserId,
        after: Option<RoomId>,
        limit: PageLimit,
    ) -> Listed<Vec<(Found, Member)>> {
        self.directory_read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT c.room, c.kind, c.name, c.is_public, c.capacity, c.creator, c.created_at,
                    (SELECT count(*) FROM member WHERE member.room = c.room),
                    m.user, m.joined_at, m.last_read
                 FROM member m JOIN channel c ON c.room = m.room
                 WHERE m.user = ?1 AND m.room > ?2 ORDER BY m.room LIMIT ?3",
            )?;
            let after = above(after.map(|room| room.0));
            let bounds = params![blob(user.0), after, most(limit)];
            let rows = select.query_map(bounds, |row| Ok((found(row)?, member_from(row, 8)?)))?;
            rows.collect::<Result<_>>().map(Ok)
        })
    }

    fn member(&self, room: RoomId, user: UserId) -> Listed<Member> {
        self.directory_read(move |connection| channels::member(connection, room, user))
    }

    fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Listed<Vec<Member>> {
        self.directory_read(move |connection| {
            if let Err(error) = channels::channel(connection, room)? {
                return Ok(Err(error));
            }
            let mut select = connection.prepare_cached(
                "SELECT user, joined_at, last_read FROM member
                 WHERE room = ?1 AND user > ?2 ORDER BY user LIMIT ?3",
            )?;
            let bounds = params![blob(room.0), above(after.map(|user| user.0)), most(limit)];
            let rows = select.query_map(bounds, |row| member_from(row, 0))?;
            rows.collect::<Result<_>>().map(Ok)
        })
    }

    fn are_fellows(&self, one: UserId, other: UserId) -> Listed<bool> {
        self.directory_read(move |connection| {
            let mut find = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM member a
                    JOIN member b ON b.room = a.room AND b.user = ?2
                    JOIN channel c ON c.room = a.room AND c.kind <> 2
                    WHERE a.user = ?1)",
            )?;
            find.query_row(params![blob(one.0), blob(other.0)], |row| row.get(0)).map(Ok)
        })
    }

    fn join(&self, room: RoomId, user: UserId, by: Admission, at: Wall) -> Listed<Joined> {
        self.directory_commit(move |tables| tables.join(room, user, by, at))
    }

    fn leave(&self, room: RoomId, user: UserId) -> Listed<Found> {
        self.directory_commit(move |tables| tables.leave(room, user))
    }

    fn read(&self, room: RoomId, user: UserId, seq: u64) -> Listed<u64> {
        self.directory_commit(move |tables| tables.read(room, user, seq))
    }

    fn invite(&self, room: RoomId, by: UserId, secret: Option<SecretHash>) -> Listed<()> {
        self.directory_commit(move |tables| tables.invite(room, by, secret))
    }

    fn remove(&self, room: RoomId) -> Listed<()> {
        self.directory_commit(move |tables| tables.remove(room))
    }

    fn calls_before(
        &self,
        before: Wall,
        after: Option<(Wall, RoomId)>,
        limit: PageLimit,
    ) -> Listed<Vec<(Wall, RoomId)>> {
        self.directory_read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT created_at, room FROM channel
                 WHERE kind = 2 AND created_at < ?1 AND (created_at, room) > (?2, ?3)
                 ORDER BY created_at, room LIMIT ?4",
            )?;
            let (at, room) = after.unzip();
            let at = at.map_or(-1, |Wall(at)| int(at));
            let bounds = params![int(before.0), at, above(room.map(|it| it.0)), most(limit)];
            let rows = select.query_map(bounds, |row| {
                Ok((Wall(uint(row.get(0)?)), RoomId(u128::from_be_bytes(row.get(1)?))))
            })?;
            rows.collect::<Result<_>>().map(Ok)
        })
    }

    fn remove_calls(&self, calls: Vec<RoomId>) -> Listed<u64> {
        let inner = Arc::clone(&self.inner);
        let asked = inner.commit(move |tables| tables.remove_calls(&calls));
        Box::pin(async move {
            let removed = answer::<_, DirectoryError>(asked?).await?;
            inner.empty_wal().await?;
            Ok(removed)
        })
    }

    fn block(&self, user: UserId, other: UserId, is_blocked: bool) -> Listed<()> {
        self.directory_commit(move |tables| tables.block(user, other, is_blocked))
    }

    fn blocked_by(&self, user: UserId) -> Listed<Vec<UserId>> {
        self.directory_read(move |connection| {
            if channels::is_erased(connection, user)? {
                return Ok(Err(DirectoryError::NotAllowed));
            }
            let mut select = connection
                .prepare_cached("SELECT other FROM block WHERE user = ?1 ORDER BY other")?;
            let rows = select.query_map([blob(user.0)], |row| row.get(0))?;
            rows.map(|id| Ok(UserId(u128::from_be_bytes(id?)))).collect::<Result<_>>().map(Ok)
        })
    }

    fn erase(&self, user: UserId) -> Listed<Vec<RoomId>> {
        let inner = Arc::clone(&self.inner);
        let asked = inner.commit(move |tables| tables.erase_visitor(user));
        Box::pin(async move {
            let lasting = answer::<_, DirectoryError>(asked?).await?;
            inner.empty_wal().await?;
            Ok(lasting)
        })
    }

    fn unfinished_erasures(&self, limit: PageLimit) -> Listed<Vec<UserId>> {
        self.directory_read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT user FROM erased WHERE is_done = 0 ORDER BY user LIMIT ?1",
            )?;
            let rows = select.query_map([most(limit)], |row| row.get(0))?;
            rows.map(|id| Ok(UserId(u128::from_be_bytes(id?)))).collect::<Result<_>>().map(Ok)
        })
    }

    fn end_erasure(&self, user: UserId) -> Listed<()> {
        self.directory_commit(move |tables| tables.end_erasure(user))
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}
