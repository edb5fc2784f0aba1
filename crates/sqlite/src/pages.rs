//! What is read of the archive, on a reader's connection.

use liveloop_core::{RoomId, SocketId, UserId};
use liveloop_ports::{Body, Kept, MessageId, Page, PageLimit, Span, Wall};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::messages::{blob, int, uint};

/// What [`kept`] reads, with the author's id where there is an author.
macro_rules! kept_columns {
    () => {
        "SELECT m.seq, m.id, a.id, m.client_id, m.said_at, m.changed_at, m.sender, m.name, m.body
         FROM message m LEFT JOIN author a ON a.no = m.author "
    };
}
pub(crate) use kept_columns;

pub(crate) fn kept(row: &Row<'_>) -> Result<Kept> {
    let text: Option<String> = row.get(8)?;
    let body = match text {
        None => None,
        Some(text) => {
            Some(Body { name: row.get(7)?, text, from: SocketId(u128::from_be_bytes(row.get(6)?)) })
        }
    };
    Ok(Kept {
        seq: uint(row.get(0)?),
        message: MessageId(u128::from_be_bytes(row.get(1)?)),
        user: row.get::<_, Option<[u8; 16]>>(2)?.map(|id| UserId(u128::from_be_bytes(id))),
        client_id: row.get(3)?,
        said_at: Wall(uint(row.get(4)?)),
        changed_at: row.get::<_, Option<i64>>(5)?.map(|at| Wall(uint(at))),
        body,
    })
}

fn room_no(connection: &Connection, room: RoomId) -> Result<Option<i64>> {
    let mut find = connection.prepare_cached("SELECT no FROM room WHERE id = ?1")?;
    find.query_row([blob(room.0)], |row| row.get(0)).optional()
}

pub(crate) fn last_seq(connection: &Connection, room: RoomId) -> Result<u64> {
    let mut find = connection.prepare_cached("SELECT last_seq FROM room WHERE id = ?1")?;
    Ok(find.query_row([blob(room.0)], |row| row.get(0)).optional()?.map_or(0, uint))
}

/// One page, all of one moment.
pub(crate) fn page(
    connection: &Connection,
    room: RoomId,
    span: Span,
    limit: PageLimit,
) -> Result<Page> {
    let moment = connection.unchecked_transaction()?;
    let Some(room) = room_no(&moment, room)? else { return Ok(Page::default()) };
    let (sql, bound) = match span {
        Span::Newest => (OLDER, i64::MAX),
        Span::Before(before) => (OLDER, int(before)),
        Span::After(after) => (NEWER, int(after)),
    };
    let most = i64::try_from(limit.get()).expect("200 at most");
    let mut select = moment.prepare_cached(sql)?;
    let rows = select.query_map(params![room, bound, most], kept)?;
    let mut messages: Vec<Kept> = rows.collect::<Result<_>>()?;
    if sql == OLDER {
        messages.reverse();
    }
    let next_before = match messages.first() {
        Some(first) if is_any(&moment, ANY_OLDER, room, first.seq)? => Some(first.seq),
        _ => None,
    };
    let next_after = match messages.last() {
        Some(last) if is_any(&moment, ANY_NEWER, room, last.seq)? => Some(last.seq),
        _ => None,
    };
    Ok(Page { messages, next_before, next_after })
}

const OLDER: &str =
    concat!(kept_columns!(), "WHERE m.room = ?1 AND m.seq < ?2 ORDER BY m.seq DESC LIMIT ?3");
const NEWER: &str =
    concat!(kept_columns!(), "WHERE m.room = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3");
const ANY_OLDER: &str = "SELECT EXISTS (SELECT 1 FROM message WHERE room = ?1 AND seq < ?2)";
const ANY_NEWER: &str = "SELECT EXISTS (SELECT 1 FROM message WHERE room = ?1 AND seq > ?2)";

fn is_any(connection: &Connection, sql: &str, room: i64, seq: u64) -> Result<bool> {
    connection.prepare_cached(sql)?.query_row(params![room, int(seq)], |row| row.get(0))
}

pub(crate) fn rooms_of(connection: &Connection, user: UserId) -> Result<Vec<RoomId>> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT room.id FROM author
         JOIN message ON message.author = author.no
         JOIN room ON room.no = message.room
         WHERE author.id = ?1",
    )?;
    let rows = select.query_map([blob(user.0)], |row| row.get(0))?;
    rows.map(|id| Ok(RoomId(u128::from_be_bytes(id?)))).collect()
}

pub(crate) fn export(
    connection: &Connection,
    user: UserId,
    room: RoomId,
    after: u64,
    limit: PageLimit,
) -> Result<Vec<Kept>> {
    let mut select = connection.prepare_cached(concat!(
        kept_columns!(),
        "WHERE m.author = (SELECT no FROM author WHERE id = ?1)
         AND m.room = (SELECT no FROM room WHERE id = ?2) AND m.seq > ?3
         ORDER BY m.seq LIMIT ?4"
    ))?;
    let most = i64::try_from(limit.get()).expect("200 at most");
    let rows = select.query_map(params![blob(user.0), blob(room.0), int(after), most], kept)?;
    rows.collect()
}
