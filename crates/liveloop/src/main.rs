//! `liveloop`: a whole site in one binary.
//!
//! This file reads the command line and turns an outcome into an exit code; each subcommand has a
//! module of its own. No other crate knows flags, files or the environment.

#![forbid(unsafe_code)]

mod cli;
mod config;
mod data;
mod healthcheck;
mod logging;
mod page;
mod secret;
mod serve;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use cli::{Cli, Command, ConfigCommand, Settings};
use config::{Loaded, Problems, Surroundings};

const FAILED: u8 = 1;
const WRONG_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(settings) => load(settings).and_then(|loaded| serve::run(&loaded)),
        Command::Config(ConfigCommand::Print(settings)) => {
            load(settings).and_then(|loaded| say(&config::print(&loaded)))
        }
        Command::Config(ConfigCommand::Check(settings)) => load(settings).and_then(|loaded| {
            let count = loaded.merged.count();
            say(&format!("the configuration is good: {count} set, the rest are defaults\n"))
        }),
        Command::Healthcheck(asked) => load(asked.settings)
            .and_then(|Loaded { config, .. }| {
                healthcheck::ask(asked.url.as_deref(), config.listen, config.tls.cert.is_some())
            })
            .and_then(|health| say(&format!("{health}\n"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = if error.is::<Problems>() { WRONG_CONFIGURATION } else { FAILED };
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(code)
        }
    }
}

fn load(settings: Settings) -> anyhow::Result<Loaded> {
    let surroundings = Surroundings::of_process(settings.config, settings.flags.0);
    config::load(surroundings).map_err(anyhow::Error::from)
}

/// Writes to standard output; whoever has closed it does not want to know.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
