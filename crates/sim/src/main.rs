//! `liveloop-sim`: runs seeds, and shows the shortest course of one that breaks a rule.

#![forbid(unsafe_code)]

use std::{
    ops::Range,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use liveloop_sim::{Counts, Outcome, Plan, run, shrink};

/// Visitors around one node, by the seed: what may go wrong goes wrong, and the model watches.
#[derive(Parser)]
#[command(name = "liveloop-sim", version)]
struct Cli {
    /// The one seed to run; its course is printed where it fails.
    #[arg(long, default_value_t = 1, conflicts_with = "seeds")]
    seed: u64,
    /// Many seeds instead, `FROM..TO` without TO.
    #[arg(long, value_parser = parse_range)]
    seeds: Option<Range<u64>>,
    /// Steps of each run.
    #[arg(long, default_value_t = 300)]
    steps: u64,
    /// Visitors; some have a second window.
    #[arg(long, default_value_t = 8)]
    visitors: usize,
    /// Threads; 0 takes as many as there are cores.
    #[arg(long, default_value_t = 0)]
    jobs: usize,
    /// Go on after a failure, and list all of them.
    #[arg(long)]
    all: bool,
    /// Only these steps of the one seed, as a failure has printed them; its course is printed.
    #[arg(long, value_delimiter = ',', conflicts_with = "seeds")]
    only: Option<Vec<u64>>,
}

/// A line of a course is shown so far.
const LINE_CHARS: usize = 400;

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("write FROM..TO")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What panics is a broken rule, and told as such.
    std::panic::set_hook(Box::new(|_| {}));
    let plan = |seed| Plan { seed, steps: cli.steps, visitors: cli.visitors };
    if let Some(steps) = &cli.only {
        return show(plan(cli.seed), steps);
    }
    let seeds = cli.seeds.clone().unwrap_or(cli.seed..cli.seed + 1);
    let count = seeds.end.saturating_sub(seeds.start);
    let began = Instant::now();
    let (counts, failed) = run_all(&cli, seeds, &plan);
    println!("{counts}");
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} seeds from {}, {seconds:.1} s", cli.seeds.map_or(cli.seed, |it| it.start));
    match failed {
        None => {
            println!("no rule is broken");
            ExitCode::SUCCESS
        }
        Some((seed, outcome)) => {
            show_failure(plan(seed), &outcome);
            ExitCode::FAILURE
        }
    }
}

/// Runs all seeds on several threads; gives the first failure by its seed, of those that were found
/// before everybody stopped.
fn run_all(
    cli: &Cli,
    seeds: Range<u64>,
    plan: &(impl Fn(u64) -> Plan + Sync),
) -> (Counts, Option<(u64, Outcome)>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = if cli.jobs == 0 { cores } else { cli.jobs };
    let (next, is_over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    // A lock, because a failure and the counts are handed over by several threads; held for that.
    let found: Mutex<(Counts, Option<(u64, Outcome)>)> = Mutex::default();
    let work = || {
        let mut counts = Counts::default();
        while !is_over.load(Relaxed) {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= seeds.end {
                break;
            }
            let outcome = run(plan(seed), &plan(seed).all_steps(), false);
            counts.merge(&outcome.counts);
            if outcome.broken.is_some() {
                if cli.all {
                    let Some(broken) = &outcome.broken else { continue };
                    println!("seed {seed}: `{}`: {:.300}", broken.rule, broken.detail);
                }
                is_over.store(!cli.all, Relaxed);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                if found.1.as_ref().is_none_or(|(other, _)| seed < *other) {
                    found.1 = Some((seed, outcome));
                }
            }
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).0.merge(&counts);
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let mut told = began;
        while !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(20));
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                let done = next.load(Relaxed).min(seeds.end) - seeds.start;
                let rate = done as f64 / began.elapsed().as_secs_f64();
                eprintln!("{done} of {} seeds, {rate:.0} a second", seeds.end - seeds.start);
            }
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn show_failure(plan: Plan, outcome: &Outcome) {
    let Some(broken) = &outcome.broken else { return };
    println!("seed {} breaks the rule `{}`: {}", plan.seed, broken.rule, broken.detail);
    println!("looking for the shortest course …");
    let is_same = |steps: &[u64]| {
        run(plan, steps, false).broken.is_some_and(|other| other.rule == broken.rule)
    };
    let steps: Vec<u64> = plan.all_steps().into_iter().take(outcome.steps_done).collect();
    let steps = if is_same(&steps) { shrink(steps, is_same) } else { plan.all_steps() };
    show(plan, &steps);
    println!(
        "seed {}, rule {}, {} of {} steps: --only {}",
        plan.seed,
        broken.rule,
        steps.len(),
        plan.steps,
        list(&steps)
    );
}

/// Prints the course of a run.
fn show(plan: Plan, steps: &[u64]) -> ExitCode {
    let outcome = run(plan, steps, true);
    for line in &outcome.transcript {
        let shown: String = line.chars().take(LINE_CHARS).collect();
        println!("{shown}");
    }
    println!("digest {:016x}", outcome.digest);
    match &outcome.broken {
        None => ExitCode::SUCCESS,
        Some(broken) => {
            println!("`{}`: {}", broken.rule, broken.detail);
            ExitCode::FAILURE
        }
    }
}

fn list(steps: &[u64]) -> String {
    let numbers: Vec<String> = steps.iter().map(u64::to_string).collect();
    numbers.join(",")
}
