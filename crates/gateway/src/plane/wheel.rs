//! A timer wheel: one deadline for each connection, at the price of a few bytes (Varghese and
//! Lauck, "Hashed and hierarchical timing wheels", 1987).
//!
//! A deadline that moves later costs nothing: its old entry finds out when it is due.

use std::time::Duration;

use liveloop_core::Moment;

/// How exact deadlines are.
const TICK: Duration = Duration::from_millis(50);
/// Deadlines further away than this many ticks are looked at again then.
const BUCKETS: usize = 1_024;

/// Entries by the tick in which they are due.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    buckets: Vec<Vec<T>>,
    /// All ticks before this one are done.
    tick: u64,
    len: usize,
}

fn tick_of(moment: Moment) -> u64 {
    moment.as_nanos() / u64::try_from(TICK.as_nanos()).expect("a tick is short")
}

impl<T> Wheel<T> {
    pub(super) fn new() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| Vec::new()).collect(), tick: 0, len: 0 }
    }

    /// Remembers `entry` until `due`, or until the horizon where that is nearer.
    pub(super) fn insert(&mut self, due: Moment, entry: T) {
        // One tick later, so that nothing comes out before it is due.
        let tick = (tick_of(due) + 1).clamp(self.tick, self.tick + BUCKETS as u64 - 1);
        self.bucket(tick).push(entry);
        self.len += 1;
    }

    /// Takes out what is due by `now`, perhaps with what was put at the horizon.
    pub(super) fn expire(&mut self, now: Moment, expired: &mut Vec<T>) {
        let current = tick_of(now);
        while self.tick <= current {
            let tick = self.tick;
            let bucket = self.bucket(tick);
            let taken = bucket.len();
            expired.append(bucket);
            self.len -= taken;
            self.tick += 1;
            if self.len == 0 {
                self.tick = current + 1;
            }
        }
    }

    /// When to look again, if anything is remembered.
    pub(super) fn next_look(&self) -> Option<Moment> {
        (self.len > 0)
            .then(|| Moment::default() + TICK * u32::try_from(self.tick).unwrap_or(u32::MAX))
    }

    fn bucket(&mut self, tick: u64) -> &mut Vec<T> {
        let index = usize::try_from(tick % BUCKETS as u64).expect("a remainder is small");
        &mut self.buckets[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(wheel: &mut Wheel<u32>, millis: u64) -> Vec<u32> {
        let mut expired = Vec::new();
        wheel.expire(Moment::from_millis(millis), &mut expired);
        expired
    }

    #[test]
    fn entries_come_out_when_due_and_never_before() {
        let mut wheel = Wheel::new();
        wheel.insert(Moment::from_millis(100), 1);
        wheel.insert(Moment::from_millis(120), 2);
        wheel.insert(Moment::from_millis(0), 0);
        assert_eq!(due(&mut wheel, 49), [] as [u32; 0]);
        assert_eq!(due(&mut wheel, 60), [0]);
        assert_eq!(due(&mut wheel, 149), [] as [u32; 0]);
        assert_eq!(due(&mut wheel, 150), [1, 2]);
        assert_eq!(wheel.next_look(), None);
    }

    #[test]
    fn what_is_beyond_the_horizon_comes_at_it() {
        let mut wheel = Wheel::new();
        wheel.insert(Moment::from_millis(10_000_000), 7);
        assert_eq!(due(&mut wheel, 1_000), [] as [u32; 0]);
        assert_eq!(due(&mut wheel, 60_000), [7]);
    }

    #[test]
    fn a_long_sleep_skips_nothing() {
        let mut wheel = Wheel::new();
        for n in 0..2_000 {
            wheel.insert(Moment::from_millis(u64::from(n) * 20), n);
        }
        assert_eq!(due(&mut wheel, 1_000_000).len(), 2_000);
        wheel.insert(Moment::from_millis(1_000_010), 1);
        assert_eq!(due(&mut wheel, 1_000_100), [1]);
    }
}
