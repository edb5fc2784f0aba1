//! The rates of one client: all events, texts, and requests for a partner.

use std::time::Duration;

use liveloop_core::{FloodMeter, Moment, Rate, TokenBucket};
use liveloop_protocol::{Limits, Refusal};

/// What a rate says to one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Wait(Duration),
    Flood,
}

/// The rates that hold for every client of a node.
#[derive(Debug)]
pub(crate) struct Rates {
    events: Rate,
    messages: Rate,
    requests: Rate,
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits {
            events_per_second,
            events_per_second_burst,
            messages_per_second,
            messages_per_second_burst,
            requests_per_minute,
            requests_per_minute_burst,
            ..
        } = *limits;
        Self {
            events: Rate::per_second(events_per_second, events_per_second_burst),
            messages: Rate::per_second(messages_per_second, messages_per_second_burst),
            requests: Rate::per_minute(requests_per_minute, requests_per_minute_burst),
        }
    }
}

/// What one client has taken of one rate.
#[derive(Debug, Default)]
struct Taken {
    bucket: TokenBucket,
    meter: FloodMeter,
}

impl Taken {
    fn take(&mut self, rate: Rate, now: Moment) -> Verdict {
        if self.meter.is_flood(rate, now) {
            return Verdict::Flood;
        }
        self.bucket.take(rate, now).map_or_else(Verdict::Wait, |()| Verdict::Pass)
    }
}

/// What one client has taken of each.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    events: Taken,
    messages: Taken,
    requests: Taken,
}

impl Limiter {
    /// One that has taken what is paid back at these moments.
    pub(super) fn full_from([events, messages, requests]: [Moment; 3]) -> Self {
        let taken = |full_at| Taken { bucket: TokenBucket::full_at(full_at), ..Taken::default() };
        Self { events: taken(events), messages: taken(messages), requests: taken(requests) }
    }

    /// When it has been paid back for each.
    pub(super) fn full_at(&self) -> [Moment; 3] {
        [&self.events, &self.messages, &self.requests].map(|taken| taken.bucket.is_full_at())
    }

    pub(super) fn event(&mut self, rates: &Rates, now: Moment) -> Verdict {
        self.events.take(rates.events, now)
    }

    pub(super) fn message(&mut self, rates: &Rates, now: Moment) -> Verdict {
        self.messages.take(rates.messages, now)
    }

    pub(super) fn request(&mut self, rates: &Rates, now: Moment) -> Verdict {
        self.requests.take(rates.requests, now)
    }
}

/// `rate-limited`, rounded up to a whole millisecond.
pub(super) fn refusal(wait: Duration) -> Refusal {
    let millis = wait.as_micros().div_ceil(1_000);
    Refusal::rate_limited(u64::try_from(millis).unwrap_or(u64::MAX))
}
