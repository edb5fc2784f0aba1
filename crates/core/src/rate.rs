//! Rates: a token bucket that refuses what is too much, and a meter that tells a flood.

use std::time::Duration;

use crate::Moment;

/// So many per period, so many at once. A count of 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many in each `period`.
    pub count: u32,
    /// The period.
    pub period: Duration,
    /// How many may come at once.
    pub burst: u32,
}

impl Rate {
    /// `count` each second.
    #[must_use]
    pub const fn per_second(count: u32, burst: u32) -> Self {
        Self { count, period: Duration::from_secs(1), burst }
    }

    /// `count` each minute.
    #[must_use]
    pub const fn per_minute(count: u32, burst: u32) -> Self {
        Self { count, period: Duration::from_secs(60), burst }
    }

    /// The time that one takes at this rate.
    fn interval(self) -> Duration {
        self.period / self.count.max(1)
    }
}

/// Lets through what keeps to a [`Rate`] (the generic cell rate algorithm, ITU-T I.371: one
/// moment of state, and an untouched bucket is a full one).
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenBucket {
    empty_until: Moment,
}

impl TokenBucket {
    /// Takes one, or says how long to wait for it; a refusal takes nothing.
    ///
    /// # Errors
    /// The wait until one is there.
    pub fn take(&mut self, rate: Rate, now: Moment) -> Result<(), Duration> {
        if rate.count == 0 {
            return Ok(());
        }
        let interval = rate.interval();
        let filled = self.empty_until.max(now) + interval;
        let allowance = interval * rate.burst.max(1);
        let debt = filled.since(now);
        if debt > allowance {
            return Err(debt - allowance);
        }
        self.empty_until = filled;
        Ok(())
    }

    /// One that is as it was: full again at `moment`.
    #[must_use]
    pub const fn full_at(moment: Moment) -> Self {
        Self { empty_until: moment }
    }

    /// When it is full, if nothing more is taken.
    #[must_use]
    pub const fn is_full_at(&self) -> Moment {
        self.empty_until
    }

    /// Whether nothing was taken that has not come back, so that the bucket may be forgotten.
    #[must_use]
    pub fn is_full(&self, now: Moment) -> bool {
        self.empty_until <= now
    }
}

/// Tells a client that keeps above ten times its rate for three seconds, each of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct FloodMeter {
    /// When the second began that is being counted; the first begins with the first event.
    second_began: Moment,
    count: u32,
    seconds_over: u8,
}

impl FloodMeter {
    /// How many times the rate is a flood.
    pub const FACTOR: u32 = 10;
    /// How many seconds in a row make it one.
    pub const SECONDS: u8 = 3;

    /// Counts one, and tells whether the three seconds before it were each above ten times the rate.
    pub fn is_flood(&mut self, rate: Rate, now: Moment) -> bool {
        const SECOND: Duration = Duration::from_secs(1);
        if rate.count == 0 {
            return false;
        }
        let per_second = u128::from(rate.count) * 1_000 / rate.period.as_millis().max(1);
        let limit =
            u32::try_from(per_second.max(1)).unwrap_or(u32::MAX).saturating_mul(Self::FACTOR);
        let elapsed = now.since(self.second_began);
        if elapsed >= 2 * SECOND {
            // A whole second without any, or the very first.
            *self = Self { second_began: now, ..Self::default() };
        } else if elapsed >= SECOND {
            let is_over = self.count > limit;
            self.seconds_over = if is_over { self.seconds_over.saturating_add(1) } else { 0 };
            self.second_began = self.second_began + SECOND;
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.seconds_over >= Self::SECONDS
    }
}

#[cfg(test)]
mod tests;
