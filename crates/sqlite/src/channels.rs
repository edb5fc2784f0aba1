//! The directory's tables: how channels and their members are changed, within the writer's
//! transaction, and found.

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Admission, Channel, ChannelKind, DirectoryError, Found, Joined, Member, Profile, SecretHash,
    Wall,
};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::messages::{Tables, blob, int, uint};

/// What the directory itself says, within what the driver says.
pub(crate) type Answer<T> = Result<std::result::Result<T, DirectoryError>>;

/// What [`found`] reads.
macro_rules! found_columns {
    () => {
        "SELECT c.room, c.kind, c.name, c.is_public, c.capacity, c.creator, c.created_at,
            (SELECT count(*) FROM member WHERE member.room = c.room)
         FROM channel c "
    };
}
pub(crate) use found_columns;

pub(crate) fn found(row: &Row<'_>) -> Result<Found> {
    let id = |bytes| u128::from_be_bytes(bytes);
    let kind = match row.get::<_, u8>(1)? {
        0 => ChannelKind::Group,
        1 => ChannelKind::Direct,
        _ => ChannelKind::Call,
    };
    let channel = Channel {
        room: RoomId(id(row.get(0)?)),
        kind,
        name: row.get(2)?,
        is_public: row.get(3)?,
        capacity: row.get(4)?,
        creator: row.get::<_, Option<[u8; 16]>>(5)?.map(|creator| UserId(id(creator))),
        created_at: Wall(uint(row.get(6)?)),
    };
    Ok(Found { channel, count: row.get(7)? })
}

fn kind_number(kind: ChannelKind) -> u8 {
    match kind {
        ChannelKind::Group => 0,
        ChannelKind::Direct => 1,
        ChannelKind::Call => 2,
    }
}

/// Reads the user, since when they are a member, and what they have read, from the column `first`.
pub(crate) fn member_from(row: &Row<'_>, first: usize) -> Result<Member> {
    Ok(Member {
        user: UserId(u128::from_be_bytes(row.get(first)?)),
        joined_at: Wall(uint(row.get(first + 1)?)),
        last_read: uint(row.get(first + 2)?),
    })
}

pub(crate) fn channel(connection: &Connection, room: RoomId) -> Answer<Found> {
    let mut find = connection.prepare_cached(concat!(found_columns!(), "WHERE c.room = ?1"))?;
    let found = find.query_row([blob(room.0)], found).optional()?;
    Ok(found.ok_or(DirectoryError::NotFound))
}

pub(crate) fn member(connection: &Connection, room: RoomId, user: UserId) -> Answer<Member> {
    let mut find = connection.prepare_cached(
        "SELECT user, joined_at, last_read FROM member WHERE room = ?1 AND user = ?2",
    )?;
    let ids = params![blob(room.0), blob(user.0)];
    let member = find.query_row(ids, |row| member_from(row, 0)).optional()?;
    Ok(member.ok_or(DirectoryError::NotAMember))
}

pub(crate) fn is_erased(connection: &Connection, user: UserId) -> Result<bool> {
    let mut find =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM erased WHERE user = ?1)")?;
    find.query_row([blob(user.0)], |row| row.get(0))
}

pub(crate) fn visitor(connection: &Connection, user: UserId) -> Answer<Option<Profile>> {
    if is_erased(connection, user)? {
        return Ok(Err(DirectoryError::NotAllowed));
    }
    profile(connection, user).map(Ok)
}

/// What is known of a visitor; of one who was erased that is nothing.
pub(crate) fn profile(connection: &Connection, user: UserId) -> Result<Option<Profile>> {
    let mut find =
        connection.prepare_cached("SELECT name, created_at FROM visitor WHERE user = ?1")?;
    let profile = |row: &Row<'_>| {
        Ok(Profile { user, name: row.get(0)?, created_at: Wall(uint(row.get(1)?)) })
    };
    find.query_row([blob(user.0)], profile).optional()
}

impl Tables<'_> {
    pub(crate) fn put_visitor(&self, profile: &Profile) -> Answer<()> {
        if is_erased(self.connection, profile.user)? {
            return Ok(Err(DirectoryError::NotAllowed));
        }
        let mut put = self.connection.prepare_cached(
            "INSERT INTO visitor (user, name, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (user) DO UPDATE SET name = excluded.name",
        )?;
        put.execute(params![blob(profile.user.0), profile.name, int(profile.created_at.0)])?;
        Ok(Ok(()))
    }

    pub(crate) fn create(&self, channel: &Channel, users: &[UserId]) -> Answer<Found> {
        for user in users {
            if is_erased(self.connection, *user)? {
                return Ok(Err(DirectoryError::NotAllowed));
            }
        }
        let mut users = users.to_vec();
        let asked = users.len();
        users.sort_unstable();
        users.dedup();
        let pair = match (channel.kind, &*users) {
            (ChannelKind::Direct, [one, other]) if asked == 2 => Some((*one, *other)),
            (ChannelKind::Direct, _) => return Ok(Err(DirectoryError::NotAllowed)),
            _ => None,
        };
        if let Some((one, other)) = pair {
            let mut find = self
                .connection
                .prepare_cached("SELECT room FROM direct WHERE one = ?1 AND other = ?2")?;
            let ids = params![blob(one.0), blob(other.0)];
            let there = find.query_row(ids, |row| row.get(0)).optional()?;
            if let Some(room) = there {
                return self::channel(self.connection, RoomId(u128::from_be_bytes(room)));
            }
        }
        if self::channel(self.connection, channel.room)?.is_ok() {
            return Ok(Err(DirectoryError::Exists));
        }
        if users.len() > channel.capacity as usize {
            return Ok(Err(DirectoryError::Full));
        }
        self.insert_channel(channel, pair)?;
        for user in users {
            self.insert_member(channel.room, user, channel.created_at)?;
        }
        self::channel(self.connection, channel.room)
    }

    fn insert_channel(&self, channel: &Channel, pair: Option<(UserId, UserId)>) -> Result<()> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO channel (room, kind, name, is_public, capacity, creator, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let room = blob(channel.room.0);
        insert.execute(params![
            room,
            kind_number(channel.kind),
            channel.name,
            channel.is_public,
            channel.capacity,
            channel.creator.map(|creator| blob(creator.0)),
            int(channel.created_at.0),
        ])?;
        if let Some((one, other)) = pair {
            let mut insert = self
                .connection
                .prepare_cached("INSERT INTO direct (one, other, room) VALUES (?1, ?2, ?3)")?;
            insert.execute(params![blob(one.0), blob(other.0), room])?;
        }
        Ok(())
    }

    fn insert_member(&self, room: RoomId, user: UserId, at: Wall) -> Result<()> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO member (room, user, joined_at, last_read) VALUES (?1, ?2, ?3, 0)",
        )?;
        insert.execute(params![blob(room.0), blob(user.0), int(at.0)]).map(|_| ())
    }

    pub(crate) fn join(
        &self,
        room: RoomId,
        user: UserId,
        by: Admission,
        at: Wall,
    ) -> Answer<Joined> {
        if is_erased(self.connection, user)? {
            return Ok(Err(DirectoryError::NotAllowed));
        }
        let found = match channel(self.connection, room)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if member(self.connection, room, user)?.is_ok() {
            return Ok(Ok(Joined { found, is_new: false }));
        }
        let is_allowed = match by {
            Admission::Public => found.channel.is_public,
            Admission::Invited(secret) => self.invitation(room)? == Some(secret),
        };
        if !is_allowed || found.channel.kind != ChannelKind::Group {
            return Ok(Err(DirectoryError::NotAllowed));
        }
        if found.count >= found.channel.capacity {
            return Ok(Err(DirectoryError::Full));
        }
        self.insert_member(room, user, at)?;
        let found = Found { count: found.count + 1, ..found };
        Ok(Ok(Joined { found, is_new: true }))
    }

    fn invitation(&self, room: RoomId) -> Result<Option<SecretHash>> {
        let mut find =
            self.connection.prepare_cached("SELECT invitation FROM channel WHERE room = ?1")?;
        let secret: Option<[u8; 32]> = find.query_row([blob(room.0)], |row| row.get(0))?;
        Ok(secret.map(SecretHash))
    }

    pub(crate) fn leave(&self, room: RoomId, user: UserId) -> Answer<Found> {
        if let Err(error) = member(self.connection, room, user)? {
            return Ok(Err(error));
        }
        if let Ok(found) = channel(self.connection, room)?
            && found.channel.kind != ChannelKind::Group
        {
            return Ok(Err(DirectoryError::NotAllowed));
        }
        let mut delete =
            self.connection.prepare_cached("DELETE FROM member WHERE room = ?1 AND user = ?2")?;
        delete.execute(params![blob(room.0), blob(user.0)])?;
        channel(self.connection, room)
    }

    pub(crate) fn read(&self, room: RoomId, user: UserId, seq: u64) -> Answer<u64> {
        let mut update = self.connection.prepare_cached(
            "UPDATE member SET last_read = max(last_read, ?3) WHERE room = ?1 AND user = ?2
             RETURNING last_read",
        )?;
        let ids = params![blob(room.0), blob(user.0), int(seq)];
        let read: Option<i64> = update.query_row(ids, |row| row.get(0)).optional()?;
        Ok(read.map(uint).ok_or(DirectoryError::NotAMember))
    }

    pub(crate) fn invite(
        &self,
        room: RoomId,
        by: UserId,
        secret: Option<SecretHash>,
    ) -> Answer<()> {
        let channel = match channel(self.connection, room)? {
            Ok(found) => found.channel,
            Err(error) => return Ok(Err(error)),
        };
        if channel.creator != Some(by) || channel.kind != ChannelKind::Group {
            return Ok(Err(DirectoryError::NotAllowed));
        }
        let mut update =
            self.connection.prepare_cached("UPDATE channel SET invitation = ?2 WHERE room = ?1")?;
        update.execute(params![blob(room.0), secret.map(|secret| secret.0)])?;
        Ok(Ok(()))
    }

    pub(crate) fn remove(&self, room: RoomId) -> Answer<()> {
        let id = [blob(room.0)];
        let mut delete = self.connection.prepare_cached("DELETE FROM channel WHERE room = ?1")?;
        if delete.execute(id)? == 0 {
            return Ok(Err(DirectoryError::NotFound));
        }
        for delete in ["DELETE FROM member WHERE room = ?1", "DELETE FROM direct WHERE room = ?1"] {
            self.connection.prepare_cached(delete)?.execute(id)?;
        }
        Ok(Ok(()))
    }

    /// Removes these, where they are calls.
    pub(crate) fn remove_calls(&self, calls: &[RoomId]) -> Answer<u64> {
        let mut removed = 0;
        for call in calls {
            let found = channel(self.connection, *call)?;
            if found.is_ok_and(|it| it.channel.kind == ChannelKind::Call) {
                removed += u64::from(self.remove(*call)?.is_ok());
            }
        }
        Ok(Ok(removed))
    }

    pub(crate) fn block(&self, user: UserId, other: UserId, is_blocked: bool) -> Answer<()> {
        let sql = if is_blocked {
            "INSERT INTO block (user, other) SELECT ?1, ?2
             WHERE NOT EXISTS (SELECT 1 FROM erased WHERE user IN (?1, ?2))
             ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM block WHERE user = ?1 AND other = ?2"
        };
        let ids = params![blob(user.0), blob(other.0)];
        self.connection.prepare_cached(sql)?.execute(ids)?;
        Ok(Ok(()))
    }

    pub(crate) fn erase_visitor(&self, user: UserId) -> Answer<Vec<RoomId>> {
        let mut select = self.connection.prepare_cached(
            "SELECT m.room FROM member m JOIN channel c ON c.room = m.room AND c.kind <> 2
             WHERE m.user = ?1 ORDER BY m.room",
        )?;
        let rows = select.query_map([blob(user.0)], |row| row.get(0))?;
        let lasting = rows.map(|id| Ok(RoomId(u128::from_be_bytes(id?)))).collect::<Result<_>>()?;
        for sql in [
            "INSERT INTO erased (user) VALUES (?1) ON CONFLICT DO NOTHING",
            "DELETE FROM visitor WHERE user = ?1",
            "DELETE FROM member WHERE user = ?1",
            "DELETE FROM direct WHERE one = ?1 OR other = ?1",
            "DELETE FROM block WHERE user = ?1 OR other = ?1",
            "UPDATE channel SET creator = NULL WHERE creator = ?1",
        ] {
            self.connection.prepare_cached(sql)?.execute([blob(user.0)])?;
        }
        Ok(Ok(lasting))
    }

    pub(crate) fn end_erasure(&self, user: UserId) -> Answer<()> {
        let mut update =
            self.connection.prepare_cached("UPDATE erased SET is_done = 1 WHERE user = ?1")?;
        let is_erased = update.execute([blob(user.0)])? > 0;
        Ok(is_erased.then_some(()).ok_or(DirectoryError::NotFound))
    }
}
