//! The threads that read, each with a connection of its own.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{Builder, JoinHandle},
};

use liveloop_ports::{Cause, Unavailable};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{connection::open_reader, error::unavailable, writer::closed};

/// How many threads read.
const READERS: usize = 2;
/// How many reads may wait; more are refused.
const QUEUE_MAX: usize = 4_096;

/// A read, which answers by itself; false where the connection is of no more use.
type Read = dyn FnOnce(rusqlite::Result<&Connection>) -> bool + Send;

/// What a reading thread is asked.
enum Asked {
    Read(Box<Read>),
    /// To end.
    Stop,
}

/// The readers' connections, one each, opened when they are needed. A lock each, because the writer
/// closes them before it mends the file; held for one read.
#[derive(Clone, Default)]
pub(crate) struct ReaderConnections(Arc<[Mutex<Option<Connection>>; READERS]>);

impl ReaderConnections {
    fn lock(&self, number: usize) -> MutexGuard<'_, Option<Connection>> {
        self.0[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes them, each after the read that it is at.
    pub(crate) fn close(&self) {
        for number in 0..READERS {
            *self.lock(number) = None;
        }
    }
}

pub(crate) struct Readers {
    queue: SyncSender<Asked>,
}

impl Readers {
    pub(crate) fn start(
        directory: &Path,
        connections: &ReaderConnections,
    ) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (queue, asked) = sync_channel(QUEUE_MAX);
        let asked = Arc::new(Mutex::new(asked));
        let mut threads = Vec::new();
        for number in 0..READERS {
            let (directory, asked) = (directory.to_owned(), Arc::clone(&asked));
            let connections = connections.clone();
            let builder = Builder::new().name(format!("store-read-{number}"));
            let run = move || {
                while let Some(read) = next(&asked) {
                    let mut kept = connections.lock(number);
                    run(&directory, &mut kept, read);
                }
                connections.lock(number).take();
            };
            threads.push(builder.spawn(run)?);
        }
        Ok((Self { queue }, threads))
    }

    /// Has `read` done by whichever thread is free, and its answer come by the receiver.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Unavailable>>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let asked = Asked::Read(Box::new(move |connection| {
            let answer = connection.and_then(read).map_err(|error| unavailable(&error));
            let is_sound = answer.is_ok();
            // Whoever asked may have gone.
            let _ = reply.send(answer);
            is_sound
        }));
        self.queue.try_send(asked).map_err(|refused| match refused {
            TrySendError::Full(_) => Unavailable::new(Cause::Overloaded, "too many reads wait"),
            TrySendError::Disconnected(_) => closed(),
        })?;
        Ok(answer)
    }

    /// Has the threads end after what waits.
    pub(crate) fn stop(&self) {
        for _ in 0..READERS {
            let _ = self.queue.send(Asked::Stop);
        }
    }
}

/// What is read next; none where the threads are to end.
fn next(asked: &Mutex<Receiver<Asked>>) -> Option<Box<Read>> {
    // The lock is held while waiting; the other threads wait for it as they would for a read.
    match asked.lock().unwrap_or_else(PoisonError::into_inner).recv() {
        Ok(Asked::Read(read)) => Some(read),
        Ok(Asked::Stop) | Err(_) => None,
    }
}

fn run(directory: &Path, kept: &mut Option<Connection>, read: Box<Read>) {
    match kept.take().map_or_else(|| open_reader(directory), Ok) {
        Ok(connection) => *kept = read(Ok(&connection)).then_some(connection),
        Err(error) => {
            read(Err(error));
        }
    }
}
