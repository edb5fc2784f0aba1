//! The servers under test: started by the bench, on a free port, and ended with it.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use rcgen::generate_simple_self_signed;

use crate::{
    leash::{self, leashed},
    load::{NAME, Target, Wire, trusting},
    peers::Peer,
};

/// Which server does the work.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The shipped binary.
    Ours(PathBuf),
    /// The same with its sends batched through io_uring.
    OursBatched(PathBuf),
    /// The same with TLS of its own.
    OursSecure(PathBuf),
    /// The bare epoll loop of this program, that does nothing but the work.
    Reference,
    /// A server on another stack, in the folder of all peers.
    Peer(Peer, PathBuf),
    /// One that runs already, with its process id where it is on this machine.
    Running(SocketAddr, Option<u32>),
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) target: Target,
    /// Unknown where it runs on another machine.
    pub(crate) pid: Option<u32>,
    child: Option<Child>,
    last_words: LastWords,
    _data: Option<tempfile::TempDir>,
    certificate: Option<tempfile::TempDir>,
}

/// Limits are on, but set so high that the load does not meet them.
const LIMITS: [(&str, &str); 7] = [
    ("LIVELOOP_LIMITS_OUTBOX_BYTES", "16777216"),
    ("LIVELOOP_LIMITS_EVENTS_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_EVENTS_PER_SECOND_BURST", "1000000"),
    ("LIVELOOP_LIMITS_MESSAGES_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_MESSAGES_PER_SECOND_BURST", "1000000"),
    ("LIVELOOP_LIMITS_REQUESTS_PER_MINUTE", "60000000"),
    ("LIVELOOP_LIMITS_REQUESTS_PER_MINUTE_BURST", "1000000"),
];

/// What one address may take, out of the way likewise.
pub(crate) const ADDRESS_LIMITS: [(&str, &str); 7] = [
    ("LIVELOOP_LIMITS_CONNECTIONS_PER_ADDRESS", "1000000"),
    ("LIVELOOP_LIMITS_UPGRADES_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_UPGRADES_PER_ADDRESS_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_USERS_PER_ADDRESS_PER_MINUTE", "1000000"),
    ("LIVELOOP_LIMITS_USERS_PER_ADDRESS_PER_MINUTE_BURST", "1000000"),
    ("LIVELOOP_LIMITS_REST_PER_ADDRESS_PER_SECOND", "1000000"),
    ("LIVELOOP_LIMITS_REST_PER_ADDRESS_PER_SECOND_BURST", "1000000"),
];

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Ours(_) => "liveloop",
            Self::OursBatched(_) => "liveloop, io_uring",
            Self::OursSecure(_) => "liveloop, TLS",
            Self::Reference => "bare epoll loop",
            Self::Peer(peer, _) => peer.name(),
            Self::Running(..) => "the server named",
        }
    }

    /// # Errors
    /// Where it does not start.
    pub(crate) fn start(&self) -> Result<Server> {
        match self {
            Self::Ours(binary) => start_ours(binary, &[]),
            Self::OursBatched(binary) => start_ours(binary, &[("LIVELOOP_IO_URING", "on")]),
            Self::OursSecure(binary) => start_secure(binary),
            Self::Reference => {
                let mut command = leashed(&std::env::current_exe()?)?;
                command.args(["reference", "--listen", "127.0.0.1:0"]);
                start(command, Wire::Plain, None)
            }
            Self::Peer(peer, folder) => start(peer.command(folder)?, peer.wire(), None)
                .with_context(|| format!("cannot start {}", peer.name())),
            Self::Running(address, pid) => {
                let (address, wire) = (*address, Wire::Plain);
                let target = Target { address, wire, source: None, tls: None };
                let last_words = LastWords::default();
                let (pid, child) = (*pid, None);
                Ok(Server { target, pid, child, last_words, _data: None, certificate: None })
            }
        }
    }
}

/// The shipped binary on a free port, with a data folder of its own and the limits out of the way.
///
/// # Errors
/// Where it does not start.
pub(crate) fn start_ours(binary: &Path, settings: &[(&str, &str)]) -> Result<Server> {
    let all: Vec<_> = LIMITS.iter().chain(&ADDRESS_LIMITS).chain(settings).copied().collect();
    start_with(binary, "127.0.0.1:0", &all)
}

/// The shipped binary with these settings alone, and a data folder of its own.
///
/// # Errors
/// Where it does not start.
pub(crate) fn start_with(binary: &Path, listen: &str, settings: &[(&str, &str)]) -> Result<Server> {
    let data = tempfile::tempdir()?;
    let mut command = leashed(binary)?;
    command.args(["serve", "--listen", listen, "--data"]).arg(data.path());
    // Only what went wrong is of interest here.
    command.envs(settings.iter().copied()).env("LIVELOOP_LOG_LEVEL", "error");
    start(command, Wire::Plain, Some(data)).with_context(|| missing(binary))
}

/// The shipped binary with the limits out of the way, on a data folder that stays; run by `wrapper` where
/// there is one.
///
/// # Errors
/// Where it does not start.
pub(crate) fn start_on(binary: &Path, data: &Path, wrapper: Option<&Command>) -> Result<Server> {
    let mut command = match wrapper {
        Some(wrapper) => {
            let mut command = leashed(Path::new(wrapper.get_program()))?;
            command.args(wrapper.get_args()).arg(binary);
            command
        }
        None => leashed(binary)?,
    };
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    let limits = LIMITS.iter().chain(&ADDRESS_LIMITS).copied();
    command.envs(limits).env("LIVELOOP_LOG_LEVEL", "error");
    start(command, Wire::Plain, None).with_context(|| missing(binary))
}

/// The same with a certificate of its own, which its strangers trust.
fn start_secure(binary: &Path) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let made = generate_simple_self_signed([NAME.to_owned()])?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    fs::write(&cert, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let settings = [
        ("LIVELOOP_TLS_CERT", &*cert),
        ("LIVELOOP_TLS_KEY", &*key),
        // While thousands shake hands one after the other, the first ones answer no pings.
        ("LIVELOOP_HEARTBEAT_INTERVAL", "300s"),
    ];
    let mut server = start_ours(binary, &settings)?;
    server.target.tls = Some(trusting(made.cert.der().clone())?);
    server.certificate = Some(folder);
    Ok(server)
}

fn missing(binary: &Path) -> String {
    format!("cannot start {}: build it with `cargo build --release -p liveloop`", binary.display())
}

fn start(mut command: Command, wire: Wire, data: Option<tempfile::TempDir>) -> Result<Server> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = leash::start(command)?;
    let pid = child.id();
    let stdout = child.stdout.take().context("a piped standard output")?;
    let last_words = LastWords::hear(child.stderr.take().context("a piped standard error")?);
    let mut server = Server {
        target: Target { address: ([127, 0, 0, 1], 0).into(), wire, source: None, tls: None },
        pid: Some(pid),
        child: Some(child),
        last_words,
        _data: data,
        certificate: None,
    };
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    match line.trim().rsplit('/').next().and_then(|address| address.parse().ok()) {
        Some(address) => server.target.address = reachable(address),
        None => bail!("the server ended before it listened{}", server.epitaph()),
    }
    Ok(server)
}

/// One that listens everywhere is reached here.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        return (Ipv4Addr::LOCALHOST, address.port()).into();
    }
    address
}

/// The last lines that a process has written to its standard error; all of them are shown too.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    /// How many lines are kept.
    const LINES: usize = 5;

    fn hear(stderr: ChildStderr) -> Self {
        let words = Self::default();
        let heard = words.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("{line}");
                let mut lines = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_back(line);
                if lines.len() > Self::LINES {
                    lines.pop_front();
                }
            }
        });
        words
    }
}

impl Server {
    /// How it has ended and what it said last, to be put behind an error; empty where it runs.
    pub(crate) fn epitaph(&mut self) -> String {
        let status = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        let Some(status) = status else { return String::new() };
        let lines = self.last_words.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: String = lines.iter().map(|line| format!("\n  {line}")).collect();
        format!(": it has ended with {status}{lines}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
