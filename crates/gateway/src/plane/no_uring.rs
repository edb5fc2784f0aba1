//! `uring.rs` of a system without io_uring: nobody gets a ring.

use std::{io, os::fd::BorrowedFd};

/// What one send has come to, like a `write`; `None` where it was not tried and nothing went out.
pub(super) type Sent = Option<io::Result<usize>>;

/// None.
#[derive(Debug)]
pub(super) enum Ring {}

/// How many rings are in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rings;

impl Rings {
    pub(crate) fn count(&self) -> u64 {
        0
    }

    /// # Errors
    /// Always.
    pub(crate) fn probe() -> io::Result<()> {
        Ring::new(&Self).map(drop)
    }
}

impl Ring {
    /// # Errors
    /// Always.
    pub(super) fn new(_rings: &Rings) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// # Errors
    /// Never, for there is none.
    pub(super) fn send_each<'a>(
        &mut self,
        _sends: impl Iterator<Item = Option<(BorrowedFd<'a>, &'a [u8])>>,
        _sent: &mut Vec<Sent>,
    ) -> io::Result<()> {
        match *self {}
    }
}
