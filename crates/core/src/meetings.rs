//! When who has met whom.
//!
//! A meeting is remembered for a time; it keeps two apart as long as it is among the last so many of
//! either (see [`crate::partners`]). All together are bounded: past [`Meetings::MAX`] the oldest is
//! forgotten early.

use std::{collections::VecDeque, time::Duration};

use crate::Moment;

/// The meetings of everybody that are remembered.
#[derive(Debug)]
pub(crate) struct Meetings {
    window: u32,
    time: Duration,
    /// Two visitors by their slots, in the order of time.
    order: VecDeque<([u32; 2], Moment)>,
}

impl Meetings {
    /// How many meetings are remembered at most: 16 bytes each, and some 200 for each visitor of whom
    /// nothing but meetings speaks.
    pub(crate) const MAX: usize = 1 << 20;

    /// Remembers for `time` and for `window` meetings of either; 0 of one remembers nothing.
    pub(crate) fn new(window: u32, time: Duration) -> Self {
        Self { window, time, order: VecDeque::new() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.window == 0 || self.time.is_zero()
    }

    /// How many last partners nobody meets again.
    pub(crate) fn window(&self) -> u32 {
        self.window
    }

    pub(crate) fn remember(&mut self, visitors: [u32; 2], now: Moment) {
        self.order.push_back((visitors, now));
    }

    /// Forgets one meeting that is due, the oldest; the two may no longer know each other.
    pub(crate) fn forget_one(&mut self, now: Moment) -> Option<[u32; 2]> {
        let &(visitors, at) = self.order.front()?;
        if at + self.time > now && self.order.len() <= Self::MAX {
            return None;
        }
        self.order.pop_front();
        if self.order.is_empty() && self.order.capacity() > 1_024 {
            self.order = VecDeque::new();
        }
        Some(visitors)
    }

    /// When the oldest is due, to the tenth of a second above: they are forgotten in batches.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let (_, at) = self.order.front()?;
        let due = (*at + self.time).as_nanos().div_ceil(100_000_000);
        Some(Moment::from_millis(due.saturating_mul(100)))
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The two of each meeting and when they met, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = ([u32; 2], Moment)> + '_ {
        self.order.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meetings_are_forgotten_in_time_and_leave_nothing() {
        let mut met = Meetings::new(3, Duration::from_secs(60));
        for n in 0..5_000 {
            met.remember([n, n + 1], Moment::from_millis(u64::from(n)));
        }
        met.remember([1, 0], Moment::from_millis(6_000));
        assert_eq!(met.poll_timeout(), Some(Moment::from_millis(60_000)));
        let until = |met: &mut Meetings, millis| {
            let forgotten = std::iter::from_fn(|| met.forget_one(Moment::from_millis(millis)));
            forgotten.collect::<Vec<_>>()
        };
        assert_eq!(until(&mut met, 59_999), [[0; 2]; 0]);
        let first = until(&mut met, 64_999);
        assert!(first.into_iter().eq((0..5_000).map(|n| [n, n + 1])));
        assert_eq!(until(&mut met, 65_999), [[0; 2]; 0]);
        assert_eq!(until(&mut met, 66_000), [[1, 0]]);
        assert_eq!((met.len(), met.order.capacity()), (0, 0));
        assert_eq!(met.poll_timeout(), None);
    }

    #[test]
    fn past_so_many_the_oldest_is_forgotten_early() {
        let mut met = Meetings::new(3, Duration::from_secs(60));
        for n in 0..u32::try_from(Meetings::MAX).unwrap() {
            met.remember([n, n + 1], Moment::default());
        }
        assert_eq!(met.forget_one(Moment::default()), None);
        met.remember([7, 8], Moment::default());
        assert_eq!(met.forget_one(Moment::default()), Some([0, 1]));
        assert_eq!(met.forget_one(Moment::default()), None);
    }
}
