//! The attacks: what each is begun with, and what a server must have counted after it.

use std::{
    net::SocketAddr,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::{Scale, others::Audience, vanish::Vanishing};
use crate::leash::{self, leashed};

/// What hostile clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// slowhttptest -H: heads that never end.
    SlowHead,
    /// slowhttptest -B: bodies that never end.
    SlowBody,
    /// slowhttptest -X: files that are asked for and not read.
    SlowRead,
    /// Connections that send noise, TLS, half a line, nothing, or headers without an end.
    Junk,
    /// A member of a group who reads nothing.
    Stuck,
    /// Clients that vanish without a word: their network is gone.
    HalfOpen,
    /// One client that sends ten times each limit.
    Greedy,
}

/// What an attack is aimed at.
pub(super) struct Aim {
    pub(super) address: SocketAddr,
    /// The group of the others.
    pub(super) room: Option<String>,
    /// The path of a long file.
    pub(super) file: String,
}

/// An attack that is under way.
pub(super) enum Attackers {
    Process(Child, Option<ChildStdin>),
    Vanishing(Vanishing),
}

impl Attack {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// Who else is there.
    pub(super) fn audience(self) -> Audience {
        if self == Self::Stuck { Audience::Group } else { Audience::Pairs }
    }

    /// Clients that vanish come from a network of their own.
    pub(super) fn listen(self) -> &'static str {
        if self == Self::HalfOpen { "0.0.0.0:0" } else { "127.0.0.1:0" }
    }

    /// Whether it can be aimed at a server on which the others are not.
    pub(super) fn can_be_elsewhere(self) -> bool {
        !matches!(self, Self::Stuck | Self::HalfOpen)
    }

    pub(super) fn settings(self) -> Vec<(&'static str, &'static str)> {
        match self {
            // So that they are missed within the attack.
            Self::HalfOpen => {
                vec![("LIVELOOP_HEARTBEAT_INTERVAL", "2s"), ("LIVELOOP_HEARTBEAT_TIMEOUT", "6s")]
            }
            // So that it is full within the attack.
            Self::Stuck => vec![("LIVELOOP_LIMITS_OUTBOX_BYTES", "131072")],
            _ => Vec::new(),
        }
    }

    /// How many windows it takes until the server has done what it does about it.
    pub(super) fn windows(self) -> usize {
        match self {
            Self::SlowHead | Self::SlowBody | Self::Junk | Self::HalfOpen => 3,
            Self::Stuck => 2,
            Self::SlowRead | Self::Greedy => 1,
        }
    }

    /// What the metrics must have counted after it.
    pub(super) fn must_count(self) -> Vec<&'static str> {
        match self {
            Self::SlowHead => vec![r#"liveloop_connections_given_up_total{reason="head timeout"}"#],
            Self::SlowBody => vec![r#"liveloop_connections_given_up_total{reason="body timeout"}"#],
            Self::SlowRead => vec![r#"liveloop_connections_given_up_total{reason="broken off"}"#],
            Self::Junk => vec![
                r#"liveloop_connections_given_up_total{reason="no HTTP"}"#,
                r#"liveloop_connections_given_up_total{reason="head too long"}"#,
                r#"liveloop_connections_given_up_total{reason="head timeout"}"#,
            ],
            Self::Stuck => vec![r#"liveloop_closes_total{code="1013",reason="slow reader"}"#],
            Self::HalfOpen => {
                vec![r#"liveloop_closes_total{code="4000",reason="no sign of life"}"#]
            }
            Self::Greedy => vec![
                r#"liveloop_closes_total{code="1008",reason="flood"}"#,
                r#"liveloop_closes_total{code="1009",reason="frame too long"}"#,
                r#"liveloop_refusals_total{code="rate-limited"}"#,
                r#"liveloop_refusals_total{code="bad-frame"}"#,
            ],
        }
    }

    /// How many connections it is made of.
    fn connections(self, scale: Scale) -> usize {
        let full = match self {
            Self::Junk => 10_000,
            Self::SlowHead | Self::SlowBody | Self::SlowRead | Self::HalfOpen => 2_000,
            Self::Stuck => return 1,
            Self::Greedy => return 8,
        };
        if scale.is_small { full / 10 } else { full }
    }

    pub(super) fn begin(self, aim: &Aim, scale: Scale) -> Result<Attackers> {
        let count = self.connections(scale);
        let address = aim.address;
        match self {
            Self::SlowHead => {
                slowhttptest(&["-H", "-i", "5", "-x", "24"], count, &format!("http://{address}/"))
            }
            Self::SlowBody => {
                // What says that it is no JSON is refused before its body.
                let how = ["-B", "-i", "5", "-s", "4000", "-x", "10", "-f", "application/json"];
                slowhttptest(&how, count, &format!("http://{address}/api/users"))
            }
            Self::SlowRead => {
                let how = ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"];
                slowhttptest(&how, count, &format!("http://{address}{}", aim.file))
            }
            Self::HalfOpen => Ok(Attackers::Vanishing(Vanishing::begin(address.port(), count)?)),
            Self::Junk | Self::Stuck | Self::Greedy => {
                let mut command = leashed(&std::env::current_exe()?)?;
                command.args(["attacker", &self.name(), "--to", &address.to_string()]);
                command.args(["--count", &count.to_string()]);
                command
                    .args(aim.room.as_deref().map(|room| ["--room", room]).into_iter().flatten());
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
                let mut child = leash::start(command)?;
                let stdin = child.stdin.take();
                Ok(Attackers::Process(child, stdin))
            }
        }
    }
}

/// The program of that name, told to hold `count` connections for long enough.
fn slowhttptest(how: &[&str], count: usize, url: &str) -> Result<Attackers> {
    let program = std::path::Path::new("slowhttptest");
    let mut command: Command = leashed(program)?;
    command.args(how).args(["-c", &count.to_string(), "-r", "1000", "-p", "3", "-l", "120"]);
    command.args(["-u", url]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = leash::start(command).context("install slowhttptest: scripts/slowhttptest.sh")?;
    Ok(Attackers::Process(child, None))
}

impl Attackers {
    /// Ends it, and tells what it has seen, where it tells anything.
    pub(super) fn end(&mut self) -> Result<serde_json::Value> {
        match self {
            Self::Process(child, stdin) => {
                let Some(stdin) = stdin.take() else {
                    let ended = child.try_wait()?;
                    child.kill()?;
                    child.wait()?;
                    return Ok(serde_json::json!({ "endedByItself": ended.is_some() }));
                };
                // The end of its input ends it.
                drop(stdin);
                let out = child.stdout.take().context("a piped standard output")?;
                let told = serde_json::from_reader(out).context("the attackers have failed")?;
                child.wait()?;
                Ok(told)
            }
            Self::Vanishing(vanishing) => vanishing.end(),
        }
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        if let Self::Process(child, _) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
