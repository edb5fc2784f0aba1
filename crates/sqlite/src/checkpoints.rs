//! The thread that brings the write-ahead log into the file while the writer goes on, and the
//! writer's end of it.
//!
//! SQLite syncs the file only in a checkpoint that brings all of the log, which never happens while
//! somebody writes; so the thread syncs it itself, by a descriptor of its own, and little is left to
//! sync for the writer, whose last checkpoint alone lets the log start over. An error here is the
//! store's: the writer hears of it after its commit, before it answers to anybody.

use std::{
    fs::File,
    io,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use liveloop_ports::{Cause, Unavailable};
use rusqlite::Connection;

use crate::{
    connection::{Mode, WriterConnection, checkpoint},
    error::unavailable,
    wal::{Held, Next, Wal, WalLimits},
    writer::Command,
};

/// How long the writer waits for readers before it goes on with a longer log.
const FINISHING_WAIT: Duration = Duration::from_millis(5);
/// How many orders may wait: one of each.
const ORDERS_MAX: usize = 4;

/// What the thread is told.
enum Order {
    /// To work on this connection from now on.
    Use(Connection),
    /// To bring into the file what the log has, and report.
    Bring,
    /// To close its connection.
    Close,
}

/// How many pages of the log the file has, all synced.
type Report = Result<u32, Unavailable>;

/// What is done about the log: the writer owns it and asks it after each batch.
pub(crate) struct Checkpoints {
    limits: WalLimits,
    wal: Wal,
    orders: SyncSender<Order>,
    reports: Receiver<Report>,
    thread: JoinHandle<File>,
}

impl Checkpoints {
    /// Starts the thread. It syncs `file`, which is the store's; the writer is woken through
    /// `queue` when there is something to hear.
    pub(crate) fn start(
        file: File,
        connection: Connection,
        queue: SyncSender<Command>,
        limits: WalLimits,
    ) -> io::Result<Self> {
        let (orders, ordered) = sync_channel(ORDERS_MAX);
        let (report, reports) = sync_channel(1);
        let run = move || run(file, connection, &ordered, &report, &queue);
        let thread = Builder::new().name("store-checkpoint".to_owned()).spawn(run)?;
        Ok(Self { limits, wal: Wal::new(limits), orders, reports, thread })
    }

    /// Does between two batches what is to be done about the log.
    ///
    /// # Errors
    /// The disk has failed, here or on the thread; or a reader has held the log for too long.
    pub(crate) fn tend(&mut self, writer: &WriterConnection) -> Result<(), Unavailable> {
        self.hear()?;
        self.wal.committed(writer.wal_pages());
        loop {
            match self.wal.next() {
                Next::Nothing => return Ok(()),
                Next::Wait => self.settle()?,
                Next::Finish => return self.finish(writer),
                Next::Bring => {
                    self.wal.asked();
                    return self.orders.send(Order::Bring).map_err(|_| gone());
                }
            }
        }
    }

    fn finish(&mut self, writer: &WriterConnection) -> Result<(), Unavailable> {
        let mode = if self.wal.is_long() { Mode::Truncate } else { Mode::Restart };
        match writer.start_over(mode, FINISHING_WAIT) {
            Ok(true) => self.wal.start_over(),
            Ok(false) => match self.wal.held() {
                Held::Shortly => {}
                Held::Long => self.warn_of_reader(),
                Held::TooLong => {
                    let reason = "a reader has held the write-ahead log until it was too long: end whoever reads store.db";
                    return Err(Unavailable::new(Cause::Locked, reason));
                }
            },
            Err(error) => return Err(unavailable(&error)),
        }
        Ok(())
    }

    fn warn_of_reader(&self) {
        let in_mib = |pages: u32| pages / (1 << 8);
        tracing::warn!(
            log_mib = in_mib(self.wal.pages()),
            most_mib = in_mib(self.limits.refuse),
            "somebody has been reading store.db for long, and its write-ahead log grows meanwhile; at its \
             most nothing more is kept: end that reader (a `sqlite3` with an open transaction, or a backup)"
        );
    }

    /// Takes in what the thread has said, if anything.
    ///
    /// # Errors
    /// The disk has failed there.
    pub(crate) fn hear(&mut self) -> Result<(), Unavailable> {
        match self.reports.try_recv() {
            Ok(report) => self.heard(report),
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Disconnected) => Err(gone()),
        }
    }

    /// Waits until nothing is under way on the thread.
    ///
    /// # Errors
    /// The disk has failed there.
    pub(crate) fn settle(&mut self) -> Result<(), Unavailable> {
        if !self.wal.is_under_way() {
            return Ok(());
        }
        let report = self.reports.recv().map_err(|_| gone())?;
        self.heard(report)
    }

    fn heard(&mut self, report: Report) -> Result<(), Unavailable> {
        self.wal.answered(report.as_ref().ok().copied());
        report.map(|_| ())
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.wal.is_under_way()
    }

    /// The disk has failed: the thread's connection is closed too, after what is under way.
    pub(crate) fn close(&mut self) {
        self.wal.start_over();
        // Where the thread has ended, the connection has too.
        let _ = self.orders.send(Order::Close);
    }

    /// It works again: on this connection.
    pub(crate) fn reopen(&mut self, connection: Connection) {
        self.wal = Wal::new(self.limits);
        // Where the thread has ended, the writer hears of that when it next asks.
        let _ = self.orders.send(Order::Use(connection));
    }

    /// Ends the thread after what is under way: with the file, to be closed after all connections,
    /// and whether nothing has failed that was not heard of.
    pub(crate) fn end(self) -> (Option<File>, bool) {
        drop(self.orders);
        let file = self.thread.join().ok();
        let is_sound = file.is_some() && self.reports.try_iter().all(|report| report.is_ok());
        (file, is_sound)
    }
}

fn gone() -> Unavailable {
    Unavailable::new(Cause::Io, "the thread that makes checkpoints has ended")
}

fn run(
    file: File,
    connection: Connection,
    orders: &Receiver<Order>,
    reports: &SyncSender<Report>,
    queue: &SyncSender<Command>,
) -> File {
    let mut kept = Some(connection);
    while let Ok(order) = orders.recv() {
        match order {
            Order::Use(connection) => kept = Some(connection),
            Order::Close => kept = None,
            Order::Bring => {
                // Without a connection the writer has closed it, and asks for nothing more.
                let report = kept.as_ref().map_or(Ok(0), |connection| bring(connection, &file));
                if report.is_err() {
                    kept = None;
                }
                // One who sleeps is woken; where the queue is full it does not sleep.
                let _ = reports.send(report);
                let _ = queue.try_send(Command::Tend);
            }
        }
    }
    file
}

fn bring(connection: &Connection, file: &File) -> Report {
    let done = checkpoint(connection, Mode::Passive).map_err(|error| unavailable(&error))?;
    // Whatever the error says: what was to be written may be lost.
    file.sync_data()
        .map_err(|error| Unavailable::new(Cause::Io, format!("store.db is not synced: {error}")))?;
    Ok(done.in_file)
}
