//! How long it may take: what those who waited for a mode lately really waited.

use std::{collections::VecDeque, time::Duration};

use crate::Moment;

/// The last waits of one mode.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    recent: VecDeque<(Moment, Duration)>,
    /// `recent` as it was at `sorted_at`, by length.
    sorted: Vec<Duration>,
    sorted_at: Option<Moment>,
}

impl Waits {
    /// How many are remembered.
    const MAX: usize = 64;
    /// Fewer say nothing.
    const MIN: usize = 3;
    /// An older one says nothing about now.
    const TIME: Duration = Duration::from_secs(600);
    /// For so long an answer is good.
    const FRESH: Duration = Duration::from_secs(1);

    pub(crate) fn remember(&mut self, waited: Duration, now: Moment) {
        if self.recent.len() == Self::MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((now, waited));
    }

    /// When those who waited were matched, and how long they had waited, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Moment, Duration)> + '_ {
        self.recent.iter().copied()
    }

    /// How much longer somebody may have to wait who has waited so long: the median of those who
    /// waited longer still, rounded up to what people say. `None` where too few did.
    pub(crate) fn estimate(&mut self, waited: Duration, now: Moment) -> Option<Duration> {
        if self.sorted_at.is_none_or(|at| now.since(at) >= Self::FRESH) {
            self.sorted_at = Some(now);
            self.sorted.clear();
            let young = self.recent.iter().filter(|(at, _)| now.since(*at) <= Self::TIME);
            self.sorted.extend(young.map(|(_, waited)| *waited));
            self.sorted.sort_unstable();
        }
        let longer = &self.sorted[self.sorted.partition_point(|other| *other <= waited)..];
        if longer.len() < Self::MIN {
            return None;
        }
        Some(rounded_up(longer[longer.len() / 2].saturating_sub(waited)))
    }
}

/// To 1, 2, 3, 5, 10, 15, 20, 30 or 45 seconds, or whole minutes.
fn rounded_up(wait: Duration) -> Duration {
    const STEPS: [u64; 9] = [1, 2, 3, 5, 10, 15, 20, 30, 45];
    let step = STEPS.into_iter().map(Duration::from_secs).find(|step| wait <= *step);
    step.unwrap_or_else(|| {
        let minutes = wait.as_millis().div_ceil(60_000);
        Duration::from_secs(u64::try_from(minutes).unwrap_or(u64::MAX).saturating_mul(60))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_what_others_waited_and_absent_when_unknown() {
        let seconds = Duration::from_secs;
        let mut waits = Waits::default();
        let at = |second: u64| Moment::from_millis(second * 1_000);
        waits.remember(seconds(4), at(1));
        waits.remember(seconds(8), at(2));
        assert_eq!(waits.estimate(seconds(0), at(3)), None, "two are too few");
        waits.remember(seconds(40), at(4));
        waits.remember(seconds(50), at(4));
        waits.remember(seconds(300), at(4));
        assert_eq!(waits.estimate(seconds(0), at(5)), Some(seconds(45)), "40, as people say it");
        assert_eq!(waits.estimate(seconds(5), at(5)), Some(seconds(45)), "of 8, 40, 50 and 300");
        assert_eq!(waits.estimate(seconds(8), at(5)), Some(seconds(45)));
        assert_eq!(waits.estimate(seconds(40), at(5)), None, "only two have waited longer");
        assert_eq!(waits.estimate(seconds(0), at(700)), None, "that was long ago");
        assert_eq!(rounded_up(seconds(61)), seconds(120));
        assert_eq!(rounded_up(Duration::ZERO), seconds(1));
    }

    #[test]
    fn only_the_last_waits_count() {
        let mut waits = Waits::default();
        for n in 0..1_000 {
            let waited = if n < 900 { 60 } else { 2 };
            waits.remember(Duration::from_secs(waited), Moment::from_millis(n));
        }
        assert_eq!(waits.recent.len(), Waits::MAX);
        let estimate = waits.estimate(Duration::ZERO, Moment::from_millis(1_000));
        assert_eq!(estimate, Some(Duration::from_secs(2)));
    }
}
