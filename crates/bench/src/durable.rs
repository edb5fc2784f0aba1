//! Durable: visitors talk, the server is killed or its disk fails, again and again on the same data, and
//! everything that anybody was told is written down, to be held against what the server has kept
//! (`scripts/kill-store.sh`): over the wire by `recall.rs`.

mod book;
mod recall;
mod talk;

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    load::Load,
    modes::make_group,
    server::{Server, start_on},
};
use book::Book;
pub(crate) use recall::Recall;
use talk::Talk;

/// How long a disk that works again may take to be noticed.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many syncs of each thread go by before none fails any more.
const FAILING_SYNCS: u32 = 600;
/// So many texts are acknowledged in a row only where no sync fails any more, and so many where there is
/// little room.
const MANY_TEXTS: u64 = 1_000;
const SOME_TEXTS: u64 = 20;
/// What is in the way on a small disk, in bytes.
const BALLAST: usize = 400 << 10;
/// Its name in the data folder.
const BALLAST_NAME: &str = "ballast";

/// What happens to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Trouble {
    /// It is killed in the middle of its work.
    Kill,
    /// Some syncs of its disk fail (needs strace), and then it is killed.
    Sync,
    /// Its disk becomes full (`--data` is on a small one), has room again, and then it is killed.
    Full,
}

/// Talks to a server that is killed again and again, and writes down what was acknowledged.
#[derive(Args)]
pub(crate) struct Durable {
    /// The server.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Its data folder, the same in each round.
    #[arg(long)]
    data: PathBuf,
    /// The file for all that clients were told.
    #[arg(long)]
    book: PathBuf,
    /// How often it is started.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// What happens to it.
    #[arg(long, value_enum, default_value_t = Trouble::Kill)]
    trouble: Trouble,
    /// Visitors of the group.
    #[arg(long, default_value_t = 10)]
    members: usize,
    /// Calls of two.
    #[arg(long, default_value_t = 5)]
    calls: usize,
}

impl Durable {
    /// # Errors
    /// Where the server does not do its work, or clients were told what contradicts itself.
    pub(crate) fn run(&self) -> Result<()> {
        let mut book = Book::default();
        let mut random = SystemTime::UNIX_EPOCH.elapsed()?.subsec_nanos();
        for round in 1..=self.rounds {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let told = self.round(&mut book, (round, random >> 8))?;
            eprintln!(
                "round {round} of {}: {} acknowledged, {} heard{told}",
                self.rounds, book.acknowledged, book.heard
            );
            book.write(BufWriter::new(File::create(&self.book)?))?;
        }
        Ok(())
    }

    fn round(&self, book: &mut Book, (round, random): (u32, u32)) -> Result<String> {
        let ballast = self.data.join(BALLAST_NAME);
        if self.trouble == Trouble::Full {
            fs::create_dir_all(&self.data)?;
            fs::write(&ballast, vec![0; BALLAST])?;
        }
        let server = self.start(random)?;
        let group = make_group(server.target.address)?;
        let mut load = Load::connect(&server.target, self.members + 2 * self.calls)?;
        let watch = Watch::begin(server.target.address);
        let mut talk = Talk::begin(&mut load, book, (round, group, self.members))?;
        let told = match self.trouble {
            Trouble::Kill => {
                let time = Duration::from_millis(u64::from(100 + random % 500));
                load.run(&mut talk, time, |_| false)?;
                String::new()
            }
            Trouble::Sync => {
                load.run(&mut talk, Duration::from_secs(3), |_| false)?;
                ensure!(talk.refused > 0, "no sync has failed, or nobody was told");
                until_it_works(&mut load, &mut talk, MANY_TEXTS)?;
                format!(", {} refused", talk.refused)
            }
            Trouble::Full => {
                if !load.run(&mut talk, PATIENCE, |talk| talk.refused > 0)? {
                    bail!("the disk has not become full: use a smaller one");
                }
                load.run(&mut talk, Duration::from_millis(500), |_| false)?;
                fs::remove_file(&ballast)?;
                until_it_works(&mut load, &mut talk, SOME_TEXTS)?;
                format!(", {} refused", talk.refused)
            }
        };
        let seen = watch.end()?;
        talk.check()?;
        if self.trouble != Trouble::Kill {
            ensure!(seen.was_degraded, "/health has not said that the store is away");
            let all = |talk: &Talk<'_>| talk.signals_heard == talk.signals_said;
            ensure!(load.run(&mut talk, PATIENCE, all)?, "calls have suffered");
        }
        kill_process(server_of(&self.data)?, Signal::KILL)?;
        // What it has written before it died was told to somebody.
        load.read_to_the_end(&mut talk);
        talk.check()?;
        drop(server);
        ensure!(book.acknowledged > 0, "nothing was acknowledged");
        Ok(told)
    }

    fn start(&self, random: u32) -> Result<Server> {
        let wrapper = (self.trouble == Trouble::Sync).then(|| failing_syncs(random));
        start_on(&self.server, &self.data, wrapper.as_ref())
    }
}

/// What the server is run by so that some of its syncs fail. It ends with that.
fn failing_syncs(random: u32) -> Command {
    // Those of the start succeed. To work again takes half a dozen in a row: were every sixth to
    // fail, it never would before the last has failed.
    let (first, step) = (40 + random % 20, 16 + random / 32 % 30);
    let last = first + FAILING_SYNCS;
    let mut strace = Command::new("strace");
    strace.args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
    strace.args(["-e", "trace=fsync,fdatasync", "-e"]);
    strace.arg(format!("inject=fsync,fdatasync:error=EIO:when={first}..{last}+{step}"));
    // Who is traced lives on when a tracer is killed, but for this.
    strace.args(["setpriv", "--pdeathsig", "KILL"]);
    eprintln!("of the syncs of each thread fails number {first}, and then each {step}th to {last}");
    strace
}

/// Without being started anew.
fn until_it_works(load: &mut Load, talk: &mut Talk<'_>, texts: u64) -> Result<()> {
    let works = |talk: &Talk<'_>| talk.acknowledged_since > texts;
    let does_work = load.run(talk, PATIENCE, works)?;
    talk.check()?;
    ensure!(does_work, "the store does not work again");
    Ok(())
}

/// The process that works on a data folder.
fn server_of(data: &Path) -> Result<Pid> {
    let text = fs::read_to_string(data.join("store.lock"))?;
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    pid.context("nobody works on the data folder")
}

/// Asks for `/health` again and again.
struct Watch {
    is_over: Arc<AtomicBool>,
    asking: JoinHandle<Result<Seen>>,
}

/// What that has told.
#[derive(Default)]
struct Seen {
    was_degraded: bool,
}

impl Watch {
    fn begin(address: SocketAddr) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let ends = Arc::clone(&is_over);
        let asking = thread::spawn(move || {
            let mut seen = Seen::default();
            while !ends.load(Relaxed) {
                let health = get(address, "/health", "")?;
                let is_away = health.contains("\"status\":\"degraded\"")
                    && health.contains("\"store\":\"down\"");
                seen.was_degraded |= is_away && health.starts_with("HTTP/1.1 200");
                thread::sleep(Duration::from_millis(20));
            }
            Ok(seen)
        });
        Self { is_over, asking }
    }

    fn end(self) -> Result<Seen> {
        self.is_over.store(true, Relaxed);
        self.asking.join().ok().context("asking for /health has failed")?
    }
}

/// The response to a `GET` with these header lines.
fn get(address: SocketAddr, path: &str, headers: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };

    use super::*;

    #[test]
    fn a_server_whose_syncs_fail_ends_with_what_runs_it() {
        let program = "echo begun; for n in $(seq 30); do sleep 1; done; echo lived on";
        let mut strace = failing_syncs(0);
        strace.args(["sh", "-c", program]).stdout(Stdio::piped());
        let mut strace = strace.spawn().expect("strace is there");
        let mut lines = BufReader::new(strace.stdout.take().expect("a pipe")).lines();
        assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("begun"));
        strace.kill().expect("it is there");
        strace.wait().expect("it is there");
        assert!(lines.next().is_none(), "it lives on");
    }
}
