//! Rate: signals in an open loop. Each is due at a moment that does not depend on any answer, its
//! latency counts from that moment, and one that never comes fails the round: what a server holds
//! up or swallows cannot hide (no coordinated omission).

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

use super::{
    Counted, Figures, Size, latencies, measure,
    relay::{SIGNAL, SIGNAL_ARRIVES, pair_up, signal},
};
use crate::{
    load::{Load, Out, Scenario, field},
    server::Server,
};

/// How long after the last one was due a signal may still come.
const LATE_MAX: Duration = Duration::from_secs(10);

struct Paced {
    started: Instant,
    interval: Duration,
    senders: Vec<usize>,
    /// Those due earlier belong to the warm-up and are not counted.
    counts_from: Duration,
    /// Nothing is due from here on.
    ends_at: Duration,
    sent: u32,
    arrived: u32,
    latency_us: Histogram<u64>,
}

impl Paced {
    /// Counts those that are due between two moments, which begin now.
    fn new(senders: Vec<usize>, rate: u32, [counts_from, ends_at]: [Duration; 2]) -> Result<Self> {
        Ok(Self {
            started: Instant::now(),
            interval: Duration::from_secs(1) / rate.max(1),
            senders,
            counts_from,
            ends_at,
            sent: 0,
            arrived: 0,
            latency_us: latencies()?,
        })
    }

    /// Waits for what has not come yet.
    fn await_late(&mut self, load: &mut Load) -> Result<()> {
        let is_whole =
            |paced: &Self| paced.arrived == paced.sent && paced.next_due() >= paced.ends_at;
        if !load.run(self, LATE_MAX, is_whole)? {
            bail!("{} of {} signals have come", self.arrived, self.sent);
        }
        Ok(())
    }

    fn next_due(&self) -> Duration {
        self.interval * self.sent
    }

    fn record(&mut self, due: Duration, now: Duration) {
        self.arrived += 1;
        if due >= self.counts_from {
            let late = now.saturating_sub(due).as_micros();
            self.latency_us.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        }
    }
}

impl Scenario for Paced {
    fn on_event(&mut self, _out: &mut Out, _who: usize, name: &str, data: &str) {
        if name == SIGNAL_ARRIVES {
            let due = field(data, "t").and_then(|stamp| stamp.parse().ok());
            if let Some(due) = due.map(Duration::from_nanos) {
                self.record(due, self.started.elapsed());
            }
        }
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        loop {
            let (due, now) = (self.next_due(), self.started.elapsed());
            if due >= self.ends_at {
                return Duration::from_millis(1);
            }
            if due > now {
                return due - now;
            }
            let stamp = u64::try_from(due.as_nanos()).unwrap_or(u64::MAX);
            let who = self.senders[self.sent as usize % self.senders.len()];
            out.say(who, SIGNAL, &signal(stamp));
            self.sent += 1;
        }
    }
}

impl Counted for Paced {
    fn operations(&self) -> u64 {
        u64::from(self.arrived)
    }
}

/// Latencies, in microseconds, of signals at `rate` per second for `time`.
///
/// # Errors
/// Where a signal is lost.
pub(crate) fn window(
    load: &mut Load,
    senders: &[usize],
    (rate, time): (u32, Duration),
) -> Result<Histogram<u64>> {
    let mut paced = Paced::new(senders.to_vec(), rate, [Duration::ZERO, time])?;
    load.run(&mut paced, time, |_| false)?;
    paced.await_late(load)?;
    Ok(paced.latency_us)
}

/// Latency of relayed signals at a rate, and what each costs.
///
/// # Errors
/// Where the server does not do its work, or loses a signal.
pub(crate) fn rate(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, senders) = pair_up(server, size)?;
    let mut paced = Paced::new(senders, size.rate, [size.warm_up, size.warm_up + size.time])?;
    let figures = measure(server, &mut load, &mut paced, size)?;
    paced.await_late(&mut load)?;
    Ok(figures.with_latency(&paced.latency_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_counted_for_every_signal_that_was_due_in_it() {
        let mut paced = Paced {
            started: Instant::now(),
            interval: Duration::from_millis(1),
            senders: vec![0],
            counts_from: Duration::from_millis(10),
            ends_at: Duration::from_secs(1),
            sent: 0,
            arrived: 0,
            latency_us: latencies().expect("valid bounds"),
        };
        // Due at 0 to 109 ms; the server stands still until 110 ms and then answers all at once.
        for due in 0..110 {
            paced.record(Duration::from_millis(due), Duration::from_millis(110));
        }
        assert_eq!(paced.arrived, 110);
        assert_eq!(paced.latency_us.len(), 100, "those of the warm-up are left out");
        let median = paced.latency_us.value_at_quantile(0.5);
        assert!((49_000..=52_000).contains(&median), "{median} µs");
    }
}
