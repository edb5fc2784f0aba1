//! What is measured: each mode is a load, and what one operation of it costs the server.

mod idle;
mod meet;
mod rate;
mod relay;
mod resume;
mod room;
mod say;
mod storm;

use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    load::{Load, Scenario},
    process,
    server::Server,
};

pub(crate) use idle::{heartbeat, idle};
pub(crate) use meet::{REQUEST, meet};
pub(crate) use rate::{rate, window};
pub(crate) use relay::{meet_all, relay};
pub(crate) use resume::resume;
pub(crate) use room::{make_group, room};
pub(crate) use say::{say, say_rate};
pub(crate) use storm::storm;

/// How large a load is, and how long it lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) clients: usize,
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    /// Operations per second, in an open loop.
    pub(crate) rate: u32,
}

/// What one round has shown.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    /// Operations in the time that was measured.
    pub(crate) operations: u64,
    /// Per second of that time.
    pub(crate) per_second: f64,
    /// The server's CPU per operation, in microseconds.
    pub(crate) cpu_us: Option<f64>,
    /// The server's user memory per connection, in bytes.
    pub(crate) memory_bytes: Option<f64>,
    /// The kernel's memory for the sockets of both ends, per connection, in bytes.
    pub(crate) kernel_bytes: Option<f64>,
    /// Latency at the median, in microseconds.
    pub(crate) p50_us: Option<f64>,
    /// Latency at the 99th percentile, in microseconds.
    pub(crate) p99_us: Option<f64>,
    /// Latency at the 99.9th percentile, in microseconds.
    pub(crate) p999_us: Option<f64>,
    /// The longest latency, in microseconds.
    pub(crate) max_us: Option<f64>,
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(crate) fn with_latency(self, latency_us: &Histogram<u64>) -> Self {
        let at = |quantile| Some(latency_us.value_at_quantile(quantile) as f64);
        let max_us = Some(latency_us.max() as f64);
        Self { p50_us: at(0.5), p99_us: at(0.99), p999_us: at(0.999), max_us, ..self }
    }
}

/// Latencies in microseconds, up to a minute.
///
/// # Errors
/// Never: the bounds are valid.
pub(crate) fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(60_000_000, 3)?)
}

/// A scenario that counts its operations.
trait Counted: Scenario {
    fn operations(&self) -> u64;
}

/// Runs the load until it is warm, then measures it.
fn measure<S: Counted>(
    server: &Server,
    load: &mut Load,
    scenario: &mut S,
    size: Size,
) -> Result<Figures> {
    load.run(scenario, size.warm_up, |_| false)?;
    let cpu = || server.pid.map(process::cpu).transpose();
    let (before, cpu_before) = (scenario.operations(), cpu()?);
    let started = std::time::Instant::now();
    load.run(scenario, size.time, |_| false)?;
    let took = started.elapsed().as_secs_f64();
    let (operations, cpu_after) = (scenario.operations() - before, cpu()?);
    let spent = cpu_after.zip(cpu_before).map(|(after, before)| (after - before).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let count = operations as f64;
    let count_or_none = (operations > 0).then_some(count).context("nothing was done")?;
    Ok(Figures {
        operations,
        per_second: count / took,
        cpu_us: spent.map(|spent| spent * 1e6 / count_or_none),
        ..Figures::default()
    })
}
