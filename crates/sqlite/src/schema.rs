//! The tables, and the way from each former version to the present one.
//!
//! `PRAGMA user_version` is the number of steps that were taken. Ids are 16 bytes, big-endian, so
//! that they sort as numbers; times are milliseconds since 1970. Rooms and authors have numbers of
//! their own inside, for an id of 16 random bytes in each entry of each index would be most of it.

use rusqlite::Connection;

use crate::OpenError;

/// One step each, never changed once it was released.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE room (
        no INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        is_channel INTEGER NOT NULL,
        last_seq INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX room_call ON room (no) WHERE is_channel = 0;
    CREATE TABLE author (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE message (
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        id BLOB NOT NULL,
        author INTEGER,
        client_id TEXT,
        said_at INTEGER NOT NULL,
        changed_at INTEGER,
        sender BLOB,
        name TEXT,
        body TEXT,
        PRIMARY KEY (room, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX message_once ON message (author, room, client_id);
    CREATE INDEX message_id ON message (room, id);
    CREATE TABLE visitor (
        user BLOB PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE erased (user BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE channel (
        room BLOB PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT,
        is_public INTEGER NOT NULL,
        capacity INTEGER NOT NULL,
        creator BLOB,
        created_at INTEGER NOT NULL,
        invitation BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX channel_public ON channel (room) WHERE is_public = 1;
    CREATE INDEX channel_call ON channel (created_at) WHERE kind = 2;
    CREATE INDEX channel_creator ON channel (creator) WHERE creator IS NOT NULL;
    CREATE TABLE member (
        room BLOB NOT NULL,
        user BLOB NOT NULL,
        joined_at INTEGER NOT NULL,
        last_read INTEGER NOT NULL,
        PRIMARY KEY (room, user)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX member_user ON member (user, room);
    CREATE TABLE direct (
        one BLOB NOT NULL, other BLOB NOT NULL, room BLOB NOT NULL UNIQUE, PRIMARY KEY (one, other)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX direct_other ON direct (other);
    CREATE TABLE block (
        user BLOB NOT NULL, other BLOB NOT NULL, PRIMARY KEY (user, other)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX block_other ON block (other);
    CREATE TABLE probe (no INTEGER PRIMARY KEY, commits INTEGER NOT NULL) STRICT;
    INSERT INTO probe VALUES (1, 0);
",
    // Those who were erased before may have texts left.
    "
    ALTER TABLE erased ADD COLUMN is_done INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX erased_unfinished ON erased (user) WHERE is_done = 0;
",
];

/// Takes the steps that are missing, each in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(STEPS.len()).expect("few steps");
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (step, version) in STEPS.iter().zip(1..=known).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
