//! What clients are turned away or given up for, each cause counted by itself.
//!
//! A connection is given up at most once: whatever is counted here has ended it, or its request.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use liveloop_protocol::Category;

/// Causes that are counted, each under its own name.
pub(crate) trait Cause: Copy + Eq + 'static {
    /// Every one, in the order in which they are told.
    const ALL: &'static [Self];

    /// What it is called in the metrics.
    fn as_str(self) -> &'static str;
}

/// Why an opening handshake of a WebSocket was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeRefused {
    /// It is no handshake of version 13.
    NotAnUpgrade,
    /// `Sec-WebSocket-Key` is not 16 bytes in base64.
    BadKey,
    /// A body comes with it.
    HasBody,
    /// Pages of that origin may not connect.
    Origin,
    /// Its address has as many WebSockets as one may.
    AddressFull,
    /// Its address opens them too fast.
    AddressRate,
    /// All addresses together open them too fast.
    Busy,
    /// The node goes away.
    Draining,
}

impl Cause for HandshakeRefused {
    const ALL: &'static [Self] = &[
        Self::NotAnUpgrade,
        Self::BadKey,
        Self::HasBody,
        Self::Origin,
        Self::AddressFull,
        Self::AddressRate,
        Self::Busy,
        Self::Draining,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::NotAnUpgrade => "not an upgrade",
            Self::BadKey => "bad key",
            Self::HasBody => "has a body",
            Self::Origin => "origin",
            Self::AddressFull => "address full",
            Self::AddressRate => "address too fast",
            Self::Busy => "busy",
            Self::Draining => "draining",
        }
    }
}

/// Why a connection that never became a WebSocket was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// Its address has as many connections as one may: not a byte of it was read.
    AddressFull,
    /// Too many wait for HTTP at once.
    Busy,
    /// The client ended it before the head of its first request was whole.
    Abandoned,
    /// The head of its first request did not come whole in time.
    HeadTimeout,
    /// The head of a request is too long.
    HeadTooLong,
    /// What came is no HTTP.
    NoHttp,
    /// The body of a request did not come whole in time.
    BodyTimeout,
    /// The client did not take what it had asked for in time.
    AnswerTimeout,
    /// The client broke the connection off in the middle of a request or an answer.
    BrokenOff,
}

impl GivenUp {
    /// What kind of failure it is. Whoever goes is none: that is how one looks whether somebody
    /// listens, and how a browser leaves a page.
    pub(crate) fn failure(self) -> Option<Category> {
        match self {
            Self::Abandoned | Self::BrokenOff => None,
            Self::Busy => Some(Category::System),
            Self::NoHttp | Self::HeadTooLong => Some(Category::Validation),
            Self::AddressFull | Self::HeadTimeout | Self::BodyTimeout | Self::AnswerTimeout => {
                Some(Category::Network)
            }
        }
    }
}

impl Cause for GivenUp {
    const ALL: &'static [Self] = &[
        Self::AddressFull,
        Self::Busy,
        Self::Abandoned,
        Self::HeadTimeout,
        Self::HeadTooLong,
        Self::NoHttp,
        Self::BodyTimeout,
        Self::AnswerTimeout,
        Self::BrokenOff,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::AddressFull => "address full",
            Self::Busy => "busy",
            Self::Abandoned => "abandoned",
            Self::HeadTimeout => "head timeout",
            Self::HeadTooLong => "head too long",
            Self::NoHttp => "no HTTP",
            Self::BodyTimeout => "body timeout",
            Self::AnswerTimeout => "answer timeout",
            Self::BrokenOff => "broken off",
        }
    }
}

impl Cause for liveloop_ports::Cause {
    const ALL: &'static [Self] = &[
        Self::Full,
        Self::Io,
        Self::Locked,
        Self::ReadOnly,
        Self::Corrupt,
        Self::Overloaded,
        Self::Closed,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Io => "io",
            Self::Locked => "locked",
            Self::ReadOnly => "read-only",
            Self::Corrupt => "corrupt",
            Self::Overloaded => "overloaded",
            Self::Closed => "closed",
        }
    }
}

/// How often each cause has come.
#[derive(Debug)]
pub(crate) struct Causes<C> {
    counts: Box<[(C, AtomicU64)]>,
}

impl<C: Cause> Default for Causes<C> {
    fn default() -> Self {
        Self { counts: C::ALL.iter().map(|cause| (*cause, AtomicU64::new(0))).collect() }
    }
}

impl<C: Cause> Causes<C> {
    pub(crate) fn count(&self, cause: C) {
        if let Some((_, count)) = self.counts.iter().find(|(each, _)| *each == cause) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(cause, count)| (cause.as_str(), count.load(Relaxed)))
    }
}
