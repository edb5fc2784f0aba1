//! How long things took, in atomic buckets: an observation is two relaxed additions, and no lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counts durations by the least bound that they do not exceed.
#[derive(Debug)]
pub(crate) struct Histogram {
    /// In nanoseconds, rising.
    bounds: &'static [u64],
    /// One for each bound, and one for what exceeds the last.
    counts: Box<[AtomicU64]>,
    sum_nanos: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    bounds: &'static [u64],
    counts: Vec<u64>,
    pub(crate) sum_nanos: u64,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [u64]) -> Self {
        debug_assert!(bounds.is_sorted(), "bounds rise");
        let counts = std::iter::repeat_with(AtomicU64::default).take(bounds.len() + 1).collect();
        Self { bounds, counts, sum_nanos: AtomicU64::new(0) }
    }

    pub(crate) fn observe(&self, took: Duration) {
        self.observe_many(took, 1);
    }

    /// Counts `times` things that took equally long.
    pub(crate) fn observe_many(&self, took: Duration, times: u64) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = self.bounds.partition_point(|bound| *bound < nanos);
        self.counts[bucket].fetch_add(times, Relaxed);
        self.sum_nanos.fetch_add(nanos.saturating_mul(times), Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            bounds: self.bounds,
            counts: self.counts.iter().map(|count| count.load(Relaxed)).collect(),
            sum_nanos: self.sum_nanos.load(Relaxed),
        }
    }
}

impl Snapshot {
    /// One with nothing in it.
    pub(crate) fn empty(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum_nanos: 0 }
    }

    /// Adds what another of the same bounds holds.
    pub(crate) fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.bounds, other.bounds, "only like is added to like");
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.sum_nanos += other.sum_nanos;
    }

    /// How many were observed.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many took no longer than `bound`, which is one of this histogram's.
    pub(crate) fn count_up_to(&self, bound: u64) -> u64 {
        let bucket = self.bounds.partition_point(|each| *each < bound);
        debug_assert_eq!(self.bounds.get(bucket), Some(&bound), "only a bound can be counted to");
        self.counts[..=bucket].iter().sum()
    }

    pub(crate) fn bounds(&self) -> &'static [u64] {
        self.bounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: [u64; 3] = [10, 20, 40];

    #[test]
    fn what_is_exactly_as_long_as_a_bound_is_within_it() {
        let histogram = Histogram::new(&BOUNDS);
        for nanos in [0, 10, 11, 20, 40, 41, u64::MAX / 2] {
            histogram.observe(Duration::from_nanos(nanos));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(BOUNDS.map(|bound| snapshot.count_up_to(bound)), [2, 4, 5]);
        assert_eq!(snapshot.count(), 7);
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let (one, many) = (Histogram::new(&BOUNDS), Histogram::new(&BOUNDS));
        (0..5).for_each(|_| one.observe(Duration::from_nanos(15)));
        many.observe_many(Duration::from_nanos(15), 5);
        assert_eq!(one.snapshot(), many.snapshot());
        assert_eq!(one.snapshot().sum_nanos, 75);
        let mut both = one.snapshot();
        both.add(&many.snapshot());
        assert_eq!((both.count(), both.sum_nanos), (10, 150));
    }
}
