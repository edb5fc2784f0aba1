//! The command line: subcommands, flags and their help. What they do is known elsewhere.

mod flags;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use flags::Flags;

const EXIT_CODES: &str = "\
Exit codes:
  0  stopped as asked
  1  failed; the last line says why
  2  wrong usage or configuration";

const ABOUT: &str = "Strangers meet face to face: a whole site of video, voice and text calls in one \
                     binary.";

const EXAMPLES: &str = "\
Examples:
  liveloop serve                                       try it out: http://127.0.0.1:8000
  liveloop serve --listen 0.0.0.0:80                   everybody who reaches this machine
  liveloop serve --public-url https://chat.example.org behind a reverse proxy that does TLS
  liveloop serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
  liveloop config print --config liveloop.toml         what is in effect, and from where

Settings:
  Each setting is a flag, an environment variable and a key of the TOML file:
  limits.frame_bytes in the file is --limits-frame-bytes as a flag and
  LIVELOOP_LIMITS_FRAME_BYTES in the environment. Flags outrank the environment,
  that the file .env of the current folder, that the TOML file (--config or
  LIVELOOP_CONFIG), and that the defaults. The secret that signs visitors' tokens
  is LIVELOOP_SECRET and has no flag.";

const SERVE_EXAMPLES: &str = "\
Examples:
  liveloop serve
  liveloop serve --listen 0.0.0.0:8000 --data /var/lib/liveloop
  LIVELOOP_LIMITS_CONNECTIONS_PER_ADDRESS=50 liveloop serve --config liveloop.toml
  liveloop serve --ice-servers '[{\"urls\":[\"stun:stun.example.org\"]}]'

When it listens it prints one line to standard output, such as
`listening on http://127.0.0.1:8000`; the log goes to standard error.
SIGTERM and Ctrl-C let calls move on and stop the server within drain.deadline;
a second one stops it at once. SIGHUP reads certificate and key again.
-h shows the usual settings, --help all of them.";

const HEALTH_EXAMPLES: &str = "\
Examples:
  liveloop healthcheck                                 the server of this configuration
  liveloop healthcheck --url http://10.0.0.5:8000

It prints one line, and ends with 0 where the server is healthy or degraded, with 1
where it is draining, unhealthy or not answering within 3 seconds.";

/// What was asked for.
#[derive(Debug, Parser)]
#[command(name = "liveloop", version, about = ABOUT, max_term_width = 100)]
#[command(arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the site: the page, the live connections and the REST interface
    #[command(after_help = format!("{SERVE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Serve(Settings),
    /// Look at the configuration
    #[command(subcommand, arg_required_else_help = true)]
    Config(ConfigCommand),
    /// Ask a running server how it is
    #[command(after_help = format!("{HEALTH_EXAMPLES}\n\n{EXIT_CODES}"))]
    Healthcheck(Healthcheck),
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration in effect as TOML: each setting with what it does and where it is from
    Print(Settings),
    /// Check the configuration without starting anything; every mistake is named at once
    Check(Settings),
}

/// Whom to ask.
#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// Address of the server, if not that of the configuration; a certificate is not examined
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// TOML file with settings
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) flags: Flags,
}
