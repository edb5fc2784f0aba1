//! What is watched of a server: its memory, sampled, and its counters.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;

use crate::{
    load::{Target, Wire, dial},
    process,
};

/// How often memory is looked at.
const INTERVAL: Duration = Duration::from_millis(200);
/// Where the metrics are asked from: nobody else comes from there.
pub(super) const SOURCE: [u8; 4] = [127, 0, 2, 1];

/// Memory at one moment, in bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Memory {
    /// The server's own.
    pub(super) pss: u64,
    /// The contents of all TCP sockets of the machine, both ends.
    pub(super) tcp: u64,
}

impl Memory {
    pub(super) fn max(self, other: Self) -> Self {
        Self { pss: self.pss.max(other.pss), tcp: self.tcp.max(other.tcp) }
    }
}

pub(super) fn memory(pid: u32) -> Result<Memory> {
    Ok(Memory { pss: process::memory(pid)?.pss, tcp: process::tcp_memory() })
}

/// Samples memory until it is ended.
pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Result<Memory>>,
}

impl Watch {
    pub(super) fn start(pid: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut peak = Memory::default();
            while !ends.load(Relaxed) {
                peak = peak.max(memory(pid)?);
                std::thread::sleep(INTERVAL);
            }
            Ok(peak)
        });
        Self { is_over, thread }
    }

    /// The most that there was.
    pub(super) fn end(self) -> Result<Memory> {
        self.is_over.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow!("the watch has panicked"))?
    }
}

/// Samples of counters, by how they are written.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Counters(BTreeMap<String, i64>);

/// Of what is told, what says something of hostile clients.
const NAMES: [&str; 5] = [
    "liveloop_closes_total",
    "liveloop_refusals_total",
    "liveloop_handshakes_refused_total",
    "liveloop_connections_given_up_total",
    "liveloop_accept_failures_total",
];

impl Counters {
    /// # Errors
    /// Where the server does not tell its metrics.
    pub(super) fn read(address: SocketAddr) -> Result<Self> {
        let text = get(address, "/metrics")?;
        let samples = text.lines().filter(|line| NAMES.iter().any(|name| line.starts_with(name)));
        let read = |line: &str| {
            let (sample, value) = line.rsplit_once(' ')?;
            Some((sample.to_owned(), value.parse().ok()?))
        };
        Ok(Self(samples.filter_map(read).collect()))
    }

    /// What has been counted since.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let grown = |(sample, count): (&String, &i64)| {
            let before = earlier.0.get(sample).copied().unwrap_or(0);
            (count - before != 0).then(|| (sample.clone(), count - before))
        };
        Self(self.0.iter().filter_map(grown).collect())
    }

    pub(super) fn get(&self, sample: &str) -> i64 {
        self.0.get(sample).copied().unwrap_or(0)
    }

    /// Counters only rise.
    pub(super) fn is_sane(&self) -> bool {
        self.0.values().all(|count| *count >= 0)
    }

    /// Without what all of them begin with, for a table.
    pub(super) fn short(&self) -> String {
        let plain = |sample: &str| {
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            let name = name.trim_start_matches("liveloop_").trim_end_matches("_total");
            let value = labels.rsplit("=\"").next().unwrap_or_default();
            format!("{} “{}”", name.replace('_', " "), value.trim_end_matches("\"}"))
        };
        let all: Vec<_> =
            self.0.iter().map(|(sample, count)| format!("{} {count}", plain(sample))).collect();
        all.join(", ")
    }
}

/// The answer to a `GET`, from an address that nobody else comes from.
pub(super) fn get(address: SocketAddr, path: &str) -> Result<String> {
    let target = Target { address, wire: Wire::Plain, source: Some(SOURCE.into()), tls: None };
    let mut stream = dial(&target)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).with_context(|| format!("GET {path}"))?;
    let response = String::from_utf8_lossy(&response).into_owned();
    ensure!(response.starts_with("HTTP/1.1 200 "), "GET {path} was answered with {response}");
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_grown_is_shown() {
        let counters = |samples: &[(&str, i64)]| {
            Counters(samples.iter().map(|(sample, count)| ((*sample).to_owned(), *count)).collect())
        };
        let flood = r#"liveloop_closes_total{code="1008",reason="flood"}"#;
        let before = counters(&[(flood, 2), ("liveloop_accept_failures_total", 1)]);
        let after = counters(&[(flood, 5), ("liveloop_accept_failures_total", 1)]);
        let grown = after.since(&before);
        assert_eq!((grown.get(flood), grown.get("liveloop_accept_failures_total")), (3, 0));
        assert_eq!(grown.short(), "closes “flood” 3");
    }
}
