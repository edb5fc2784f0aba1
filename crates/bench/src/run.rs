//! `run`: the servers in turn, round after round, under the same load.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    machine::Machine,
    modes::{self, Figures, Size},
    peers::Peer,
    process,
    report::Report,
    server::{Kind, Server},
};

/// What is to be measured, and how.
#[derive(Args)]
pub(crate) struct Run {
    /// What to measure.
    #[arg(value_enum, required = true)]
    modes: Vec<Mode>,
    /// The server's binary.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Measure it a second time with its sends batched through io_uring.
    #[arg(long)]
    io_uring: bool,
    /// Measure this server on another stack too, in the same series; may be given several times.
    #[arg(long, value_enum)]
    peer: Vec<Peer>,
    /// Measure ours with TLS of its own too, in the same series.
    #[arg(long)]
    tls: bool,
    /// The folder in which the peers are installed.
    #[arg(long, default_value = "crates/bench/peers")]
    peers: PathBuf,
    /// Measure a server that runs already at this address instead, without the bare loop.
    #[arg(long, conflicts_with_all = ["io_uring", "peer", "tls", "at_least"])]
    against: Option<SocketAddr>,
    /// The process id of that server, to read its CPU and memory.
    #[arg(long, requires = "against")]
    pid: Option<u32>,
    /// How many clients; each mode has its own default.
    #[arg(long)]
    clients: Option<usize>,
    /// How long a round is measured, in seconds.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Operations per second, for `rate` and `say-rate`.
    #[arg(long, default_value_t = 5_000)]
    rate: u32,
    /// How many rounds of each server, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Fail where ours does less than this part of the bare loop's operations per second.
    #[arg(long)]
    at_least: Option<f64>,
    /// Also write the figures of every round to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Memory per idle connection.
    Idle,
    /// CPU per accepted connection.
    Storm,
    /// Everybody is cut at once and comes back: CPU per resumed session, and how long they were away.
    /// The bare loop and the peers resume nothing, and it is not measured over TLS.
    Resume,
    /// CPU per match: one whole turn of two clients.
    Match,
    /// One pair alone that stops and meets again: matches per second.
    Pair,
    /// CPU per relayed signal of 500 bytes.
    Relay,
    /// Latency of signals in an open loop, at `--rate`.
    Rate,
    /// CPU per delivery in a group of 1,000; the peers have no groups, and it is not measured over TLS.
    Room,
    /// Durable texts per second in calls, one of each pair on its way, with the time to the ack. The bare loop
    /// and the peers keep nothing.
    Say,
    /// The same in an open loop, at `--rate`.
    SayRate,
    /// CPU per heartbeat.
    Heartbeat,
}

impl Mode {
    fn clients(self) -> usize {
        match self {
            Self::Idle | Self::Storm | Self::Resume => 10_000,
            Self::Match
            | Self::Relay
            | Self::Rate
            | Self::Heartbeat
            | Self::Say
            | Self::SayRate => 2_000,
            Self::Room => 1_000,
            Self::Pair => 2,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn is_done_by(self, kind: &Kind) -> bool {
        match self {
            Self::Room => !matches!(kind, Kind::Peer(..) | Kind::OursSecure(..)),
            Self::Resume | Self::Say | Self::SayRate => {
                !matches!(kind, Kind::Reference | Kind::Peer(..) | Kind::OursSecure(..))
            }
            _ => true,
        }
    }

    fn measure(self, server: &Server, size: Size) -> Result<Figures> {
        match self {
            Self::Idle => modes::idle(server, size),
            Self::Storm => modes::storm(server, size),
            Self::Resume => modes::resume(server, size),
            Self::Match | Self::Pair => modes::meet(server, size),
            Self::Relay => modes::relay(server, size),
            Self::Rate => modes::rate(server, size),
            Self::Room => modes::room(server, size),
            Self::Say => modes::say(server, size),
            Self::SayRate => modes::say_rate(server, size),
            Self::Heartbeat => modes::heartbeat(server, size),
        }
    }
}

impl Run {
    /// # Errors
    /// Where a server does not start or does not do its work, or does less than `--at-least`.
    pub(crate) fn run(self) -> Result<()> {
        let kinds = self.kinds();
        let files = process::open_files_max().saturating_sub(64);
        let machine = Machine::here();
        let mut report = Report::default();
        for mode in &self.modes {
            let wanted = if *mode == Mode::Pair { None } else { self.clients };
            let size = Size {
                clients: wanted.unwrap_or_else(|| mode.clients()).min(files),
                warm_up: Duration::from_secs(1),
                time: Duration::from_secs_f64(self.seconds),
                rate: self.rate,
            };
            for round in 1..=self.rounds {
                let is_done = |kind: &&Kind| mode.is_done_by(kind);
                for kind in kinds.iter().filter(is_done) {
                    eprintln!("{}: round {round} of {}, {}", mode.name(), self.rounds, kind.name());
                    let server = kind.start()?;
                    let figures = mode.measure(&server, size)?;
                    report.add(&mode.name(), kind.name(), figures);
                }
            }
        }
        println!("{machine}\n\n{}", report.table());
        if let Some(path) = &self.json {
            std::fs::write(path, report.json(&machine)?)?;
        }
        self.judge(&report)
    }

    /// The first one is what the others are compared with.
    fn kinds(&self) -> Vec<Kind> {
        if let Some(address) = self.against {
            return vec![Kind::Running(address, self.pid)];
        }
        let peers = self.peer.iter().map(|peer| Kind::Peer(*peer, self.peers.clone()));
        let batched = self.io_uring.then(|| Kind::OursBatched(self.server.clone()));
        let secure = self.tls.then(|| Kind::OursSecure(self.server.clone()));
        let ours = [Kind::Reference, Kind::Ours(self.server.clone())];
        ours.into_iter().chain(batched).chain(secure).chain(peers).collect()
    }

    fn judge(&self, report: &Report) -> Result<()> {
        let Some(at_least) = self.at_least else { return Ok(()) };
        for mode in &self.modes {
            let ratio = report.ratio(&mode.name(), "operations/s", "liveloop");
            match ratio {
                Some(ratio) if ratio >= at_least => {}
                Some(ratio) => bail!(
                    "{}: {ratio:.3} of the bare loop's operations per second, less than {at_least}",
                    mode.name()
                ),
                None => bail!("{} has no operations per second to judge", mode.name()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn the_bare_loop_comes_first_and_peers_last() {
        let only = ["x", "idle", "--peer", "bun", "--tls", "--io-uring", "--peer", "node-ws"];
        let only = Only::try_parse_from(only);
        let names: Vec<_> = only.expect("valid").run.kinds().iter().map(Kind::name).collect();
        let ours = ["liveloop", "liveloop, io_uring", "liveloop, TLS"];
        assert_eq!(names, [&["bare epoll loop"], &ours[..], &["Bun", "Node ws"]].concat());
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (arguments, named) in [
            (vec!["x"], "<MODES>"),
            (vec!["x", "fly"], "fly"),
            (vec!["x", "idle", "--peer", "nginx"], "nginx"),
            (vec!["x", "idle", "--pid", "1"], "--against"),
            (vec!["x", "idle", "--against", "127.0.0.1:1", "--peer", "bun"], "--peer"),
            (vec!["x", "idle", "--against", "127.0.0.1:1", "--io-uring"], "--io-uring"),
        ] {
            let error = Only::try_parse_from(&arguments).err().expect("refused").to_string();
            assert!(error.contains(named), "{arguments:?}: {error}");
        }
    }
}
