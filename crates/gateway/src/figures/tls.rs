//! What is counted of TLS: handshakes, certificates that came into use, and the end of the one in
//! use.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Done,
    /// The client spoke, but not TLS as it should, or it wanted what we do not offer.
    Failed,
    /// The client went away first.
    Ended,
    /// It did not come in time.
    TooLate,
    /// The client spoke HTTP without TLS.
    PlainHttp,
}

impl Handshake {
    /// Every outcome, with its name.
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::Ended, "ended"),
        (Self::TooLate, "too-late"),
        (Self::PlainHttp, "plain-http"),
    ];
}

/// The figures of TLS; all zero where there is none.
#[derive(Debug, Default)]
pub(crate) struct TlsFigures {
    handshakes: [AtomicU64; Handshake::ALL.len()],
    reloads_done: AtomicU64,
    reloads_failed: AtomicU64,
    /// In seconds since 1970; 0 where it is not known.
    expiry: AtomicU64,
}

impl TlsFigures {
    pub(crate) fn count_handshake(&self, outcome: Handshake) {
        let index = Handshake::ALL.iter().position(|(each, _)| *each == outcome);
        index.inspect(|index| {
            self.handshakes[*index].fetch_add(1, Relaxed);
        });
    }

    pub(crate) fn handshakes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Handshake::ALL
            .iter()
            .zip(&self.handshakes)
            .map(|((_, name), count)| (*name, count.load(Relaxed)))
    }

    pub(crate) fn count_reload(&self, is_done: bool) {
        let counter = if is_done { &self.reloads_done } else { &self.reloads_failed };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn reloads(&self) -> [(&'static str, u64); 2] {
        [("done", self.reloads_done.load(Relaxed)), ("failed", self.reloads_failed.load(Relaxed))]
    }

    pub(crate) fn set_expiry(&self, seconds: u64) {
        self.expiry.store(seconds, Relaxed);
    }

    pub(crate) fn expiry(&self) -> u64 {
        self.expiry.load(Relaxed)
    }
}
