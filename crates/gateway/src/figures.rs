//! What the node counts, in atomics that any thread may touch.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use liveloop_ports::Wall;
use liveloop_protocol::ErrorCode;
use serde::Serialize;

use crate::close::CloseReason;

const DAY_MS: u64 = 86_400_000;

/// The figures of one node since it started.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) active_connections: AtomicU64,
    pub(crate) waiting: AtomicU64,
    pub(crate) rooms: AtomicU64,
    pub(crate) images_bytes: AtomicU64,
    connections: AtomicU64,
    rooms_created: AtomicU64,
    messages_exchanged: AtomicU64,
    connection_failures: AtomicU64,
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
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) connections: u64,
    pub(crate) rooms_created: u64,
    pub(crate) messages_exchanged: u64,
    pub(crate) connection_failures: u64,
}

impl Figures {
    pub(crate) fn count_connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_room(&self) {
        self.rooms_created.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_message(&self) {
        self.messages_exchanged.fetch_add(1, Relaxed);
    }

    /// A connection that was refused, or ended otherwise than by the client's wish.
    pub(crate) fn count_failure(&self) {
        self.connection_failures.fetch_add(1, Relaxed);
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
        if reason.is_failure() {
            self.count_failure();
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            connections: self.connections.load(Relaxed),
            rooms_created: self.rooms_created.load(Relaxed),
            messages_exchanged: self.messages_exchanged.load(Relaxed),
            connection_failures: self.connection_failures.load(Relaxed),
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

    pub(crate) fn closes(&self) -> Vec<(&'static str, u64)> {
        let counts = self.closes.iter().map(|count| count.load(Relaxed));
        CloseReason::ALL.iter().map(|reason| reason.as_str()).zip(counts).collect()
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
        let figures = Figures::default();
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
