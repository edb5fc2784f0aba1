//! How a connection to the file is opened, for the writer, the checkpointer and readers, and what
//! is done with the file as a whole.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Result, config::DbConfig};

/// The name of the file in the data directory, in which everything is.
pub const FILE: &str = "store.db";

/// How long opening waits for a lock that somebody holds for a moment.
const OPENING_WAIT: Duration = Duration::from_secs(2);

const NO_CHECKPOINT_ON_CLOSE: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

/// One that makes no checkpoint when it is closed: SQLite does where no other connection is open, and
/// nobody would hear of its errors.
fn open_quiet(directory: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(directory.join(FILE), flags)?;
    connection.set_db_config(NO_CHECKPOINT_ON_CLOSE, true)?;
    Ok(connection)
}

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
        let mut connection = open_quiet(directory, flags)?;
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

    /// Brings all of the write-ahead log into the file, and lets it start over. False where a reader
    /// is in the way for longer than `wait`, or somebody else makes a checkpoint.
    pub(crate) fn start_over(&self, mode: Mode, wait: Duration) -> Result<bool> {
        self.connection.busy_timeout(wait)?;
        let done = checkpoint(&self.connection, mode);
        self.refuse_to_wait()?;
        let has_started_over = done?.is_complete;
        if has_started_over {
            self.wal_pages.store(0, Ordering::Relaxed);
        }
        Ok(has_started_over)
    }

    /// Likewise, so that nothing is left in the log.
    pub(crate) fn empty_wal(&self, wait: Duration) -> Result<bool> {
        self.start_over(Mode::Truncate, wait)
    }

    /// Closes it with all of the log in the file, and removes the log. False where that was not
    /// possible.
    pub(crate) fn close(self, wait: Duration) -> bool {
        let is_empty = self.empty_wal(wait).unwrap_or(false);
        // It fails for options that SQLite does not know.
        let _ = self.connection.set_db_config(NO_CHECKPOINT_ON_CLOSE, !is_empty);
        is_empty
    }

    /// A commit that changes nothing that anybody reads.
    pub(crate) fn try_commit(&self) -> Result<()> {
        self.connection.execute("UPDATE probe SET commits = commits + 1", []).map(|_| ())
    }
}

/// How far a checkpoint goes.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// As far as it can while others read and write.
    Passive,
    /// All of the log, so that the next commit is its first.
    Restart,
    /// Likewise, and the log's file is empty.
    Truncate,
}

/// What came of a checkpoint.
pub(crate) struct Checkpoint {
    /// Whether nobody was in the way.
    pub(crate) is_complete: bool,
    /// How many pages of the log the file has. It has been synced only where they are all.
    pub(crate) in_file: u32,
}

pub(crate) fn checkpoint(connection: &Connection, mode: Mode) -> Result<Checkpoint> {
    let pragma = match mode {
        Mode::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Restart => "PRAGMA wal_checkpoint(RESTART)",
        Mode::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    connection.query_row(pragma, [], |row| {
        let (is_busy, in_file): (bool, i64) = (row.get(0)?, row.get(2)?);
        // It is -1 where somebody else makes a checkpoint.
        Ok(Checkpoint { is_complete: !is_busy, in_file: u32::try_from(in_file).unwrap_or(0) })
    })
}

/// Brings all of the log into the file, also what had been brought before and may have been lost in a
/// sync that has failed: SQLite remembers how far it was, in memory that all connections share, and
/// one that nobody shares the file with has a memory of its own.
///
/// # Errors
/// Also where anybody else has the file open.
pub(crate) fn bring_anew(directory: &Path) -> Result<()> {
    let connection = open_quiet(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::ZERO)?;
    // Before the first access, or the memory is the common one.
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.query_row("SELECT commits FROM probe", [], |_| Ok(()))?;
    checkpoint(&connection, Mode::Truncate).map(|_| ())
}

/// A connection that only makes checkpoints.
pub(crate) fn open_checkpointer(directory: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open_quiet(directory, flags)?;
    connection.busy_timeout(OPENING_WAIT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The log is opened with the first read.
    connection.query_row("SELECT commits FROM probe", [], |_| Ok(()))?;
    Ok(connection)
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
