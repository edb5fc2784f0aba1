//! What the node counts, in atomics that any thread may touch.
//!
//! What is counted per message each event loop counts for itself, once a turn, so that loops do not
//! pull a cache line back and forth; whoever asks adds them up. Names on the wire are known to
//! `http/metrics.rs` and `http/status.rs`.

mod causes;
mod histogram;
mod requests;
mod tls;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use liveloop_ports::Wall;
use liveloop_protocol::{Category, ErrorCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{close::CloseReason, plane::Rings};

pub(crate) use causes::{Cause, Causes, GivenUp, HandshakeRefused};
pub(crate) use histogram::{Histogram, Snapshot};
pub(crate) use requests::{QUANTILES, RequestKind, Requested, Requests};
pub(crate) use tls::{Handshake, TlsFigures};

const DAY_MS: u64 = 86_400_000;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000 * MICRO;
const SECOND: u64 = 1_000 * MILLI;

/// Bounds for what takes moments, in nanoseconds: from 100 µs, six a decade.
pub(crate) const MOMENTS: [u64; 31] = [
    100 * MICRO,
    150 * MICRO,
    200 * MICRO,
    300 * MICRO,
    500 * MICRO,
    700 * MICRO,
    MILLI,
    1_500 * MICRO,
    2 * MILLI,
    3 * MILLI,
    5 * MILLI,
    7 * MILLI,
    10 * MILLI,
    15 * MILLI,
    20 * MILLI,
    30 * MILLI,
    50 * MILLI,
    70 * MILLI,
    100 * MILLI,
    150 * MILLI,
    200 * MILLI,
    300 * MILLI,
    500 * MILLI,
    700 * MILLI,
    SECOND,
    1_500 * MILLI,
    2 * SECOND,
    3 * SECOND,
    5 * SECOND,
    7 * SECOND,
    10 * SECOND,
];

/// Bounds for how long people wait, in nanoseconds.
pub(crate) const WAITS: [u64; 23] = [
    MILLI,
    5 * MILLI,
    10 * MILLI,
    20 * MILLI,
    50 * MILLI,
    100 * MILLI,
    200 * MILLI,
    500 * MILLI,
    SECOND,
    2 * SECOND,
    3 * SECOND,
    5 * SECOND,
    7 * SECOND,
    10 * SECOND,
    15 * SECOND,
    20 * SECOND,
    30 * SECOND,
    45 * SECOND,
    60 * SECOND,
    90 * SECOND,
    120 * SECOND,
    300 * SECOND,
    600 * SECOND,
];

/// What one event loop counts for itself.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct LoopFigures {
    /// Text frames that were sent to clients.
    pub(crate) frames_sent: AtomicU64,
    /// From the turn in which a partner's frame was read to the write that handed it on.
    pub(crate) delivery: Histogram,
}

/// The figures of one node since it started.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) active_connections: AtomicU64,
    pub(crate) waiting: AtomicU64,
    pub(crate) rooms: AtomicU64,
    /// Channels that somebody listens to.
    pub(crate) groups: AtomicU64,
    pub(crate) images_bytes: AtomicU64,
    /// Sessions that have lost their socket and may come back.
    pub(crate) in_grace: AtomicU64,
    connections: AtomicU64,
    rooms_created: AtomicU64,
    messages_exchanged: AtomicU64,
    /// Sessions resumed: those that had lost something, and those that had not.
    resumed: [AtomicU64; 2],
    connection_failures: [AtomicU64; Category::ALL.len()],
    /// How long the longer one waited for a match.
    pub(crate) match_wait: Histogram,
    /// How long the store took to answer.
    pub(crate) store_latency: Histogram,
    /// How often it has answered that it does not work.
    pub(crate) store_failures: Causes<liveloop_ports::Cause>,
    pub(crate) requests: Requests,
    /// The loops that send through io_uring.
    pub(crate) rings: Rings,
    pub(crate) tls: TlsFigures,
    pub(crate) handshakes_refused: Causes<HandshakeRefused>,
    pub(crate) given_up: Causes<GivenUp>,
    /// Times that no connection could be accepted, mostly for want of open files.
    pub(crate) accept_failures: AtomicU64,
    loops: Box<[Arc<LoopFigures>]>,
    refusals: [AtomicU64; ErrorCode::ALL.len()],
    closes: [AtomicU64; CloseReason::ALL.len()],
    /// A lock, because a day's beginning is several figures; taken at midnight and when the status
    /// is asked for.
    day_began: Mutex<DayBegan>,
}

#[derive(Clone, Copy, Debug, Default)]
struct DayBegan {
    day: u64,
    counts: Counts,
}

/// What rises.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// WebSocket connections opened.
    pub(crate) connections: u64,
    /// Matches made.
    pub(crate) rooms_created: u64,
    /// Texts.
    pub(crate) messages_exchanged: u64,
    /// Connections refused, or ended otherwise than by the client's wish.
    pub(crate) connection_failures: u64,
}

impl Figures {
    /// The figures of a node with this many event loops.
    pub(crate) fn new(loops: usize) -> Self {
        let of_loop = || {
            let delivery = Histogram::new(&MOMENTS);
            Arc::new(LoopFigures { frames_sent: AtomicU64::new(0), delivery })
        };
        Self {
            active_connections: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            rooms: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            images_bytes: AtomicU64::new(0),
            in_grace: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            rooms_created: AtomicU64::new(0),
            messages_exchanged: AtomicU64::new(0),
            resumed: Default::default(),
            connection_failures: Default::default(),
            match_wait: Histogram::new(&WAITS),
            store_latency: Histogram::new(&MOMENTS),
            store_failures: Causes::default(),
            requests: Requests::default(),
            rings: Rings::default(),
            tls: TlsFigures::default(),
            handshakes_refused: Causes::default(),
            given_up: Causes::default(),
            accept_failures: AtomicU64::new(0),
            loops: std::iter::repeat_with(of_loop).take(loops).collect(),
            refusals: Default::default(),
            closes: Default::default(),
            day_began: Mutex::default(),
        }
    }

    /// What the event loop of this number counts for itself.
    pub(crate) fn of_loop(&self, thread: u8) -> Arc<LoopFigures> {
        Arc::clone(&self.loops[usize::from(thread)])
    }

    /// Text frames that were sent to clients.
    pub(crate) fn frames_sent(&self) -> u64 {
        self.loops.iter().map(|each| each.frames_sent.load(Relaxed)).sum()
    }

    /// How long frames took to a partner's socket, on all loops.
    pub(crate) fn delivery(&self) -> Snapshot {
        let mut all = Snapshot::empty(&MOMENTS);
        self.loops.iter().for_each(|each| all.add(&each.delivery.snapshot()));
        all
    }

    pub(crate) fn count_connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_room(&self) {
        self.rooms_created.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_message(&self) {
        self.messages_exchanged.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_store_failure(&self, cause: liveloop_ports::Cause) {
        self.store_failures.count(cause);
    }

    pub(crate) fn count_resumed(&self, is_recovered: bool) {
        self.resumed[usize::from(is_recovered)].fetch_add(1, Relaxed);
    }

    /// Sessions resumed, by whether nothing was lost.
    pub(crate) fn resumed(&self) -> [(bool, u64); 2] {
        [false, true].map(|it| (it, self.resumed[usize::from(it)].load(Relaxed)))
    }

    /// A connection that was refused, or ended otherwise than by the client's wish.
    pub(crate) fn count_failure(&self, category: Category) {
        let index = Category::ALL.iter().position(|each| *each == category);
        index.inspect(|index| {
            self.connection_failures[*index].fetch_add(1, Relaxed);
        });
    }

    /// A connection that never became a WebSocket and was given up.
    pub(crate) fn count_given_up(&self, cause: GivenUp) {
        self.given_up.count(cause);
        if let Some(category) = cause.failure() {
            self.count_failure(category);
        }
    }

    pub(crate) fn count_refusal(&self, code: ErrorCode) {
        let index = ErrorCode::ALL.iter().position(|each| *each == code);
        index.inspect(|index| {
            self.refusals[*index].fetch_add(1, Relaxed);
        });
    }

    pub(crate) fn count_close(&self, reason: CloseReason) {
        let index = CloseReason::ALL.iter().position(|each| *each == reason);
        index.inspect(|index| {
            self.closes[*index].fetch_add(1, Relaxed);
        });
        if let Some(category) = reason.failure() {
            self.count_failure(category);
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            connections: self.connections.load(Relaxed),
            rooms_created: self.rooms_created.load(Relaxed),
            messages_exchanged: self.messages_exchanged.load(Relaxed),
            connection_failures: self.connection_failures.iter().map(|it| it.load(Relaxed)).sum(),
        }
    }

    /// Begins the day of `now` where it has not begun yet, and tells how long it lasts still.
    pub(crate) fn begin_day(&self, now: Wall) -> Duration {
        let counts = self.counts();
        let mut began = self.day_began.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.0 / DAY_MS;
        if began.day == 0 {
            began.day = day;
        } else if began.day != day {
            *began = DayBegan { day, counts };
        }
        Duration::from_millis(DAY_MS - now.0 % DAY_MS)
    }

    /// What was counted since midnight UTC, or since the start where that is later.
    pub(crate) fn counts_today(&self, now: Wall) -> Counts {
        self.begin_day(now);
        let total = self.counts();
        let began = self.day_began.lock().unwrap_or_else(PoisonError::into_inner);
        total.minus(began.counts)
    }

    pub(crate) fn refusals(&self) -> Vec<(&'static str, u64)> {
        let counts = self.refusals.iter().map(|count| count.load(Relaxed));
        ErrorCode::ALL.iter().map(|code| code.as_str()).zip(counts).collect()
    }

    pub(crate) fn closes(&self) -> Vec<(CloseReason, u64)> {
        let counts = self.closes.iter().map(|count| count.load(Relaxed));
        CloseReason::ALL.into_iter().zip(counts).collect()
    }

    pub(crate) fn failures(&self) -> Vec<(Category, u64)> {
        let counts = self.connection_failures.iter().map(|count| count.load(Relaxed));
        Category::ALL.into_iter().zip(counts).collect()
    }
}

impl Counts {
    fn minus(self, earlier: Self) -> Self {
        Self {
            connections: self.connections.saturating_sub(earlier.connections),
            rooms_created: self.rooms_created.saturating_sub(earlier.rooms_created),
            messages_exchanged: self.messages_exchanged.saturating_sub(earlier.messages_exchanged),
            connection_failures: self
                .connection_failures
                .saturating_sub(earlier.connection_failures),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_from_its_midnight_whenever_it_is_asked_for() {
        let figures = Figures::new(1);
        let evening = Wall(20_000 * DAY_MS + DAY_MS - 60_000);
        assert_eq!(figures.begin_day(evening), Duration::from_secs(60));
        figures.count_connection();
        assert_eq!(figures.counts_today(evening).connections, 1);
        assert_eq!(figures.begin_day(Wall(20_001 * DAY_MS)), Duration::from_millis(DAY_MS));
        figures.count_connection();
        figures.count_connection();
        assert_eq!(figures.counts_today(Wall(20_001 * DAY_MS + 5)).connections, 2);
        assert_eq!(figures.counts().connections, 3);
    }
}
