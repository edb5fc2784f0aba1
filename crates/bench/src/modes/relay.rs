//! Relay: pairs with one signal of 500 bytes in flight; and the same at a given rate in an open
//! loop, each latency counted from when the signal was due (no coordinated omission).

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;

use super::{Counted, Figures, Size, measure};
use crate::{
    load::{Load, Out, Scenario},
    server::Server,
};

/// The whole text of a signal has this many bytes.
const SIGNAL_BYTES: usize = 500;

/// Everybody in a call, two and two.
#[derive(Default)]
struct Pairing {
    match_dones: usize,
    initiators: Vec<usize>,
}

impl Scenario for Pairing {
    fn on_text(&mut self, _out: &mut Out, who: usize, text: &str) {
        if text.starts_with("{\"event\":\"match-done\"") {
            self.match_dones += 1;
            if text.contains("\"initiator\":true") {
                self.initiators.push(who);
            }
        }
    }
}

fn pair_up(server: &Server, size: Size) -> Result<(Load, Vec<usize>)> {
    let count = size.clients & !1;
    let mut load = Load::connect(server.address, count)?;
    for who in 0..count {
        load.out.send(who, "{\"event\":\"request-room\",\"data\":{\"autoNext\":false}}");
    }
    let mut pairing = Pairing::default();
    if !load.run(&mut pairing, Duration::from_secs(30), |p| p.match_dones == count)? {
        bail!("{} of {count} have met", pairing.match_dones);
    }
    Ok((load, pairing.initiators))
}

fn signal(stamp: u64) -> String {
    let head = format!(
        "{{\"event\":\"send-new-ice-candidates\",\"data\":{{\"candidate\":{{\"t\":\"{stamp:020}\",\"c\":\""
    );
    let tail = "\"}}}";
    format!("{head}{}{tail}", "x".repeat(SIGNAL_BYTES - head.len() - tail.len()))
}

struct Relaying {
    signal: String,
    relayed: u64,
}

impl Scenario for Relaying {
    fn on_text(&mut self, out: &mut Out, who: usize, text: &str) {
        if text.starts_with("{\"event\":\"new-ice-candidates\"") {
            self.relayed += 1;
            out.send(who, &self.signal);
        }
    }
}

impl Counted for Relaying {
    fn operations(&self) -> u64 {
        self.relayed
    }
}

/// CPU per relayed signal.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn relay(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, initiators) = pair_up(server, size)?;
    let mut relaying = Relaying { signal: signal(0), relayed: 0 };
    for who in initiators {
        load.out.send(who, &relaying.signal);
    }
    measure(server, &mut load, &mut relaying, size)
}

struct Paced {
    started: Instant,
    interval: Duration,
    senders: Vec<usize>,
    sent: u32,
    relayed: u64,
    latency_us: Histogram<u64>,
}

impl Scenario for Paced {
    fn on_text(&mut self, _out: &mut Out, _who: usize, text: &str) {
        let stamp = crate::load::between(text, "\"t\":\"").and_then(|stamp| stamp.parse().ok());
        if let Some(due) = stamp.map(Duration::from_nanos) {
            self.relayed += 1;
            let late = self.started.elapsed().saturating_sub(due);
            self.latency_us.saturating_record(u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        loop {
            let due = self.interval * self.sent;
            let now = self.started.elapsed();
            if due > now {
                return due - now;
            }
            let stamp = u64::try_from(due.as_nanos()).unwrap_or(u64::MAX);
            let who = self.senders[self.sent as usize % self.senders.len()];
            out.send(who, &signal(stamp));
            self.sent += 1;
        }
    }
}

impl Counted for Paced {
    fn operations(&self) -> u64 {
        self.relayed
    }
}

/// Latency of relayed signals at a rate, and what each costs.
///
/// # Errors
/// Where the server does not do its work.
pub(crate) fn rate(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, senders) = pair_up(server, size)?;
    let mut paced = Paced {
        started: Instant::now(),
        interval: Duration::from_secs(1) / size.rate.max(1),
        senders,
        sent: 0,
        relayed: 0,
        latency_us: Histogram::new(3)?,
    };
    let figures = measure(server, &mut load, &mut paced, size)?;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let at = |quantile| Some(paced.latency_us.value_at_quantile(quantile) as f64);
    Ok(Figures { p50_us: at(0.5), p99_us: at(0.99), ..figures })
}
