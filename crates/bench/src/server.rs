//! The servers under test: started by the bench, on a free port, and ended with it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Which server does the work.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The shipped binary.
    Ours(PathBuf),
    /// The bare epoll loop of this program, that does nothing but the work.
    Reference,
    /// One that runs already, with its process id where it is on this machine.
    Running(SocketAddr, Option<u32>),
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Unknown where it runs on another machine.
    pub(crate) pid: Option<u32>,
    child: Option<Child>,
    _data: Option<tempfile::TempDir>,
}

/// Limits are on, but set so high that the load does not meet them.
const LIMITS: [(&str, &str); 10] = [
    ("LIVELOOP_LIMITS_OUTBOX_BYTES", "16777216"),
    ("LIVELOOP_LIMITS_EVENTS_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_EVENTS_PER_SECOND_BURST", "1000000"),
    ("LIVELOOP_LIMITS_MESSAGES_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_MESSAGES_PER_SECOND_BURST", "1000000"),
    ("LIVELOOP_LIMITS_REQUESTS_PER_MINUTE", "60000000"),
    ("LIVELOOP_LIMITS_REQUESTS_PER_MINUTE_BURST", "1000000"),
    ("LIVELOOP_LIMITS_CONNECTIONS_PER_ADDRESS", "1000000"),
    ("LIVELOOP_LIMITS_UPGRADES_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_UPGRADES_PER_ADDRESS_PER_SECOND", "1000000"),
];

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ours(_) => "liveloop",
            Self::Reference => "bare epoll loop",
            Self::Running(..) => "the server named",
        }
    }

    /// # Errors
    /// Where it does not start.
    pub(crate) fn start(&self) -> Result<Server> {
        match self {
            Self::Ours(binary) => {
                let data = tempfile::tempdir()?;
                let mut command = Command::new(binary);
                command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
                command.envs(LIMITS);
                start(command, Some(data)).with_context(|| missing(binary))
            }
            Self::Reference => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["reference", "--listen", "127.0.0.1:0"]);
                start(command, None)
            }
            Self::Running(address, pid) => {
                Ok(Server { address: *address, pid: *pid, child: None, _data: None })
            }
        }
    }
}

fn missing(binary: &Path) -> String {
    format!("cannot start {}: build it with `cargo build --release -p liveloop`", binary.display())
}

fn start(mut command: Command, data: Option<tempfile::TempDir>) -> Result<Server> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let pid = child.id();
    let stdout = child.stdout.take().context("a piped standard output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().rsplit('/').next().and_then(|address| address.parse().ok());
    let mut server = Server {
        address: ([127, 0, 0, 1], 0).into(),
        pid: Some(pid),
        child: Some(child),
        _data: data,
    };
    match address {
        Some(address) => server.address = address,
        None => bail!("the server ended before it listened"),
    }
    Ok(server)
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
