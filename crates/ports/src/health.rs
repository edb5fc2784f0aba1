//! How a store is, and why it does not work: the same for every port that keeps something.

use std::sync::Arc;

use thiserror::Error;

/// What a store suffers from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The disk is full.
    Full,
    /// The disk or the network failed.
    Io,
    /// Somebody else holds it locked.
    Locked,
    /// It may not be written to.
    ReadOnly,
    /// What it holds is damaged.
    Corrupt,
    /// More is asked of it than it does: its queue is full.
    Overloaded,
    /// It has been closed.
    Closed,
}

impl Cause {
    /// What an operator can do about it, as an order.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Full => "make room on its disk",
            Self::Io => "look whether its disk fails or is full",
            Self::Locked => "end whoever has store.db open, a `sqlite3` or a backup",
            Self::ReadOnly => "let this account write to the data directory and the files in it",
            Self::Corrupt => {
                "put a backup of store.db in its place, or mend it with `.recover` of `sqlite3`"
            }
            Self::Overloaded => "spread the load, or use a faster disk",
            Self::Closed => "start the server again",
        }
    }
}

/// A store that does not work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the store is unavailable: {reason}")]
pub struct Unavailable {
    /// What it suffers from.
    pub cause: Cause,
    /// The driver's words, for the log alone: they may name files.
    pub reason: Arc<str>,
}

impl Unavailable {
    /// For this cause, in these words.
    pub fn new(cause: Cause, reason: impl Into<Arc<str>>) -> Self {
        Self { cause, reason: reason.into() }
    }
}

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Ready,
    /// It works, and is being checked after an unclean stop.
    Checking,
    /// It refuses everything that would write, and tries by itself whether it works again.
    Down(Unavailable),
}
