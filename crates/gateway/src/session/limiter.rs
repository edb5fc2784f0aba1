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

#[derive(Debug)]
struct Limited {
    rate: Rate,
    bucket: TokenBucket,
    meter: FloodMeter,
}

impl Limited {
    fn new(rate: Rate) -> Self {
        Self { rate, bucket: TokenBucket::default(), meter: FloodMeter::default() }
    }

    fn take(&mut self, now: Moment) -> Verdict {
        if self.meter.is_flood(self.rate, now) {
            return Verdict::Flood;
        }
        self.bucket.take(self.rate, now).map_or_else(Verdict::Wait, |()| Verdict::Pass)
    }
}

#[derive(Debug)]
pub(super) struct Limiter {
    events: Limited,
    messages: Limited,
    requests: Limited,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
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
            events: Limited::new(Rate::per_second(events_per_second, events_per_second_burst)),
            messages: Limited::new(Rate::per_second(
                messages_per_second,
                messages_per_second_burst,
            )),
            requests: Limited::new(Rate::per_minute(
                requests_per_minute,
                requests_per_minute_burst,
            )),
        }
    }

    pub(super) fn event(&mut self, now: Moment) -> Verdict {
        self.events.take(now)
    }

    pub(super) fn message(&mut self, now: Moment) -> Verdict {
        self.messages.take(now)
    }

    pub(super) fn request(&mut self, now: Moment) -> Verdict {
        self.requests.take(now)
    }
}

/// `rate-limited`, rounded up to a whole millisecond.
pub(super) fn refusal(wait: Duration) -> Refusal {
    let millis = wait.as_micros().div_ceil(1_000);
    Refusal::rate_limited(u64::try_from(millis).unwrap_or(u64::MAX))
}
