//! How a connection to the file is opened, for the writer and for readers, and what is done with
//! the file as a whole.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Result};

/// The name of the file in the data directory, in which everything is.
pub const FILE: &str = "store.db";

/// How long opening waits for a lock that somebody holds for a moment.
const OPENING_WAIT: Duration = Duration::from_secs(2);

/// The writer's connection, and how many pages its last commit has left in the write-ahead log.
pub(crate) struct WriterConnection {
    pub(crate) connection: Connection,
    wal_pages: Arc<AtomicU32>,
}

impl WriterConnection {
    /// Opens the file, making it where it is not there, with an fsync in every commit.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(directory.join(FILE), flags)?;
        connection.busy_timeout(OPENING_WAIT)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
            let reason = format!("a write-ahead log is not possible here (it is {mode})");
            return Err(rusqlite::Error::SqliteFailure(code, Some(reason)));
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is overwritten, and freed pages hold nothing of it.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.set_prepared_statement_cache_capacity(64);
        let wal_pages = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&wal_pages);
        // It takes the place of the automatic checkpoint, whose errors nobody would hear of.
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { connection, wal_pages })
    }

    /// From now on a lock that somebody holds is an error at once.
    pub(crate) fn refuse_to_wait(&self) -> Result<()> {
        self.connection.busy_timeout(Duration::ZERO)
    }

    pub(crate) fn wal_pages(&self) -> u32 {
        self.wal_pages.load(Ordering::Relaxed)
    }

    /// Brings the write-ahead log into the file, as far as readers let it.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.run_checkpoint("PRAGMA wal_checkpoint(PASSIVE)").map(|_| ())
    }

    /// Likewise all of it, and empties the log. False where a reader is in the way for longer than
    /// `wait`.
    pub(crate) fn empty_wal(&self, wait: Duration) -> Result<bool> {
        self.connection.busy_timeout(wait)?;
        let is_empty = self.run_checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
        self.refuse_to_wait()?;
        is_empty
    }

    fn run_checkpoint(&self, pragma: &str) -> Result<bool> {
        let is_busy: i64 = self.connection.query_row(pragma, [], |row| row.get(0))?;
        self.wal_pages.store(0, Ordering::Relaxed);
        Ok(is_busy == 0)
    }

    /// A commit that changes nothing that anybody reads.
    pub(crate) fn try_commit(&self) -> Result<()> {
        self.connection.execute("UPDATE probe SET commits = commits + 1", []).map(|_| ())
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(directory: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(FILE), flags)?;
    connection.busy_timeout(OPENING_WAIT)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// What `PRAGMA quick_check` finds wrong with the file; none where it is sound. It reads all of it.
pub(crate) fn damage(connection: &Connection) -> Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}
