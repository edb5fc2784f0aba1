//! What the store does on this machine: durable messages a second, how long one takes at a rate, how
//! long a page takes, and how many bytes a message has on the disk.
//!
//! `cargo bench -p liveloop-sqlite -- [--messages N] [--seconds N] [--rooms N] [--directory DIR]
//! [--bring PAGES] [--rest PAGES] [--wait PAGES]`. Filling ends after `--seconds` with what is there
//! by then; with one room all is said in it. The last three are limits of the write-ahead log. The
//! directory must be on the disk in question: on a memory file system a sync costs nothing.

#![allow(clippy::unwrap_used)]

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use liveloop_core::{RoomId, SocketId, UserId};
use liveloop_ports::{
    Appending, Archive, Body, Lasting, Message, MessageId, PageLimit, Span, Wall,
};
use liveloop_sqlite::{SqliteStore, WalLimits};

/// How many messages wait for their answers at once.
const WINDOW: usize = 8_192;
const RATE_PER_SECOND: u64 = 5_000;
const RATE_FOR: Duration = Duration::from_secs(8);
const PAGES: u64 = 5_000;

struct Wishes {
    messages: u64,
    seconds: u64,
    rooms: u64,
    directory: PathBuf,
    limits: WalLimits,
}

fn wishes() -> Wishes {
    let mut wishes = Wishes {
        messages: 1_000_000,
        seconds: 360,
        rooms: 1_000,
        directory: Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(),
        limits: WalLimits::default(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value follows");
        match &*argument {
            "--messages" => wishes.messages = value().parse().expect("a number"),
            "--seconds" => wishes.seconds = value().parse().expect("a number"),
            "--bring" => wishes.limits.bring = value().parse().expect("a number"),
            "--rest" => wishes.limits.rest = value().parse().expect("a number"),
            "--wait" => wishes.limits.wait = value().parse().expect("a number"),
            "--rooms" => wishes.rooms = value().parse().expect("a number"),
            "--directory" => wishes.directory = value().into(),
            // Cargo's own.
            "--bench" => {}
            other => panic!("unknown: {other}"),
        }
    }
    wishes
}

/// A number that looks random, the same for the same `n` (SplitMix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

fn room(n: u64) -> RoomId {
    RoomId(u128::from(mix(n)) << 64 | u128::from(mix(!n)))
}

/// Every second one is said in the first room, the others anywhere; 80 bytes of text.
fn message(n: u64, rooms: u64) -> Message {
    let in_room = if n.is_multiple_of(2) { 0 } else { mix(n) % rooms };
    let visitor = u128::from(mix(n / 7) % 20_000 + 1);
    let said_at = 1_700_000_000_000 + n;
    Message {
        room: room(in_room),
        user: UserId(visitor << 64 | 7),
        client_id: Some(format!("{:022x}", mix(n))),
        // By time, as the product's.
        message: MessageId(u128::from(said_at) << 80 | u128::from(mix(n))),
        said_at: Wall(said_at),
        body: Body {
            name: "Somebody".to_owned(),
            text: format!("{n:080}"),
            from: SocketId(visitor),
        },
    }
}

async fn answered(said: Appending) {
    said.answer().await.expect("the store works");
}

/// How many messages there are then.
async fn fill(store: &SqliteStore, wishes: &Wishes) -> u64 {
    for n in 0..wishes.rooms {
        store.open_room(room(n), Lasting::Channel).await.unwrap();
    }
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let mut part = began;
    let mut waiting = VecDeque::new();
    let mut filled = 0;
    while filled < wishes.messages && began.elapsed().as_secs() < wishes.seconds {
        if waiting.len() == WINDOW {
            answered(waiting.pop_front().unwrap()).await;
        }
        waiting.push_back(store.append(message(filled, wishes.rooms)));
        filled += 1;
        if filled.is_multiple_of(1_000_000) {
            println!(
                "{:>10.0} a second in million {}",
                1e6 / part.elapsed().as_secs_f64(),
                filled / 1_000_000
            );
            part = Instant::now();
        }
    }
    for said in waiting {
        answered(said).await;
    }
    let (took, messages) = (began.elapsed().as_secs_f64(), filled as f64);
    println!(
        "{:>10.0} durable messages/s, {WINDOW} waiting at once, {filled} in all",
        messages / took
    );
    let cpu = (cpu_seconds() - cpu) * 1e6 / messages;
    println!("{cpu:>10.2} us of CPU a message, this loader's share included");
    filled
}

/// What all threads of this process have used, user and system; 0 where Linux does not say it.
fn cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc_pid_stat(5): after the name come the state and, ten fields later, utime and stime.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

/// Latencies from the moment at which each was due.
async fn at_a_rate(store: &SqliteStore, filled: u64, rooms: u64) {
    const TICK: Duration = Duration::from_millis(2);
    let each_tick = RATE_PER_SECOND * 2 / 1_000;
    let (told, mut latencies) = tokio::sync::mpsc::unbounded_channel();
    let began = Instant::now();
    let mut due = began;
    let mut n = filled;
    while due.duration_since(began) < RATE_FOR {
        tokio::time::sleep_until(due.into()).await;
        for _ in 0..each_tick {
            let (said, told) = (store.append(message(n, rooms)), told.clone());
            tokio::spawn(async move {
                answered(said).await;
                let _ = told.send(due.elapsed());
            });
            n += 1;
        }
        due += TICK;
    }
    drop(told);
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    while let Some(latency) = latencies.recv().await {
        histogram.record(u64::try_from(latency.as_micros()).unwrap()).unwrap();
    }
    print_latencies(&format!("an append at {RATE_PER_SECOND}/s"), &histogram);
}

fn print_latencies(what: &str, micros: &Histogram<u64>) {
    let at = |quantile| micros.value_at_quantile(quantile) as f64 / 1_000.0;
    let (half, most, all) = (at(0.5), at(0.99), at(1.0));
    println!("{half:>10.3} ms p50, {most:.3} ms p99, {all:.3} ms most: {what} ({})", micros.len());
}

async fn pages(store: &SqliteStore) {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    let last = store.last_seq(room(0)).await.unwrap();
    for n in 0..PAGES {
        let before = mix(n) % last + 51;
        let began = Instant::now();
        let page = store.page(room(0), Span::Before(before), PageLimit::default()).await.unwrap();
        histogram.record(u64::try_from(began.elapsed().as_micros()).unwrap()).unwrap();
        assert_eq!(page.messages.len(), 50);
    }
    print_latencies(&format!("a page of 50 in a room of {last}"), &histogram);
}

fn main() {
    let wishes = wishes();
    let directory = tempfile::tempdir_in(&wishes.directory).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let store = SqliteStore::open_with(directory.path(), wishes.limits).unwrap();
    let filled = runtime.block_on(async {
        let filled = fill(&store, &wishes).await;
        at_a_rate(&store, filled, wishes.rooms).await;
        pages(&store).await;
        filled
    });
    let wal = std::fs::metadata(directory.path().join("store.db-wal")).unwrap().len();
    println!("{:>10} MiB of write-ahead log at the end", wal >> 20);
    drop(store);
    let bytes = std::fs::metadata(directory.path().join("store.db")).unwrap().len();
    let kept = filled + RATE_PER_SECOND * RATE_FOR.as_secs();
    println!("{:>10.1} bytes on disk a message, of {kept}", bytes as f64 / kept as f64);
}
