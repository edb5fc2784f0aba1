//! The thread that writes: group commit, and what happens when the disk fails.
//!
//! It waits for something to do, takes all that is waiting, runs it in one transaction, and answers
//! when the commit has been synced and nothing has failed beside it (`checkpoints.rs`). When the disk
//! fails, the batch fails, everything is refused from then on, and the connections are closed. Every
//! [`PROBE_EVERY`] the file is opened anew; its log is brought into the file and emptied, for what
//! follows frames whose fsync has failed would be lost with them, even though its own fsync
//! succeeds; after an error of the disk all of the log is brought again, by the only connection that
//! has the file open, and the whole file is checked; and a commit is tried. Only then is anything
//! answered to again.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use liveloop_ports::{Cause, Unavailable};
use rusqlite::{Connection, Result};
use tokio::sync::oneshot;

use crate::{
    checkpoints::Checkpoints,
    connection::{WriterConnection, bring_anew, damage, open_checkpointer},
    error::{is_of_the_disk, unavailable},
    health::HealthCell,
    job::Job,
    messages::{Numbers, Tables},
    readers::ReaderConnections,
};

/// How much may wait for the writer; more is refused.
pub(crate) const QUEUE_MAX: usize = 16_384;
/// How much is done in one commit.
const BATCH_MAX: usize = 4_096;
/// How often it is tried whether the disk works again.
const PROBE_EVERY: Duration = Duration::from_millis(100);
/// How often it is tried whether somebody has mended a damaged file.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// How long emptying the log waits for readers.
pub(crate) const EMPTYING_WAIT: Duration = Duration::from_millis(50);

/// What the writer is asked.
pub(crate) enum Command {
    /// Something for a commit.
    Commit(Box<dyn Job>),
    /// That nothing is left of what has been removed. False where readers are in the way.
    EmptyWal(oneshot::Sender<std::result::Result<bool, Unavailable>>),
    /// To take the file for failing, and do what is done then.
    Fail(Unavailable),
    /// To look after the log, for a checkpoint has ended.
    Tend,
    /// To end after what came before.
    Stop,
}

/// What has the file open beside the writer.
pub(crate) struct Beside {
    pub(crate) checkpoints: Checkpoints,
    pub(crate) readers: ReaderConnections,
}

pub(crate) struct Writer {
    directory: PathBuf,
    queue: Receiver<Command>,
    health: Arc<HealthCell>,
    /// None while the disk fails.
    connection: Option<WriterConnection>,
    checkpoints: Checkpoints,
    readers: ReaderConnections,
    numbers: Numbers,
    /// When it is next tried whether the disk works again, and whether the file must be checked.
    probe_at: Instant,
    must_check: bool,
}

impl Writer {
    pub(crate) fn new(
        directory: PathBuf,
        connection: WriterConnection,
        beside: Beside,
        queue: Receiver<Command>,
        health: Arc<HealthCell>,
    ) -> Self {
        Self {
            directory,
            queue,
            health,
            connection: Some(connection),
            checkpoints: beside.checkpoints,
            readers: beside.readers,
            numbers: Numbers::default(),
            probe_at: Instant::now(),
            must_check: false,
        }
    }

    /// Until it is told to end. True where all was brought into the file at the end.
    pub(crate) fn run(mut self) -> bool {
        loop {
            let more = if self.connection.is_some() { self.work() } else { self.recover() };
            if !more {
                break;
            }
        }
        // The file is closed after the connections: closing it ends every lock that this process has
        // on it (fcntl_locking(2)).
        let (_file, is_sound) = self.checkpoints.end();
        is_sound && self.connection.is_some_and(|writer| writer.close(EMPTYING_WAIT))
    }

    /// One batch. False where it shall end.
    fn work(&mut self) -> bool {
        let mut batch = Vec::new();
        let mut next = self.queue.recv().ok().or(Some(Command::Stop));
        while let Some(command) = next.take() {
            match command {
                Command::Commit(job) => batch.push(job),
                Command::EmptyWal(reply) => {
                    self.commit(std::mem::take(&mut batch));
                    self.empty_wal(reply);
                }
                Command::Fail(why) => {
                    self.commit(std::mem::take(&mut batch));
                    self.fail(why);
                }
                Command::Tend => {}
                Command::Stop => {
                    self.commit(batch);
                    return false;
                }
            }
            if batch.len() < BATCH_MAX {
                next = self.queue.try_recv().ok();
            }
        }
        self.commit(batch);
        if let Some(writer) = &self.connection
            && let Err(why) = self.checkpoints.tend(writer)
        {
            self.fail(why);
        }
        true
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        match self.attempt(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(why) if batch.len() == 1 || self.connection.is_none() => {
                batch.into_iter().for_each(|job| job.answer(Err(why.clone())));
            }
            // One of them is at fault, and the others shall not suffer for it.
            Err(_) => batch.into_iter().for_each(|job| self.commit(vec![job])),
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Job>]) -> std::result::Result<(), Unavailable> {
        let Some(writer) = &self.connection else {
            return Err(self.health.down().unwrap_or_else(closed));
        };
        let done = run_all(writer, &mut self.numbers, batch);
        if done.is_ok()
            && let Err(why) = self.checkpoints.hear()
        {
            self.fail(why.clone());
            return Err(why);
        }
        done.map_err(|error| {
            self.numbers.clear();
            if is_of_the_disk(&error) {
                self.fail(unavailable(&error));
            } else if let Some(writer) = &self.connection {
                let rolled_back = writer.connection.is_autocommit()
                    || writer.connection.execute_batch("ROLLBACK").is_ok();
                if !rolled_back {
                    self.fail(unavailable(&error));
                }
            }
            unavailable(&error)
        })
    }

    fn empty_wal(&mut self, reply: oneshot::Sender<std::result::Result<bool, Unavailable>>) {
        let Some(writer) = &self.connection else {
            let _ = reply.send(Err(self.health.down().unwrap_or_else(closed)));
            return;
        };
        // Two checkpoints at once are not possible.
        let settled = self.checkpoints.settle();
        let emptied = settled
            .and_then(|()| writer.empty_wal(EMPTYING_WAIT).map_err(|error| unavailable(&error)));
        if let Err(why) = &emptied {
            self.fail(why.clone());
        }
        let _ = reply.send(emptied);
    }

    /// The disk has failed: nothing more is done on these connections.
    fn fail(&mut self, why: Unavailable) {
        self.must_check |= matches!(why.cause, Cause::Io | Cause::Corrupt);
        self.health.set_down(Some(why));
        self.connection = None;
        self.checkpoints.close();
        self.numbers.clear();
        self.probe_at = Instant::now() + PROBE_EVERY;
    }

    /// Refuses until the next attempt to work again, and makes it. False where it shall
    /// end.
    fn recover(&mut self) -> bool {
        let wait = self.probe_at.saturating_duration_since(Instant::now());
        match self.queue.recv_timeout(wait) {
            Err(RecvTimeoutError::Disconnected) | Ok(Command::Stop) => return false,
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Command::Fail(why)) => {
                self.fail(why);
                return true;
            }
            Ok(command) => {
                self.refuse(command);
                return true;
            }
        }
        let heard = self.checkpoints.hear();
        if self.checkpoints.is_under_way() {
            self.probe_at = Instant::now() + PROBE_EVERY;
            return true;
        }
        match heard.and_then(|()| self.reopen()) {
            Ok((writer, checkpointer)) => {
                self.connection = Some(writer);
                self.checkpoints.reopen(checkpointer);
                self.must_check = false;
                self.health.set_down(None);
            }
            Err(why) => {
                self.must_check |= matches!(why.cause, Cause::Io | Cause::Corrupt);
                // A damaged file does not mend itself, and checking it is long work.
                let wait = if why.cause == Cause::Corrupt { CHECK_EVERY } else { PROBE_EVERY };
                self.health.set_down(Some(why));
                self.probe_at = Instant::now() + wait;
            }
        }
        true
    }

    fn refuse(&self, command: Command) {
        let why = self.health.down().unwrap_or_else(closed);
        match command {
            Command::Commit(job) => job.answer(Err(why)),
            Command::EmptyWal(reply) => {
                let _ = reply.send(Err(why));
            }
            Command::Fail(_) | Command::Tend | Command::Stop => {}
        }
    }

    /// The connections of the writer and of the checkpointer, where the disk works again.
    fn reopen(&self) -> std::result::Result<(WriterConnection, Connection), Unavailable> {
        let opened = || -> Result<_> {
            if self.must_check {
                self.readers.close();
                bring_anew(&self.directory)?;
            }
            let writer = WriterConnection::open(&self.directory)?;
            if !writer.empty_wal(EMPTYING_WAIT)? {
                return Ok(Err(held()));
            }
            if self.must_check
                && let Some(damage) = damage(&writer.connection)?
            {
                return Ok(Err(Unavailable::new(Cause::Corrupt, damage)));
            }
            writer.try_commit()?;
            Ok(Ok((writer, open_checkpointer(&self.directory)?)))
        };
        opened().unwrap_or_else(|error| Err(unavailable(&error)))
    }
}

pub(crate) fn closed() -> Unavailable {
    Unavailable::new(Cause::Closed, "the store has been closed")
}

/// Why the log cannot be emptied.
pub(crate) fn held() -> Unavailable {
    Unavailable::new(Cause::Locked, "a reader holds the write-ahead log")
}

fn run_all(
    writer: &WriterConnection,
    numbers: &mut Numbers,
    batch: &mut [Box<dyn Job>],
) -> Result<()> {
    let connection = &writer.connection;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut tables = Tables { connection, numbers };
    for job in batch {
        job.run(&mut tables)?;
    }
    tables.store_last_seqs()?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
