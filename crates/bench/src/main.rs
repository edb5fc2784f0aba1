//! `liveloop-bench`: simulated strangers. Measures what a server costs for each thing that it does,
//! in alternating rounds beside a bare epoll loop, because machines are shared and move.

mod load;
mod modes;
mod process;
mod reference;
mod report;
mod server;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use modes::{Figures, Size};
use server::{Kind, Server};

/// Simulated strangers: what does a Live Loop server cost for each thing that it does?
///
/// Starts the server and a bare epoll loop in turn, puts the same load on each, and prints the
/// median of the rounds with their spread, and the ratio of the two, which decides: machines move
/// by 10 to 25 % from round to round, the ratio hardly.
#[derive(Parser)]
#[command(name = "liveloop-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure one mode, or all of them.
    Run(Run),
    /// Serve as the bare epoll loop that the figures are compared with.
    Reference {
        /// Where to listen; port 0 takes any free one.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
        /// Write each frame at once, instead of once a wake-up.
        #[arg(long)]
        per_frame: bool,
    },
}

#[derive(Args)]
struct Run {
    /// What to measure.
    #[arg(value_enum, required = true)]
    modes: Vec<Mode>,
    /// The server's binary.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Measure a server that runs already at this address instead, without the bare loop.
    #[arg(long)]
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
    /// Operations per second, for `rate`.
    #[arg(long, default_value_t = 5_000)]
    rate: u32,
    /// How many rounds of each server, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
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
    /// CPU per match: one whole turn of two clients.
    Match,
    /// CPU per relayed signal of 500 bytes.
    Relay,
    /// Latency of signals in an open loop, at `--rate`.
    Rate,
    /// CPU per delivery in a group of 1,000.
    Room,
    /// CPU per heartbeat.
    Heartbeat,
}

impl Mode {
    fn clients(self) -> usize {
        match self {
            Self::Idle | Self::Storm => 10_000,
            Self::Room => 1_000,
            Self::Match | Self::Relay | Self::Rate | Self::Heartbeat => 2_000,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn measure(self, server: &Server, size: Size) -> Result<Figures> {
        match self {
            Self::Idle => modes::idle(server, size),
            Self::Storm => modes::storm(server, size),
            Self::Match => modes::meet(server, size),
            Self::Relay => modes::relay(server, size),
            Self::Rate => modes::rate(server, size),
            Self::Room => modes::room(server, size),
            Self::Heartbeat => modes::heartbeat(server, size),
        }
    }
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Reference { listen, per_frame } => reference::serve(listen, !per_frame),
        Command::Run(run) => run.run(),
    }
}

impl Run {
    fn run(self) -> Result<()> {
        let kinds = match self.against {
            Some(address) => vec![Kind::Running(address, self.pid)],
            None => vec![Kind::Reference, Kind::Ours(self.server.clone())],
        };
        let files = process::open_files_max().saturating_sub(64);
        let mut report = report::Report::default();
        for mode in &self.modes {
            let size = Size {
                clients: self.clients.unwrap_or_else(|| mode.clients()).min(files),
                warm_up: Duration::from_secs(1),
                time: Duration::from_secs_f64(self.seconds),
                rate: self.rate,
            };
            for round in 1..=self.rounds {
                for kind in &kinds {
                    eprintln!("{}: round {round} of {}, {}", mode.name(), self.rounds, kind.name());
                    let server = kind.start()?;
                    let figures = mode.measure(&server, size)?;
                    report.add(&mode.name(), kind.name(), figures);
                }
            }
        }
        print!("{}", report.table());
        if let Some(path) = self.json {
            std::fs::write(path, report.json()?)?;
        }
        Ok(())
    }
}
