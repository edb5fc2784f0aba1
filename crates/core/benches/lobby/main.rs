//! What a match costs the Lobby alone, by how many wait, and whom it pairs.
//!
//! `cargo bench -p liveloop-core` prints both tables. `-- instructions WAITING MATCHES` only does so
//! many matches, for callgrind, which is to collect within `measured` alone (`make bench-lobby`);
//! `-- plain MATCHES` does the same where nobody wishes for anything and nobody is remembered, and
//! `-- speed WAITING` measures one row of the first table.

mod crowd;
mod plain;
mod quality;
mod random;

use std::time::Duration;

use crowd::Crowd;

/// How many wait in each row of the table.
const WAITING: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

fn main() {
    // Cargo passes `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    match words.first().map(String::as_str) {
        Some("instructions") => {
            let mut crowd = Crowd::of(number(1).unwrap_or(1_000));
            crowd.gather();
            let (matches, _) = crowd.go_on(number(2).unwrap_or(20_000), || Duration::ZERO);
            println!("{} wait, {matches} have met", crowd.waiting());
        }
        Some("plain") => println!("{} rooms", plain::run(number(1).unwrap_or(100_000))),
        Some("speed") => match number(1) {
            Some(waiting) => speed(&[waiting]),
            None => speed(&WAITING),
        },
        Some("quality") => quality::compare(),
        _ => {
            speed(&WAITING);
            quality::compare();
        }
    }
}

/// Each row is the median of five rounds.
fn speed(sizes: &[usize]) {
    println!(
        "{:>10} {:>12} {:>14} {:>16}",
        "waiting", "ns a match", "matches/s", "bytes a visitor"
    );
    for &waiting in sizes {
        let mut crowd = Crowd::of(waiting);
        let before = resident_bytes();
        crowd.gather();
        let bytes = resident_bytes().saturating_sub(before) / crowd.waiting();
        let matches = 400_000;
        crowd.go_on(matches, on_core);
        let mut rounds: Vec<f64> = (0..5)
            .map(|_| {
                let (done, spent) = crowd.go_on(matches, on_core);
                spent.as_secs_f64() / f64::from(u32::try_from(done).unwrap_or(1))
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        let each = rounds[2];
        println!("{:>10} {:>12.0} {:>14.0} {bytes:>16}", crowd.waiting(), each * 1e9, 1.0 / each);
    }
}

/// For how long this thread has had a core.
fn on_core() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("it only grows")
}

/// From Linux; 0 elsewhere.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}
