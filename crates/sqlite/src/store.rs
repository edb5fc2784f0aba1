//! Opening and closing a store, and how its threads are asked.

use std::{
    collections::HashSet,
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{Builder, JoinHandle},
};

use liveloop_core::RoomId;
use liveloop_ports::{Cause, Health, Unavailable};
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::oneshot;

use crate::{
    OpenError, WalLimits,
    checkpoints::Checkpoints,
    connection::{FILE, WriterConnection, damage, open_checkpointer, open_reader},
    error::unavailable,
    health::HealthCell,
    job::Task,
    lock::DirectoryLock,
    messages::Tables,
    readers::{ReaderConnections, Readers},
    schema,
    writer::{Beside, Command, EMPTYING_WAIT, QUEUE_MAX, Writer, closed, held},
};

/// How often emptying the log is tried while readers are in the way.
const EMPTYINGS: usize = 40;

/// The store of one node: [`Archive`](liveloop_ports::Archive) and
/// [`Directory`](liveloop_ports::Directory) in one file, `store.db` of its data directory.
///
/// What is answered to has been synced to the disk. Dropping it closes it.
pub struct SqliteStore {
    pub(crate) inner: Arc<Inner>,
    /// None once it is closed. A lock, because any holder may close it; held until its threads have
    /// ended.
    threads: Mutex<Option<Threads>>,
}

/// What is shared with answers that are under way.
pub(crate) struct Inner {
    /// Rooms that take messages. A lock, because any thread asks; held for one access.
    open_rooms: Mutex<HashSet<RoomId>>,
    health: Arc<HealthCell>,
    queue: SyncSender<Command>,
    readers: Readers,
}

struct Threads {
    writer: JoinHandle<bool>,
    readers: Vec<JoinHandle<()>>,
    /// Says whether it came to an end.
    checker: Option<(JoinHandle<bool>, InterruptHandle)>,
    lock: DirectoryLock,
}

impl SqliteStore {
    /// Opens the store in `directory`, making both where they are not there. After an unclean stop
    /// the file is checked in the background, and its health is [`Health::Checking`] until then.
    ///
    /// # Errors
    /// [`OpenError`], each with what to do. It waits up to two seconds for a lock on the file.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        Self::open_with(directory, WalLimits::default())
    }

    /// Likewise, with other limits of its write-ahead log.
    ///
    /// # Errors
    /// Likewise.
    pub fn open_with(directory: &Path, limits: WalLimits) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Directory { directory: directory.to_owned(), source };
        let lock = DirectoryLock::take(directory)?;
        make_private(&directory.join(FILE)).map_err(failed)?;
        let mut writer = WriterConnection::open(directory)?;
        schema::migrate(&mut writer.connection)?;
        writer.refuse_to_wait()?;
        let health = Arc::new(HealthCell::default());
        let (queue, commands) = sync_channel(QUEUE_MAX);
        // The log may end in frames whose fsync had failed when the process ended.
        if !lock.was_clean() && !writer.empty_wal(EMPTYING_WAIT)? {
            let _ = queue.try_send(Command::Fail(held()));
        }
        let checker = if lock.was_clean() {
            None
        } else {
            health.set_checking(true);
            let connection = open_reader(directory)?;
            let interrupt = connection.get_interrupt_handle();
            let (health, queue) = (Arc::clone(&health), queue.clone());
            let check = move || check(&connection, &health, &queue);
            let thread = Builder::new().name("store-check".to_owned()).spawn(check);
            Some((thread.map_err(failed)?, interrupt))
        };
        let file = File::open(directory.join(FILE)).map_err(failed)?;
        let checkpoints =
            Checkpoints::start(file, open_checkpointer(directory)?, queue.clone(), limits);
        let checkpoints = checkpoints.map_err(failed)?;
        let reading = ReaderConnections::default();
        let beside = Beside { checkpoints, readers: reading.clone() };
        let writer =
            Writer::new(directory.to_owned(), writer, beside, commands, Arc::clone(&health));
        let writer = Builder::new().name("store-write".to_owned()).spawn(move || writer.run());
        let writer = writer.map_err(failed)?;
        let (readers, reading) = Readers::start(directory, &reading).map_err(failed)?;
        let inner = Inner { open_rooms: Mutex::default(), health, queue, readers };
        let threads = Threads { writer, readers: reading, checker, lock };
        Ok(Self { inner: Arc::new(inner), threads: Mutex::new(Some(threads)) })
    }
}

impl SqliteStore {
    /// Ends its threads after what is under way, and waits for them: some syncs. What is asked later is
    /// answered with [`Cause::Closed`].
    pub fn close(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(threads) = threads.take() else { return };
        let mut is_checked = true;
        if let Some((checker, interrupt)) = threads.checker {
            interrupt.interrupt();
            is_checked = checker.join().unwrap_or(false);
        }
        self.inner.readers.stop();
        for reader in threads.readers {
            let _ = reader.join();
        }
        let _ = self.inner.queue.send(Command::Stop);
        let is_settled = threads.writer.join().unwrap_or(false);
        if is_checked && is_settled {
            threads.lock.mark_clean();
        }
    }

    #[cfg(test)]
    fn is_being_checked(&self) -> bool {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.as_ref().is_some_and(|threads| threads.checker.is_some())
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Makes the file where it is not there, readable for its owner alone, as SQLite then makes those
/// beside it.
fn make_private(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true).create(true).open(file).map(drop)
}

/// True where the check came to an end and the file is sound.
fn check(connection: &Connection, health: &HealthCell, queue: &SyncSender<Command>) -> bool {
    let why = match damage(connection) {
        Ok(None) => None,
        Ok(Some(damage)) => Some(Unavailable::new(Cause::Corrupt, damage)),
        Err(error) if is_interrupted(&error) => return false,
        Err(error) => Some(unavailable(&error)),
    };
    health.set_checking(false);
    match why {
        None => true,
        Some(why) => {
            let _ = queue.send(Command::Fail(why));
            false
        }
    }
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
}

impl Inner {
    pub(crate) fn open_rooms(&self) -> MutexGuard<'_, HashSet<RoomId>> {
        self.open_rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn health(&self) -> Health {
        self.health.health()
    }

    /// Has `work` done in a commit, and its answer come when that is durable.
    pub(crate) fn commit<T, E>(
        &self,
        work: impl FnMut(&mut Tables<'_>) -> rusqlite::Result<Result<T, E>> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, E>>, Unavailable>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let (task, answer) = Task::new(work);
        self.ask_writer(Command::Commit(task))?;
        Ok(answer)
    }

    fn ask_writer(&self, command: Command) -> Result<(), Unavailable> {
        if let Some(why) = self.health.down() {
            return Err(why);
        }
        self.queue.try_send(command).map_err(|refused| match refused {
            TrySendError::Full(_) => Unavailable::new(Cause::Overloaded, "too many writes wait"),
            TrySendError::Disconnected(_) => closed(),
        })
    }

    /// Has `read` done on a reader's connection.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Unavailable>>, Unavailable> {
        self.readers.ask(read)
    }

    /// Sees to it that the log holds nothing of what has been removed.
    pub(crate) async fn empty_wal(&self) -> Result<(), Unavailable> {
        for _ in 0..EMPTYINGS {
            let (reply, emptied) = oneshot::channel();
            self.ask_writer(Command::EmptyWal(reply))?;
            if answer(emptied).await? {
                return Ok(());
            }
        }
        Err(Unavailable::new(Cause::Locked, "a reader holds the write-ahead log; ask again"))
    }
}

/// Waits for an answer of one of the threads.
pub(crate) async fn answer<T, E: From<Unavailable>>(
    answer: oneshot::Receiver<Result<T, E>>,
) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(closed().into()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use liveloop_core::UserId;
    use liveloop_ports::{Archive, Lasting};

    use super::*;

    #[test]
    fn it_is_being_checked_until_the_check_has_ended() {
        let (health, connection) = (HealthCell::default(), Connection::open_in_memory());
        let (queue, commands) = sync_channel(1);
        health.set_checking(true);
        assert_eq!(health.health(), Health::Checking);
        assert!(check(&connection.expect("memory opens"), &health, &queue));
        assert_eq!(health.health(), Health::Ready);
        assert!(commands.try_recv().is_err(), "a sound file is not taken for failing");
    }

    /// A sync that fails takes pages with it that SQLite takes for written.
    #[tokio::test]
    async fn what_a_failed_sync_has_lost_is_brought_from_the_log_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join(FILE);
        let store = SqliteStore::open(directory.path()).expect("a new store");
        let room = RoomId(1);
        store.open_room(room, Lasting::Channel).await.expect("it works");
        let old = std::fs::read(&file).expect("it is read");
        for n in 1..=100 {
            let message = liveloop_ports::conformance::message(room, UserId(1), n);
            store.append(message).answer().await.expect("it works");
        }
        assert_eq!(store.last_seq(room).await, Ok(100), "a reader has the file open too");
        let other = Connection::open(&file).expect("it opens");
        let done = crate::connection::checkpoint(&other, crate::connection::Mode::Passive);
        assert!(done.expect("a checkpoint").in_file > 0);
        drop(other);
        std::fs::write(&file, old).expect("it is written");
        let why = Unavailable::new(Cause::Io, "as if a sync had failed");
        store.inner.queue.send(Command::Fail(why)).expect("it works");
        let refused = store.append(liveloop_ports::conformance::message(room, UserId(1), 101));
        assert!(refused.answer().await.is_err(), "it is down");
        let began = Instant::now();
        while store.inner.health() != Health::Ready {
            let health = store.inner.health();
            assert!(began.elapsed() < Duration::from_secs(60), "it stays damaged: {health:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(store);
        let store = SqliteStore::open(directory.path()).expect("a store");
        assert_eq!(store.last_seq(room).await, Ok(100));
    }

    #[test]
    fn a_store_that_was_left_unclean_is_being_checked_when_it_opens() {
        let directory = tempfile::tempdir().expect("a directory");
        drop(SqliteStore::open(directory.path()).expect("a new store"));
        let clean = SqliteStore::open(directory.path()).expect("a store");
        assert!(!clean.is_being_checked());
        drop(clean);
        std::fs::write(directory.path().join("store.lock"), "1").expect("it is written");
        let unclean = SqliteStore::open(directory.path()).expect("a store");
        assert!(unclean.is_being_checked());
    }
}
