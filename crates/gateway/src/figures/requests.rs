//! HTTP requests: how many of each kind, and how long they took.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hdrhistogram::Histogram;
use liveloop_core::Moment;

/// The quantiles that are told.
pub(crate) const QUANTILES: [&str; 3] = ["0.5", "0.9", "0.99"];
/// They are of the last one to two of these.
const WINDOW: Duration = Duration::from_secs(60);
/// Longer than any answer takes; what is longer counts as this.
const MICROS_MAX: u64 = 600_000_000;

/// What requests are counted by. Few of each, whatever clients send.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestKind {
    pub(crate) method: &'static str,
    /// The route's template, never the path that was asked for.
    pub(crate) endpoint: Cow<'static, str>,
    pub(crate) status: u16,
}

/// All requests since the start.
#[derive(Debug)]
pub(crate) struct Requests {
    /// A lock, because answers of all threads count here: once a request, never per message, and
    /// held for one entry of a small map.
    book: Mutex<Book>,
}

#[derive(Debug)]
struct Book {
    counts: BTreeMap<RequestKind, u64>,
    sum_micros: u64,
    /// Durations in microseconds, of the present window and of the one before.
    recent: [Histogram<u64>; 2],
    turns_at: Moment,
}

/// What was counted, at one moment.
pub(crate) struct Requested {
    pub(crate) counts: BTreeMap<RequestKind, u64>,
    pub(crate) count: u64,
    pub(crate) sum_nanos: u64,
    /// In nanoseconds, for [`QUANTILES`]; zero where nothing was asked lately.
    pub(crate) quantiles: [u64; QUANTILES.len()],
}

impl Default for Requests {
    fn default() -> Self {
        let histogram = || Histogram::new_with_bounds(1, MICROS_MAX, 2).expect("bounds that rise");
        let book = Book {
            counts: BTreeMap::new(),
            sum_micros: 0,
            recent: [histogram(), histogram()],
            turns_at: Moment::default() + WINDOW,
        };
        Self { book: Mutex::new(book) }
    }
}

impl Requests {
    pub(crate) fn count(&self, kind: RequestKind, took: Duration, now: Moment) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(MICROS_MAX);
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.turn(now);
        *book.counts.entry(kind).or_default() += 1;
        book.sum_micros += micros;
        book.recent[0].saturating_record(micros);
    }

    /// Shows this kind from now on, be it at zero.
    pub(crate) fn announce(&self, kind: RequestKind) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.counts.entry(kind).or_default();
    }

    pub(crate) fn snapshot(&self, now: Moment) -> Requested {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.turn(now);
        let [present, before] = &book.recent;
        let mut both = present.clone();
        both.add(before).expect("both have the same bounds");
        let quantile = |text: &str| both.value_at_quantile(text.parse().unwrap_or(1.0)) * 1_000;
        Requested {
            count: book.counts.values().sum(),
            counts: book.counts.clone(),
            sum_nanos: book.sum_micros * 1_000,
            quantiles: QUANTILES.map(quantile),
        }
    }
}

impl Book {
    /// Forgets what is too old.
    fn turn(&mut self, now: Moment) {
        if now < self.turns_at {
            return;
        }
        self.recent.swap(0, 1);
        self.recent[0].reset();
        if now >= self.turns_at + WINDOW {
            self.recent[1].reset();
        }
        self.turns_at = now + WINDOW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16) -> RequestKind {
        RequestKind { method: "GET", endpoint: "/health".into(), status }
    }

    #[test]
    fn requests_are_counted_by_kind_and_all_together() {
        let requests = Requests::default();
        requests.announce(kind(503));
        let now = Moment::from_millis(1);
        requests.count(kind(200), Duration::from_millis(2), now);
        requests.count(kind(200), Duration::from_millis(4), now);
        requests.count(kind(404), Duration::from_millis(100), now);
        let seen = requests.snapshot(now);
        let counts: Vec<_> = seen.counts.into_iter().map(|(kind, n)| (kind.status, n)).collect();
        assert_eq!(counts, [(200, 2), (404, 1), (503, 0)]);
        assert_eq!((seen.count, seen.sum_nanos), (3, 106_000_000));
        let is_near = |nanos: u64, millis: u64| nanos.abs_diff(millis * 1_000_000) * 50 < nanos;
        assert!(is_near(seen.quantiles[0], 4) && is_near(seen.quantiles[2], 100));
    }

    #[test]
    fn quantiles_are_of_the_last_two_minutes_at_most() {
        let requests = Requests::default();
        requests.count(kind(200), Duration::from_secs(9), Moment::from_millis(1));
        let at = |seconds: u64| requests.snapshot(Moment::from_millis(seconds * 1_000)).quantiles;
        assert!(at(59)[0] > 8_000_000_000);
        assert!(at(61)[0] > 8_000_000_000, "one window later it is still told");
        assert_eq!(at(122), [0; 3]);
        requests.count(kind(200), Duration::from_secs(9), Moment::from_millis(130_000));
        assert_eq!(at(1_000), [0; 3], "nobody has asked for long");
    }
}
