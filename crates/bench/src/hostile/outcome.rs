//! What an attack has come to, as a line, a table and JSON; and, in small, whether that is right.

use std::fmt::Write;

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;

use super::watch::{Counters, Memory};
use crate::report::median;

/// In small, the most by which the server's memory may grow, in bytes: far more than a few hundred
/// connections take, and far less than what they send.
const GROWTH_MAX: u64 = 48 << 20;
/// In small, the most that the contents of sockets may take, in bytes.
const TCP_MAX: u64 = 128 << 20;

/// What an attack has come to.
#[derive(Serialize)]
pub(super) struct Outcome {
    attack: String,
    /// While the same attack was aimed at another server.
    pub(super) elsewhere: Latency,
    pub(super) before: Latency,
    pub(super) during: Latency,
    memory_before: Memory,
    pub(super) peak: Memory,
    pub(super) after: Memory,
    pub(super) counted: Counters,
    pub(super) attackers: Vec<serde_json::Value>,
}

/// Latencies of the others, in microseconds, one of each window.
#[derive(Default, Serialize)]
pub(super) struct Latency {
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
}

impl Latency {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(super) fn add(&mut self, window: &Histogram<u64>) {
        self.p50_us.push(window.value_at_quantile(0.5) as f64);
        self.p99_us.push(window.value_at_quantile(0.99) as f64);
    }

    fn p50(&self) -> f64 {
        middle(&self.p50_us)
    }

    fn p99(&self) -> f64 {
        middle(&self.p99_us)
    }

    fn p99_range(&self) -> String {
        if self.p99_us.is_empty() {
            return "–".to_owned();
        }
        let lowest = self.p99_us.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.p99_us.iter().copied().fold(0.0, f64::max);
        format!("{:.0} ({lowest:.0}–{highest:.0})", self.p99())
    }
}

fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    median(&sorted).unwrap_or(f64::NAN)
}

impl Outcome {
    pub(super) fn new(attack: String, memory_before: Memory) -> Self {
        Self {
            attack,
            elsewhere: Latency::default(),
            before: Latency::default(),
            during: Latency::default(),
            memory_before,
            peak: Memory::default(),
            after: Memory::default(),
            counted: Counters::default(),
            attackers: Vec::new(),
        }
    }

    fn ratio(&self) -> f64 {
        self.during.p99() / self.before.p99()
    }

    pub(super) fn line(&self) -> String {
        format!(
            "p99 {} µs before, {} during, ratio {:.2}, {} when elsewhere; PSS {} → {} MB",
            self.before.p99_range(),
            self.during.p99_range(),
            self.ratio(),
            self.elsewhere.p99_range(),
            self.memory_before.pss / 1_000_000,
            self.peak.pss / 1_000_000
        )
    }

    /// # Errors
    /// Where memory has grown beyond its bound, or a cause was not counted.
    pub(super) fn judge(&self, must_count: &[&str]) -> Result<()> {
        let growth = self.peak.pss.saturating_sub(self.memory_before.pss);
        ensure!(growth <= GROWTH_MAX, "the server's memory has grown by {growth} bytes");
        let tcp = self.peak.tcp.saturating_sub(self.memory_before.tcp);
        ensure!(tcp <= TCP_MAX, "the contents of sockets have grown by {tcp} bytes");
        for sample in must_count {
            let counted = self.counted.get(sample);
            ensure!(counted > 0, "{sample} has counted none, but {}", self.counted.short());
        }
        Ok(())
    }
}

/// Latency and memory, then what was counted.
pub(super) fn tables(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "| attack | others' p50 µs before, during | others' p99 µs before | during | ratio | with the attack elsewhere | PSS MB before, peak, after | sockets MB before, peak, after |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for outcome in outcomes {
        let moments = [outcome.memory_before, outcome.peak, outcome.after];
        let megabytes = |pick: fn(&Memory) -> u64| {
            let all: Vec<_> = moments
                .iter()
                .map(|it| format!("{}.{}", pick(it) / 1_000_000, pick(it) / 100_000 % 10))
                .collect();
            all.join(", ")
        };
        let _ = writeln!(
            text,
            "| {} | {:.0}, {:.0} | {} | {} | **{:.2}** | {} | {} | {} |",
            outcome.attack,
            outcome.before.p50(),
            outcome.during.p50(),
            outcome.before.p99_range(),
            outcome.during.p99_range(),
            outcome.ratio(),
            outcome.elsewhere.p99_range(),
            megabytes(|memory| memory.pss),
            megabytes(|memory| memory.tcp),
        );
    }
    text.push_str("\n| attack | counted |\n| --- | --- |\n");
    for outcome in outcomes {
        let _ = writeln!(text, "| {} | {} |", outcome.attack, outcome.counted.short());
    }
    text
}
