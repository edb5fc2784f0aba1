//! Who has met whom lately.
//!
//! A meeting is remembered for a time; it keeps two apart as long as it is among the last so many of
//! either. All together are bounded: past [`Meetings::MAX`] the oldest is forgotten early.

use std::{collections::VecDeque, time::Duration};

use crate::{IdMap, Moment};

/// Two visitors by their slots, the lower one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair(u64);

impl Pair {
    fn new(one: u32, other: u32) -> Self {
        Self(u64::from(one.min(other)) << 32 | u64::from(one.max(other)))
    }

    /// The slots.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    pub(crate) fn visitors(self) -> [u32; 2] {
        [(self.0 >> 32) as u32, self.0 as u32]
    }
}

/// A visitor's slot, and how many meetings they have had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) visitor: u32,
    pub(crate) meetings: u32,
}

#[derive(Clone, Copy, Debug)]
struct Meeting {
    at: Moment,
    /// Which meeting it was for each; wraps around.
    tallies: [u32; 2],
}

/// The memory window of everybody.
#[derive(Debug)]
pub(crate) struct Meetings {
    partners: u32,
    time: Duration,
    by_pair: IdMap<Pair, Meeting>,
    /// In the order of time. One whose time is not that in `by_pair` was followed by another.
    order: VecDeque<(Pair, Moment)>,
}

impl Meetings {
    /// How many meetings are remembered at most: some 60 bytes each.
    pub(crate) const MAX: usize = 1 << 20;

    /// Keeps two apart for `time` and `partners` other meetings of either; 0 of one remembers
    /// nothing.
    pub(crate) fn new(partners: u32, time: Duration) -> Self {
        Self { partners, time, by_pair: IdMap::default(), order: VecDeque::new() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.partners == 0 || self.time.is_zero()
    }

    /// Remembers that the two have met, for each the so-manieth time.
    pub(crate) fn remember(&mut self, one: Tally, other: Tally, now: Moment) {
        let pair = Pair::new(one.visitor, other.visitor);
        let tallies = in_order(one, other);
        self.by_pair.insert(pair, Meeting { at: now, tallies });
        self.order.push_back((pair, now));
    }

    /// Whether the two have met so lately that they are not to meet again.
    pub(crate) fn keep_apart(&self, one: Tally, other: Tally) -> bool {
        if self.by_pair.is_empty() {
            return false;
        }
        let pair = Pair::new(one.visitor, other.visitor);
        self.by_pair.get(&pair).is_some_and(|met| {
            let since = |now: u32, then: u32| now.wrapping_sub(then);
            let [first, second] = in_order(one, other);
            since(first, met.tallies[0]) < self.partners
                || since(second, met.tallies[1]) < self.partners
        })
    }

    /// Forgets one meeting that is due, the oldest; the two may no longer know each other.
    pub(crate) fn forget_one(&mut self, now: Moment) -> Option<Pair> {
        let &(pair, at) = self.order.front()?;
        if at + self.time > now && self.order.len() <= Self::MAX {
            return None;
        }
        self.order.pop_front();
        if self.by_pair.get(&pair).is_some_and(|met| met.at == at) {
            self.by_pair.remove(&pair);
        }
        if self.order.is_empty() && self.order.capacity() > 1_024 {
            (self.order, self.by_pair) = Default::default();
        }
        Some(pair)
    }

    /// When the oldest is due, to the tenth of a second above: they are forgotten in batches.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let (_, at) = self.order.front()?;
        let due = (*at + self.time).since_start().as_millis().div_ceil(100).saturating_mul(100);
        Some(Moment::from_millis(u64::try_from(due).unwrap_or(u64::MAX)))
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The two of each meeting.
    #[cfg(test)]
    pub(crate) fn visitors(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.iter().flat_map(|(pair, _)| pair.visitors())
    }
}

fn in_order(one: Tally, other: Tally) -> [u32; 2] {
    let is_first = one.visitor <= other.visitor;
    if is_first { [one.meetings, other.meetings] } else { [other.meetings, one.meetings] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(visitor: u32, meetings: u32) -> Tally {
        Tally { visitor, meetings }
    }

    #[test]
    fn two_are_kept_apart_for_a_number_of_partners_of_either() {
        let mut met = Meetings::new(3, Duration::from_secs(60));
        met.remember(tally(5, u32::MAX), tally(2, 10), Moment::default());
        let apart = |five, two| met.keep_apart(tally(2, two), tally(5, five));
        assert!(apart(u32::MAX, 10));
        assert!(apart(1, 13), "the one of them has met two since");
        assert!(!apart(2, 13), "both have met three since");
        assert!(apart(2, 12));
        assert!(!met.keep_apart(tally(5, 0), tally(3, 0)));
    }

    #[test]
    fn meetings_are_forgotten_in_time_and_leave_nothing() {
        let mut met = Meetings::new(3, Duration::from_secs(60));
        for n in 0..5_000 {
            met.remember(tally(n, 1), tally(n + 1, 1), Moment::from_millis(u64::from(n)));
        }
        // The first two meet once more: the older time does not end it.
        met.remember(tally(0, 2), tally(1, 2), Moment::from_millis(6_000));
        assert_eq!(met.poll_timeout(), Some(Moment::from_millis(60_000)));
        let until = |met: &mut Meetings, millis| {
            std::iter::from_fn(|| met.forget_one(Moment::from_millis(millis))).count()
        };
        assert_eq!(until(&mut met, 59_999), 0);
        assert_eq!(until(&mut met, 64_999), 5_000);
        assert!(met.keep_apart(tally(0, 2), tally(1, 2)));
        assert_eq!(until(&mut met, 66_000), 1);
        assert!(!met.keep_apart(tally(0, 2), tally(1, 2)));
        assert_eq!((met.order.capacity(), met.by_pair.capacity()), (0, 0));
        assert_eq!(met.poll_timeout(), None);
    }
}
