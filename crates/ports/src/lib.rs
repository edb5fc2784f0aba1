//! What a node needs from outside, as traits that state their guarantees, with the adapters that
//! keep everything in the memory of one node.
//!
//! A trait knows no driver; an adapter maps its driver's errors in one place. Every adapter passes
//! the suite in `conformance`.

#![forbid(unsafe_code)]

mod archive;
mod bans;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod directory;
mod health;

pub use archive::{
    Appended, Appending, Archive, ArchiveError, Archived, Body, Change, Deleted, Kept, Lasting,
    MemoryArchive, Message, MessageId, Page, PageLimit, Purge, Span, Wall,
};
pub use bans::{Bans, NoBans};
pub use directory::{
    Admission, Channel, ChannelKind, Directory, DirectoryError, Found, Joined, Listed, Member,
    MemoryDirectory, Profile, SecretHash,
};
pub use health::{Cause, Health, Unavailable};

/// A boxed future: what an asynchronous port returns.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
