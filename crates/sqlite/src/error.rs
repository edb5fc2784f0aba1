//! The driver's errors, mapped here and nowhere else.

use std::{io, path::PathBuf};

use liveloop_ports::{Cause, Unavailable};
use rusqlite::{Error, ErrorCode};
use thiserror::Error as ThisError;

/// Why a store was not opened.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// Another process works on it.
    #[error(
        "the data directory {directory} is in use by process {process}: stop that one, or choose another directory"
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// The other process, as it has written it down.
        process: String,
    },
    /// The directory cannot be used.
    #[error("the data directory {directory} cannot be used: {source}")]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A newer version has written it.
    #[error(
        "the store was written by a newer version (its schema is {found}, this version knows {known}): update, or choose another data directory"
    )]
    Newer {
        /// The version of its schema.
        found: u32,
        /// The newest that is known here.
        known: u32,
    },
    /// SQLite does not open it.
    #[error("the store cannot be opened ({}): {}", .0.reason, .0.cause.advice())]
    Unavailable(Unavailable),
}

impl From<Unavailable> for OpenError {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Unavailable(unavailable(&error))
    }
}

/// What an error of the driver means for whoever asked.
pub(crate) fn unavailable(error: &Error) -> Unavailable {
    Unavailable::new(cause(error), error.to_string())
}

/// Whether an error is of the disk, the file or its locks, so that what comes next would fail too;
/// any other belongs to the one who asked.
pub(crate) fn is_of_the_disk(error: &Error) -> bool {
    use ErrorCode as Code;
    matches!(
        error.sqlite_error_code(),
        Some(
            Code::DiskFull
                | Code::SystemIoFailure
                | Code::ReadOnly
                | Code::PermissionDenied
                | Code::CannotOpen
                | Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::FileLockingProtocolFailed
                | Code::DatabaseCorrupt
                | Code::NotADatabase
        )
    )
}

fn cause(error: &Error) -> Cause {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Cause::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Cause::ReadOnly,
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => Cause::Locked,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Cause::Corrupt,
        _ => Cause::Io,
    }
}
