//! The store of one node in SQLite: the archive of what is said, and the directory of visitors and
//! channels, in one file.
//!
//! One thread writes, in *group commit*: what came while the last commit was syncing is the next
//! batch, and nothing is answered to before its fsync; no timer delays anything. Another brings the
//! write-ahead log into the file meanwhile (`wal.rs` says when). Readers have threads
//! and connections of their own and see what has been committed. Where the disk fails, everything
//! that writes is refused at once, and the writer opens the file anew, checks it and tries a commit
//! until it works (`writer.rs`). It knows nothing of who may read, nor of the wire.

#![forbid(unsafe_code)]

mod archive;
mod changes;
mod channels;
mod checkpoints;
mod connection;
mod directory;
mod error;
mod health;
mod job;
mod lock;
mod messages;
mod pages;
mod readers;
mod schema;
mod store;
mod wal;
mod writer;

pub use connection::FILE;
pub use error::OpenError;
pub use store::SqliteStore;
pub use wal::WalLimits;
