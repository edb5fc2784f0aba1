//! Fresh visitors: they come in two and two at a steady pace, and how long each waits for its match
//! is counted from the moment at which its request was due.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

use crate::{
    load::{Load, Out, Scenario, Target},
    modes::{REQUEST, latencies},
};

/// From one pair to the next.
const PACE: Duration = Duration::from_millis(2);
/// How long after the last request a match may still come.
const LATE_MAX: Duration = Duration::from_secs(30);

struct Arriving {
    started: Instant,
    count: usize,
    asked: usize,
    matched: usize,
    latency_us: Histogram<u64>,
}

impl Arriving {
    fn due(who: usize) -> Duration {
        PACE * u32::try_from(who / 2).unwrap_or(u32::MAX)
    }
}

impl Scenario for Arriving {
    fn on_event(&mut self, _out: &mut Out, who: usize, name: &str, _data: &str) {
        if name == "match-done" {
            self.matched += 1;
            let late = self.started.elapsed().saturating_sub(Self::due(who)).as_micros();
            self.latency_us.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        }
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        while self.asked < self.count {
            let (due, now) = (Self::due(self.asked), self.started.elapsed());
            if due > now {
                return due - now;
            }
            out.say(self.asked, REQUEST.0, REQUEST.1);
            self.asked += 1;
        }
        Duration::from_millis(20)
    }
}

/// Connects fresh visitors, two and two on each target, and has them meet; tells how long each
/// waited, in microseconds. They are gone when this returns.
///
/// # Errors
/// Where one of them finds nobody.
pub(super) fn meet(parts: &[(Target, usize)]) -> Result<Histogram<u64>> {
    let Some((first, _)) = parts.first() else { bail!("there is no node to come to") };
    let mut load = Load::new(first.wire)?;
    for (target, count) in parts {
        load.add(target, *count)?;
    }
    let count = load.len();
    let mut arriving =
        Arriving { started: Instant::now(), count, asked: 0, matched: 0, latency_us: latencies()? };
    let patience = Arriving::due(count) + LATE_MAX;
    if !load.run(&mut arriving, patience, |arriving| arriving.matched == count)? {
        bail!("{} of {count} fresh visitors have met", arriving.matched);
    }
    Ok(arriving.latency_us)
}
