//! Processes that are killed, disks that are full, and syncs that fail. It is a program of its own,
//! without the test harness, because it starts itself in other parts: as one that appends and tells
//! what was answered, and as one that works on a disk that is too small.

#![allow(clippy::unwrap_used)]

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitCode, Output, Stdio, exit},
    time::{Duration, Instant, SystemTime},
};

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Appending, Archive, ArchiveError, Cause, Health, Lasting, Message, PageLimit, Span,
    conformance::message,
};
use liveloop_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const ROOMS: u64 = 3;
/// How many messages are under way at once.
const WINDOW: u64 = 24;
const ROUNDS: u64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let part: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *part {
        ["append", directory, first, count] => {
            append(Path::new(directory), first.parse().unwrap(), count.parse().unwrap());
        }
        ["small-disk", directory] => on_a_small_disk(Path::new(directory)),
        _ => return run_tests(),
    }
    ExitCode::SUCCESS
}

/// Panics where it fails; says why where it cannot run here.
type Test = fn() -> Option<&'static str>;

fn run_tests() -> ExitCode {
    let tests: [(&str, Test); 5] = [
        ("killed_at_any_moment_it_has_what_was_answered", killed_at_any_moment),
        ("killed_in_a_checkpoint_it_has_what_was_answered", killed_in_a_checkpoint),
        ("syncs_that_fail_lose_nothing", syncs_that_fail),
        ("syncs_that_fail_in_the_checkpointer_alone_lose_nothing", checkpoints_that_fail),
        ("a_full_disk_is_told_and_outlived", a_full_disk),
    ];
    let (mut passed, mut skipped) = (0, 0);
    for (name, test) in tests {
        // A failed one panics, which ends the program with its message.
        let began = Instant::now();
        match test() {
            None => {
                println!("test {name} ... ok ({:.1} s)", began.elapsed().as_secs_f64());
                passed += 1;
            }
            Some(why) => {
                println!("test {name} ... SKIPPED: {why}");
                skipped += 1;
            }
        }
    }
    println!("\ntest result: ok. {passed} passed; 0 failed; {skipped} skipped\n");
    ExitCode::SUCCESS
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// The `n`th message of all: each has a room, a client id and a text of its own, and the same again.
fn nth(n: u64) -> Message {
    message(RoomId(u128::from(n % ROOMS) + 1), UserId(u128::from(n % 5) + 1), n)
}

/// Appends from the `first` message on until `count` have been answered, and says so of each; with
/// `count` 0 until it is killed. It ends without closing anything.
fn append(directory: &Path, first: u64, count: u64) {
    runtime().block_on(async {
        let store = SqliteStore::open(directory).unwrap();
        for room in 1..=ROOMS {
            store.open_room(RoomId(u128::from(room)), Lasting::Channel).await.unwrap();
        }
        let mut out = std::io::stdout().lock();
        let mut failures = 0;
        let mut n = first;
        while count == 0 || n < first + count {
            let window: Vec<_> = (n..n + WINDOW).map(|n| (n, store.append(nth(n)))).collect();
            for (n, mut said) in window {
                let said = loop {
                    match said.answer().await {
                        Ok(said) => break said,
                        Err(ArchiveError::Unavailable(why)) => {
                            failures += 1;
                            eprintln!("{why}");
                        }
                        Err(error) => panic!("{error}"),
                    }
                    ready(&store).await;
                    said = store.append(nth(n));
                };
                writeln!(out, "{n} {}", said.seq).unwrap();
                out.flush().unwrap();
            }
            n += WINDOW;
        }
        writeln!(out, "failures {failures}").unwrap();
        exit(0);
    });
}

async fn ready(store: &SqliteStore) {
    let began = Instant::now();
    while let Health::Down(why) = Archive::health(store) {
        assert!(began.elapsed() < PATIENCE, "it does not work again: {why}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a reader finds in a room: for each message the number of its client id, by `seq`.
async fn history(store: &SqliteStore, room: RoomId) -> Vec<u64> {
    let (mut found, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let limit = PageLimit::new(200).unwrap();
        let page = store.page(room, Span::After(from), limit).await.unwrap();
        for kept in page.messages {
            assert_eq!(kept.seq, found.len() as u64 + 1, "a hole in {room:?}");
            let n = kept.client_id.unwrap()[1..].parse().unwrap();
            assert_eq!(kept.body, Some(nth(n).body));
            found.push(n);
        }
        after = page.next_after;
    }
    found
}

/// Checks that what was answered is there once, at the place that was answered.
fn check(store: &SqliteStore, answered: &[(u64, u64)]) {
    let rooms: Vec<_> = (1..=ROOMS).map(|room| RoomId(u128::from(room))).collect();
    let found: Vec<_> = runtime().block_on(async {
        let mut found = Vec::new();
        for room in rooms {
            found.push(history(store, room).await);
        }
        found
    });
    let mut seen = HashSet::new();
    for n in found.iter().flatten() {
        assert!(seen.insert(*n), "message {n} is there twice");
    }
    for (n, seq) in answered {
        let room = &found[usize::try_from(n % ROOMS).unwrap()];
        assert_eq!(room.get(usize::try_from(seq - 1).unwrap()), Some(n), "message {n} at {seq}");
    }
}

/// Reads what an appending process says; none where it did not say how often it failed.
fn answers(lines: impl BufRead, answered: &mut Vec<(u64, u64)>) -> Option<u64> {
    for line in lines.lines() {
        let line = line.unwrap();
        // The last line may have been cut off.
        let Some((n, seq)) = line.split_once(' ') else { continue };
        match (n.parse(), seq.parse()) {
            (Ok(n), Ok(seq)) => answered.push((n, seq)),
            (Err(_), Ok(failures)) => return Some(failures),
            _ => {}
        }
    }
    None
}

fn this() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

fn seed() -> u32 {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() | 1;
    println!("seed {seed}");
    seed
}

fn killed_at_any_moment() -> Option<&'static str> {
    let directory = TempDir::new().unwrap();
    let mut random = seed();
    let mut answered = Vec::new();
    for _ in 0..ROUNDS {
        // What the one before may have stored without saying so is asked for again.
        let first = answered.last().map_or(0, |(n, _)| n + 1);
        let mut child = Command::new(this())
            .args(["append", directory.path().to_str().unwrap(), &first.to_string(), "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // Not before it works, or a slow machine would test nothing.
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let first_answer = line.into_bytes();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        std::thread::sleep(Duration::from_millis(u64::from(random % 120)));
        child.kill().unwrap();
        answers(BufReader::new(std::io::Read::chain(&first_answer[..], lines)), &mut answered);
        child.wait().unwrap();
        let store = SqliteStore::open(directory.path()).unwrap();
        check(&store, &answered);
    }
    println!("{} messages were answered to", answered.len());
    assert!(answered.len() as u64 > ROUNDS);
    None
}

/// A process that appends, with something done to its system calls.
enum Traced {
    Impossible(&'static str),
    Ended(Output),
}

/// `calls` are traced, of the `file` alone where one is named, and `inject` is done to them.
fn traced(directory: &Path, messages: (u64, u64), file: &str, calls: &str, inject: &str) -> Traced {
    if !is_there("strace") {
        return Traced::Impossible("strace is missing: apt-get install strace");
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null"]);
    if !file.is_empty() {
        strace.arg("-P").arg(directory.join(file));
    }
    let ended = strace
        .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{inject}")])
        .arg(this())
        .args(["append", directory.to_str().unwrap()])
        .args([messages.0.to_string(), messages.1.to_string()])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    if String::from_utf8_lossy(&ended.stderr).contains("ptrace") {
        return Traced::Impossible("this process may not trace others");
    }
    Traced::Ended(ended)
}

/// Lets a process append `count` messages for each way in which syncs fail, and checks what is there.
fn with_syncs_that_fail(
    file: &str,
    calls: &str,
    injections: &[&str],
    count: u64,
    reason: &str,
) -> Option<&'static str> {
    let directory = TempDir::new().unwrap();
    let mut answered = Vec::new();
    for inject in injections {
        let first = answered.last().map_or(0, |(n, _)| n + 1);
        let inject = format!("error=EIO:{inject}");
        let ended = match traced(directory.path(), (first, count), file, calls, &inject) {
            Traced::Impossible(why) => return Some(why),
            Traced::Ended(ended) => ended,
        };
        let error = String::from_utf8_lossy(&ended.stderr);
        let failures = answers(&*ended.stdout, &mut answered);
        println!("{inject}: {failures:?} messages were refused");
        assert!(failures.is_some_and(|it| it > 0), "no sync has failed: {error}");
        assert!(error.contains(reason), "{error}");
        let store = SqliteStore::open(directory.path()).unwrap();
        check(&store, &answered);
    }
    assert!(answered.len() as u64 >= count * injections.len() as u64);
    None
}

fn syncs_that_fail() -> Option<&'static str> {
    with_syncs_that_fail("", "fsync,fdatasync", &["when=12+9", "when=16+11"], 480, "disk I/O")
}

/// Only the checkpointer's own sync of the file is an fdatasync.
fn checkpoints_that_fail() -> Option<&'static str> {
    let injections = ["when=1", "when=1+2"];
    with_syncs_that_fail("store.db", "fdatasync", &injections, 12_000, "store.db is not synced")
}

fn killed_in_a_checkpoint() -> Option<&'static str> {
    let mut random = seed();
    for _ in 0..3 {
        let directory = TempDir::new().unwrap();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        // Making the file takes some writes, the first checkpoint some hundreds.
        let inject = format!("signal=KILL:when={}", 40 + random % 160);
        let messages = (0, 50_000);
        let ended = match traced(directory.path(), messages, "store.db", "pwrite64", &inject) {
            Traced::Impossible(why) => return Some(why),
            Traced::Ended(ended) => ended,
        };
        assert_eq!(ended.status.signal(), Some(9), "{}", String::from_utf8_lossy(&ended.stderr));
        let wal = std::fs::metadata(directory.path().join("store.db-wal")).unwrap().len();
        assert!(wal / 4_096 >= 4_096, "{inject}: it was no checkpoint beside the writer");
        let mut answered = Vec::new();
        assert_eq!(answers(&*ended.stdout, &mut answered), None);
        println!("{inject}: {} messages were answered to", answered.len());
        let store = SqliteStore::open(directory.path()).unwrap();
        check(&store, &answered);
    }
    None
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success())
}

fn a_full_disk() -> Option<&'static str> {
    let directory = TempDir::new().unwrap();
    let script = "mount -t tmpfs -o size=2m tmpfs \"$1\" || exit 77; exec \"$2\" small-disk \"$1\"";
    let ran = Command::new("unshare")
        .args(["--user", "--mount", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(directory.path())
        .arg(this())
        .output();
    let Ok(ran) = ran else { return Some("unshare is missing") };
    let error = String::from_utf8_lossy(&ran.stderr);
    if ran.status.code() == Some(77) || error.contains("unshare failed") {
        return Some("this process may not mount a small disk in a namespace of its own");
    }
    assert!(ran.status.success(), "{error}");
    println!("{}", String::from_utf8_lossy(&ran.stdout).trim());
    None
}

/// Fills the disk, is refused, is given room, and goes on; then looks how a disk is told that may not
/// be written to.
fn on_a_small_disk(directory: &Path) {
    let (ballast, data) = (directory.join("ballast"), directory.join("data"));
    std::fs::write(&ballast, vec![1; 900_000]).unwrap();
    let store = SqliteStore::open(&data).unwrap();
    let mut answered = Vec::new();
    runtime().block_on(async {
        for room in 1..=ROOMS {
            store.open_room(RoomId(u128::from(room)), Lasting::Channel).await.unwrap();
        }
        let mut next = 0;
        let why = loop {
            match store.append(nth(next)).answer().await {
                Ok(said) => answered.push((next, said.seq)),
                Err(ArchiveError::Unavailable(why)) => break why,
                Err(error) => panic!("{error}"),
            }
            next += 1;
        };
        assert_eq!(why.cause, Cause::Full, "{why}");
        assert!(matches!(Archive::health(&store), Health::Down(_)));
        let again = store.append(nth(next));
        assert!(matches!(again, Appending::Now(Err(ArchiveError::Unavailable(_)))), "at once");
        assert!(!history(&store, RoomId(1)).await.is_empty(), "what is there can be read");
        std::fs::remove_file(&ballast).unwrap();
        ready(&store).await;
        for n in next..next + 100 {
            answered.push((n, store.append(nth(n)).answer().await.unwrap().seq));
        }
        println!("full after {next} messages, and works again");
    });
    check(&store, &answered);
    drop(store);
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(directory).status();
    assert!(remounted.unwrap().success());
    let refused = SqliteStore::open(&data).err().unwrap();
    println!("where it may not write: {refused}");
}
