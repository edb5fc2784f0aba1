//! How what was said is changed and removed, within the writer's transaction. What may touch many
//! messages does so in steps of [`STEP`], so that appends come between.

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{ArchiveError, Change, Deleted, Kept, Lasting, Wall};
use rusqlite::{OptionalExtension, Result, params};

use crate::{
    messages::{Tables, blob, int, uint},
    pages::{kept, kept_columns},
};

/// How many messages or rooms one step touches.
const STEP: i64 = 500;

/// What the archive itself says, within what the driver says.
type Answer<T> = Result<std::result::Result<T, ArchiveError>>;

/// What came of one step.
pub(crate) struct Step {
    /// How many messages it has changed or removed.
    pub(crate) messages: u64,
    /// Where the next one goes on; none where nothing is left.
    pub(crate) next: Option<i64>,
}

impl Tables<'_> {
    /// Gives a message another text, where that may be.
    pub(crate) fn edit(&mut self, change: &Change, text: &str) -> Answer<Kept> {
        match self.own(change)? {
            Some(own) if own.body.is_some() => self.change(change, own, Some(text)),
            _ => Ok(Err(ArchiveError::NotFound)),
        }
    }

    /// Makes a message a tombstone, where that may be, or it is one.
    pub(crate) fn delete(&mut self, change: &Change) -> Answer<Deleted> {
        match self.own(change)? {
            Some(own) if own.body.is_some() => {
                let kept = self.change(change, own, None)?;
                Ok(kept.map(|kept| Deleted { kept, is_repeat: false }))
            }
            Some(kept) => Ok(Ok(Deleted { kept, is_repeat: true })),
            None => Ok(Err(ArchiveError::NotFound)),
        }
    }

    /// The message that is to be changed, where it is of whoever asks.
    fn own(&self, change: &Change) -> Result<Option<Kept>> {
        let mut find = self.connection.prepare_cached(concat!(
            kept_columns!(),
            "WHERE m.room = (SELECT no FROM room WHERE id = ?1) AND m.id = ?2"
        ))?;
        let ids = params![blob(change.room.0), blob(change.message.0)];
        let found = find.query_row(ids, kept).optional()?;
        Ok(found.filter(|it| it.user == Some(change.user)))
    }

    fn change(&self, change: &Change, mut found: Kept, text: Option<&str>) -> Answer<Kept> {
        if change.is_too_late(found.said_at) {
            return Ok(Err(ArchiveError::TooLate));
        }
        let mut update = self.connection.prepare_cached(
            "UPDATE message SET changed_at = ?3, body = ?4,
                name = iif(?4 IS NULL, NULL, name), sender = iif(?4 IS NULL, NULL, sender)
             WHERE room = (SELECT no FROM room WHERE id = ?1) AND seq = ?2",
        )?;
        let (seq, at) = (int(found.seq), int(change.at.0));
        update.execute(params![blob(change.room.0), seq, at, text])?;
        found.changed_at = Some(change.at);
        match (text, &mut found.body) {
            (Some(text), Some(body)) => text.clone_into(&mut body.text),
            _ => found.body = None,
        }
        Ok(Ok(found))
    }

    /// Removes from the front of one room what was said before `before`.
    pub(crate) fn purge_room(&mut self, room: RoomId, before: Wall) -> Result<Step> {
        let mut find = self.connection.prepare_cached("SELECT no FROM room WHERE id = ?1")?;
        let no: Option<i64> = find.query_row([blob(room.0)], |row| row.get(0)).optional()?;
        let messages = match no {
            Some(no) => self.purge_front(no, before)?,
            None => 0,
        };
        Ok(Step { messages, next: no.filter(|_| messages == uint(STEP)) })
    }

    /// Likewise in the calls above the room number `after`, until something is left of a step.
    pub(crate) fn purge_calls(
        &mut self,
        after: i64,
        before: Wall,
        is_open: &dyn Fn(RoomId) -> bool,
    ) -> Result<Step> {
        self.settle_rooms()?;
        self.purge_rooms(Lasting::Call, after, before, |tables, no, id| {
            if is_open(id) { Ok(()) } else { tables.forget_if_empty(no) }
        })
    }

    /// Likewise in the channels, whose last places are remembered for ever.
    pub(crate) fn purge_channels(&mut self, after: i64, before: Wall) -> Result<Step> {
        self.purge_rooms(Lasting::Channel, after, before, |_, _, _| Ok(()))
    }

    fn purge_rooms(
        &mut self,
        lasting: Lasting,
        after: i64,
        before: Wall,
        purged: impl Fn(&Self, i64, RoomId) -> Result<()>,
    ) -> Result<Step> {
        // Written out, for only so the index of the calls is used.
        let mut select = self.connection.prepare_cached(match lasting {
            Lasting::Call => {
                "SELECT no, id FROM room WHERE is_channel = 0 AND no > ?1 ORDER BY no LIMIT ?2"
            }
            Lasting::Channel => {
                "SELECT no, id FROM room WHERE is_channel = 1 AND no > ?1 ORDER BY no LIMIT ?2"
            }
        })?;
        let rows = select.query_map(params![after, STEP], |row| {
            Ok((row.get::<_, i64>(0)?, RoomId(u128::from_be_bytes(row.get(1)?))))
        })?;
        let rooms = rows.collect::<Result<Vec<_>>>()?;
        let mut step = Step { messages: 0, next: None };
        for (no, id) in &rooms {
            let removed = self.purge_front(*no, before)?;
            step.messages += removed;
            if removed == uint(STEP) {
                // More of it may be old.
                step.next = Some(no - 1);
                return Ok(step);
            }
            step.next = Some(*no);
            purged(self, *no, *id)?;
            if step.messages >= uint(STEP) {
                return Ok(step);
            }
        }
        if (rooms.len() as u64) < uint(STEP) {
            step.next = None;
        }
        Ok(step)
    }

    fn purge_front(&mut self, room: i64, before: Wall) -> Result<u64> {
        let mut front = self.connection.prepare_cached(
            "SELECT seq, said_at FROM message WHERE room = ?1 ORDER BY seq LIMIT ?2",
        )?;
        let mut rows = front.query(params![room, STEP])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let (seq, said_at): (i64, i64) = (row.get(0)?, row.get(1)?);
            if said_at >= int(before.0) {
                break;
            }
            last = Some(seq);
        }
        drop(rows);
        let Some(last) = last else { return Ok(0) };
        let mut delete = self
            .connection
            .prepare_cached("DELETE FROM message WHERE room = ?1 AND seq <= ?2 RETURNING author")?;
        let authors = delete.query_map(params![room, last], |row| row.get(0))?;
        let mut authors = authors.collect::<Result<Vec<Option<i64>>>>()?;
        let removed = authors.len() as u64;
        authors.sort_unstable();
        authors.dedup();
        for author in authors.into_iter().flatten() {
            self.forget_author_if_silent(author)?;
        }
        Ok(removed)
    }

    fn forget_author_if_silent(&mut self, author: i64) -> Result<()> {
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM author WHERE no = ?1
             AND NOT EXISTS (SELECT 1 FROM message WHERE author = ?1)",
        )?;
        if delete.execute([author])? > 0 {
            self.numbers.forget_authors();
        }
        Ok(())
    }

    fn forget_if_empty(&self, room: i64) -> Result<()> {
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM room WHERE no = ?1
             AND NOT EXISTS (SELECT 1 FROM message WHERE room = ?1)",
        )?;
        delete.execute([room]).map(|_| ())
    }

    /// Makes some of what a visitor said tombstones without their name, and forgets the visitor
    /// with the last.
    pub(crate) fn erase_author(&mut self, user: UserId) -> Result<Step> {
        let mut find = self.connection.prepare_cached("SELECT no FROM author WHERE id = ?1")?;
        let no: Option<i64> = find.query_row([blob(user.0)], |row| row.get(0)).optional()?;
        let Some(no) = no else { return Ok(Step { messages: 0, next: None }) };
        let mut update = self.connection.prepare_cached(
            "UPDATE message
             SET author = NULL, client_id = NULL, sender = NULL, name = NULL, body = NULL
             WHERE (room, seq) IN (SELECT room, seq FROM message WHERE author = ?1 LIMIT ?2)",
        )?;
        let messages = update.execute(params![no, STEP])? as u64;
        self.forget_author_if_silent(no)?;
        Ok(Step { messages, next: Some(no).filter(|_| messages == uint(STEP)) })
    }
}
