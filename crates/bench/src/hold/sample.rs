//! What a run has used at one moment, and the figures between moments.

use std::{fmt::Write, time::Instant};

use anyhow::Result;
use serde::Serialize;

use super::crew::Crew;
use crate::{process, report::median, server::Server};

/// Memory in bytes, CPU in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    at: Instant,
    server_memory: u64,
    loader_memory: u64,
    server_cpu: f64,
    loader_cpu: f64,
    tcp_memory: u64,
    system: process::System,
}

impl Sample {
    /// # Errors
    /// Where a process has ended.
    pub(super) fn take(nodes: &[Server], crew: &Crew) -> Result<Self> {
        let (mut server, mut loader) = ((0, 0.0), (0, 0.0));
        for pid in nodes.iter().filter_map(|node| node.pid) {
            server.0 += process::memory(pid)?.pss;
            server.1 += process::cpu(pid)?.as_secs_f64();
        }
        for pid in crew.pids() {
            loader.0 += process::memory(pid)?.pss;
            loader.1 += process::cpu(pid)?.as_secs_f64();
        }
        Ok(Self {
            at: Instant::now(),
            server_memory: server.0,
            loader_memory: loader.0,
            server_cpu: server.1,
            loader_cpu: loader.1,
            tcp_memory: process::tcp_memory(),
            system: process::System::now(),
        })
    }
}

/// One line of the table.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    name: String,
    value: f64,
    /// In how many digits after the point it is shown.
    digits: usize,
}

impl Figure {
    fn new(name: impl Into<String>, value: f64, digits: usize) -> Self {
        Self { name: name.into(), value, digits }
    }

    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(super) fn count(name: &str, count: u64) -> Self {
        Self::new(name, count as f64, 0)
    }
}

/// The figures of one run: started, everyone connected, everyone in a call, held.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(super) fn figures(connections: usize, moments: [&Sample; 4]) -> Vec<Figure> {
    let [started, connected, met, held] = moments;
    let count = connections as f64;
    let grown = |pick: fn(&Sample) -> u64| pick(held) as f64 - pick(started) as f64;
    let took = |from: &Sample, to: &Sample| (to.at - from.at).as_secs_f64();
    let (server, loader) = (grown(|s| s.server_memory), grown(|s| s.loader_memory));
    let kernel = grown(|s| s.system.kernel + s.tcp_memory);
    let available = -grown(|s| s.system.available);
    let kb = |bytes: f64| bytes / count / 1e3;
    vec![
        Figure::count("connections, all in calls", connections as u64),
        Figure::new("connected in, s", took(started, connected), 1),
        Figure::new("matched in, s", took(connected, met), 1),
        Figure::new("held for, s", took(met, held), 1),
        Figure::new("servers' user memory, kB per connection", kb(server), 3),
        Figure::new("loaders' user memory, kB per connection", kb(loader), 3),
        Figure::new("kernel memory of both ends, kB per connection", kb(kernel), 3),
        Figure::new("of it TCP buffers, kB per connection", kb(grown(|s| s.tcp_memory)), 3),
        Figure::new("less available memory, kB per connection", kb(available), 3),
        Figure::new("less available memory, GB", available / 1e9, 2),
        Figure::new(
            "servers' CPU to connect, µs per connection",
            (connected.server_cpu - started.server_cpu) * 1e6 / count,
            1,
        ),
        Figure::new(
            "servers' CPU to match, µs per match",
            (met.server_cpu - connected.server_cpu) * 2e6 / count,
            1,
        ),
        Figure::new(
            "servers' CPU while held, cores",
            (held.server_cpu - met.server_cpu) / took(met, held),
            3,
        ),
        Figure::new(
            "loaders' CPU while held, cores",
            (held.loader_cpu - met.loader_cpu) / took(met, held),
            3,
        ),
    ]
}

/// A quantile of the latency of fresh visitors, of each round: the median, the spread and the ratio.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(super) fn compare(quantile: &str, bare: &[u64], ours: &[u64]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut medians = Vec::new();
    for (name, rounds) in [("the bare loop", bare), ("the nodes", ours)] {
        let rounds: Vec<f64> = rounds.iter().map(|value| *value as f64).collect();
        let Some(middle) = median(&rounds) else { continue };
        let (lowest, highest) = (rounds[0], rounds[rounds.len() - 1]);
        let name = format!("fresh match on {name}, {quantile} µs ({lowest} to {highest})");
        figures.push(Figure::new(name, middle, 0));
        medians.push(middle);
    }
    if let [bare, ours] = medians[..] {
        figures.push(Figure::new(format!("ratio of {quantile}"), ours / bare.max(1.0), 2));
    }
    figures
}

pub(super) fn table(figures: &[Figure]) -> String {
    let mut text = String::from("| figure | value |\n| --- | --- |\n");
    for Figure { name, value, digits } in figures {
        let _ = writeln!(text, "| {name} | {value:.digits$} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sample(seconds: u64, server_memory: u64, server_cpu: f64, kernel: u64) -> Sample {
        let at = Instant::now() + Duration::from_secs(seconds);
        Sample {
            at,
            server_memory,
            loader_memory: 1_000,
            server_cpu,
            loader_cpu: 0.0,
            tcp_memory: 0,
            system: process::System { total: 0, available: 100_000 - kernel, kernel },
        }
    }

    #[test]
    fn figures_are_differences_for_each_connection() {
        let moments = [
            &sample(0, 500, 0.0, 0),
            &sample(1, 500, 0.001, 0),
            &sample(2, 500, 0.002, 0),
            &sample(12, 5_500, 5.002, 25_000),
        ];
        let table = table(&figures(10, moments));
        for line in [
            "| servers' user memory, kB per connection | 0.500 |",
            "| kernel memory of both ends, kB per connection | 2.500 |",
            "| less available memory, kB per connection | 2.500 |",
            "| servers' CPU to connect, µs per connection | 100.0 |",
            "| servers' CPU to match, µs per match | 200.0 |",
            "| servers' CPU while held, cores | 0.500 |",
        ] {
            assert!(table.contains(line), "{line} is not in\n{table}");
        }
    }

    #[test]
    fn fresh_visitors_are_compared_by_the_median_of_the_rounds() {
        let figures = compare("p99", &[100, 200, 900], &[150, 300, 400]);
        assert_eq!(figures[1].name, "fresh match on the nodes, p99 µs (150 to 400)");
        assert_eq!(figures[2], Figure::new("ratio of p99", 1.5, 2));
    }
}
