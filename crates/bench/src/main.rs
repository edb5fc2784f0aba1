//! `liveloop-bench`: simulated strangers. Measures what a server costs for each thing that it does,
//! in alternating rounds beside a bare epoll loop, because machines are shared and move.

#![forbid(unsafe_code)]

mod durable;
mod hold;
mod hostile;
mod leash;
mod load;
mod machine;
mod modes;
mod peers;
mod process;
mod reference;
mod report;
mod run;
mod server;

use std::{ffi::OsString, net::SocketAddr};

use anyhow::Result;
use clap::{Parser, Subcommand};

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
    /// Measure one mode, or several.
    Run(run::Run),
    /// Hold very many connections over several nodes, everyone in a call.
    Hold(hold::Hold),
    /// Attack a server, and measure what that does to the others on it.
    Hostile(hostile::Hostile),
    /// Talk to a server that is killed again and again, or whose disk fails.
    Durable(durable::Durable),
    /// Read again what clients of `durable` were told, from a server on the same data.
    Recall(durable::Recall),
    /// Serve as the bare epoll loop that the figures are compared with.
    Reference {
        /// Where to listen; port 0 takes any free one.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
        /// Write each frame at once, instead of once a wake-up.
        #[arg(long)]
        per_frame: bool,
    },
    /// Connect what `hold` tells over the pipe.
    #[command(hide = true)]
    Loader(hold::Loader),
    /// Attack what `hostile` names, until the input ends.
    #[command(hide = true)]
    Attacker(hostile::Attacker),
    /// Become a program that ends with its parent.
    #[command(hide = true)]
    Leashed {
        /// The process that must not outlive.
        parent: u32,
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => run.run(),
        Command::Hold(hold) => hold.run(),
        Command::Hostile(hostile) => hostile.run(),
        Command::Durable(durable) => durable.run(),
        Command::Recall(recall) => recall.run(),
        Command::Attacker(attacker) => attacker.run(),
        Command::Reference { listen, per_frame } => reference::serve(listen, !per_frame),
        Command::Loader(loader) => loader.run(),
        Command::Leashed { parent, command } => leash::become_leashed(parent, &command),
    }
}
