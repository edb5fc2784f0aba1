//! How a message gets its place.

use std::collections::HashMap;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{Appended, Lasting, Message, MessageId, Wall};
use rusqlite::{Connection, OptionalExtension, Result, params};

/// How many rooms and authors are remembered; then they are read anew.
const NUMBERS_MAX: usize = 100_000;

#[derive(Clone, Copy)]
struct RoomNumbers {
    no: i64,
    last_seq: u64,
}

/// What the file says of rooms and authors, so that it is not read for each message. Forgotten
/// whenever a transaction was rolled back.
#[derive(Default)]
pub(crate) struct Numbers {
    rooms: HashMap<RoomId, RoomNumbers>,
    /// Rooms whose last place is not in their table yet; each once or more.
    unsaved: Vec<RoomId>,
    authors: HashMap<UserId, i64>,
}

impl Numbers {
    pub(crate) fn clear(&mut self) {
        self.rooms.clear();
        self.unsaved.clear();
        self.authors.clear();
    }

    /// Before authors are removed.
    pub(crate) fn forget_authors(&mut self) {
        self.authors.clear();
    }
}

/// The tables, within the writer's transaction.
pub(crate) struct Tables<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) numbers: &'a mut Numbers,
}

/// An id as it is stored.
pub(crate) fn blob(id: u128) -> [u8; 16] {
    id.to_be_bytes()
}

/// A number as it is stored; what is more than SQLite can hold is its greatest.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that [`int`] has stored.
pub(crate) fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Tables<'_> {
    /// Stores a message after the last of its room, or finds the one that it repeats.
    pub(crate) fn append(&mut self, message: &Message) -> Result<Appended> {
        let room = self.room(message.room, None)?;
        let author = self.author(message.user)?;
        let seq = room.last_seq + 1;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO message (room, seq, id, author, client_id, said_at, sender, name, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (author, room, client_id) DO NOTHING",
        )?;
        let body = &message.body;
        let stored = insert.execute(params![
            room.no,
            int(seq),
            blob(message.message.0),
            author,
            message.client_id,
            int(message.said_at.0),
            blob(body.from.0),
            body.name,
            body.text,
        ])?;
        if stored == 0 {
            return self.first(room.no, author, message.client_id.as_deref());
        }
        self.numbers.rooms.insert(message.room, RoomNumbers { last_seq: seq, ..room });
        if self.numbers.unsaved.last() != Some(&message.room) {
            self.numbers.unsaved.push(message.room);
        }
        Ok(Appended { message: message.message, seq, said_at: message.said_at, is_repeat: false })
    }

    /// The message that a repeat repeats.
    fn first(&self, room: i64, author: i64, client_id: Option<&str>) -> Result<Appended> {
        let mut first = self.connection.prepare_cached(
            "SELECT id, seq, said_at FROM message
             WHERE author = ?1 AND room = ?2 AND client_id = ?3",
        )?;
        first.query_row(params![author, room, client_id], |row| {
            Ok(Appended {
                message: MessageId(u128::from_be_bytes(row.get(0)?)),
                seq: uint(row.get(1)?),
                said_at: Wall(uint(row.get(2)?)),
                is_repeat: true,
            })
        })
    }

    /// A room that messages are about to come to, with the `seq` of its last one.
    pub(crate) fn open_room(&mut self, room: RoomId, lasting: Lasting) -> Result<u64> {
        self.settle_rooms()?;
        Ok(self.room(room, Some(lasting))?.last_seq)
    }

    fn room(&mut self, id: RoomId, lasting: Option<Lasting>) -> Result<RoomNumbers> {
        if let Some(room) = self.numbers.rooms.get(&id) {
            return Ok(*room);
        }
        if self.numbers.rooms.len() >= NUMBERS_MAX {
            self.settle_rooms()?;
        }
        let is_channel = lasting.map(|lasting| lasting == Lasting::Channel);
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO room (id, is_channel) VALUES (?1, coalesce(?2, 0))
             ON CONFLICT (id) DO UPDATE SET is_channel = coalesce(?2, is_channel)
             RETURNING no, last_seq",
        )?;
        let room = insert.query_row(params![blob(id.0), is_channel], |row| {
            Ok(RoomNumbers { no: row.get(0)?, last_seq: uint(row.get(1)?) })
        })?;
        self.numbers.rooms.insert(id, room);
        Ok(room)
    }

    fn author(&mut self, user: UserId) -> Result<i64> {
        if let Some(author) = self.numbers.authors.get(&user) {
            return Ok(*author);
        }
        if self.numbers.authors.len() >= NUMBERS_MAX {
            self.numbers.authors.clear();
        }
        let id = blob(user.0);
        let mut known = self.connection.prepare_cached("SELECT no FROM author WHERE id = ?1")?;
        let author = match known.query_row([id], |row| row.get(0)).optional()? {
            Some(author) => author,
            None => {
                let mut insert =
                    self.connection.prepare_cached("INSERT INTO author (id) VALUES (?1)")?;
                insert.insert([id])?
            }
        };
        self.numbers.authors.insert(user, author);
        Ok(author)
    }

    /// What the rooms' last messages are, once for each room in a commit, and in the same one.
    pub(crate) fn store_last_seqs(&mut self) -> Result<()> {
        let mut update =
            self.connection.prepare_cached("UPDATE room SET last_seq = ?2 WHERE no = ?1")?;
        self.numbers.unsaved.sort_unstable();
        self.numbers.unsaved.dedup();
        for room in self.numbers.unsaved.drain(..) {
            if let Some(room) = self.numbers.rooms.get(&room) {
                update.execute(params![room.no, int(room.last_seq)])?;
            }
        }
        Ok(())
    }

    /// The rooms' last places are in their table, and no longer remembered.
    pub(crate) fn settle_rooms(&mut self) -> Result<()> {
        self.store_last_seqs()?;
        self.numbers.rooms.clear();
        Ok(())
    }
}
