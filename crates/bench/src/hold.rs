//! `hold`: very many connections over several nodes and loaders, everyone in a call, held for a
//! while; what that costs, and how long fresh visitors wait for a match beside it.
//!
//! Every phase has an end, and every process that was started here ends with this one.

mod crew;
mod fresh;
mod loader;
mod plan;
mod sample;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;

use crate::{
    machine::Machine,
    process,
    server::{self, Kind, Server},
};

pub(crate) use loader::Loader;

use crew::Crew;
use loader::Word;
use plan::{Plan, Wish};
use sample::{Figure, Sample};

/// How many are to be held, by what and for how long.
#[derive(Args)]
pub(crate) struct Hold {
    /// How many connections in all.
    #[arg(long, default_value_t = 20_000)]
    connections: usize,
    /// How many server processes [default: as few as the limit of open files allows].
    #[arg(long)]
    nodes: Option<usize>,
    /// How many loader processes [default: as many as there would be nodes].
    #[arg(long)]
    loaders: Option<usize>,
    /// How long all of them are held, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often a node pings a connection, in seconds; a silent one is cut after 2/5 of that.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    heartbeat: u64,
    /// How many fresh visitors match while the others are held.
    #[arg(long, default_value_t = 2_000)]
    fresh: usize,
    /// How often they come, in turn to the nodes and to a bare loop.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The server's binary.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Also write the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Hold {
    /// # Errors
    /// Where a connection is refused or lost, somebody finds nobody, or a phase takes too long.
    pub(crate) fn run(self) -> Result<()> {
        let plan = Plan::new(Wish {
            connections: self.connections,
            fresh: self.fresh,
            nodes: self.nodes,
            loaders: self.loaders,
            files_max: process::open_files_max(),
        })?;
        let machine = Machine::here();
        println!("{machine}");
        // In the proportion of the defaults, 25 s and 10 s.
        let (interval, timeout) = (self.heartbeat, (self.heartbeat * 2 / 5).max(1));
        let (interval, timeout) = (format!("{interval}s"), format!("{timeout}s"));
        let settings = [
            ("LIVELOOP_HEARTBEAT_INTERVAL", interval.as_str()),
            ("LIVELOOP_HEARTBEAT_TIMEOUT", timeout.as_str()),
        ];
        let mut nodes: Vec<Server> = (0..plan.nodes)
            .map(|_| server::start_ours(&self.server, &settings))
            .collect::<Result<_>>()?;
        // Enough for a slow machine, and an end all the same.
        let patience = Duration::from_secs(60 + self.connections as u64 / 500);
        let mut crew = Crew::start(&plan.loaders, &nodes, patience)?;
        let outcome = self.measure(&nodes, &mut crew, &plan, patience);
        let figures = outcome.map_err(|error| why(error, &mut nodes, &crew))?;
        println!("\n{}", sample::table(&figures));
        if let Some(path) = &self.json {
            let json = serde_json::json!({ "machine": machine, "figures": figures });
            std::fs::write(path, serde_json::to_string_pretty(&json)?)?;
        }
        Ok(())
    }

    fn measure(
        &self,
        nodes: &[Server],
        crew: &mut Crew,
        plan: &Plan,
        patience: Duration,
    ) -> Result<Vec<Figure>> {
        // More than that would only wait for each other, and let the server's pings wait.
        let connecting_at_once =
            2 * std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let started = Sample::take(nodes, crew)?;
        eprintln!("connecting {} over {} nodes", self.connections, nodes.len());
        let connections = crew.tell(Word::Connect, connecting_at_once, patience)?.connections;
        let connected = Sample::take(nodes, crew)?;
        eprintln!("matching {connections}");
        let matched = crew.tell(Word::Match, usize::MAX, patience)?.matched;
        ensure!(matched == connections, "{matched} of {connections} are in a call");
        let met = Sample::take(nodes, crew)?;
        eprintln!("holding for {} s", self.seconds);
        let pings_before = crew.tell(Word::Count, usize::MAX, patience)?.pings;
        std::thread::sleep(Duration::from_secs(self.seconds));
        let told = crew.tell(Word::Count, usize::MAX, patience)?;
        let held = Sample::take(nodes, crew)?;
        ensure!(told.matched == connections, "{} of {connections} are left", told.matched);
        let pings = told.pings - pings_before;
        ensure!(
            pings > 0 || self.seconds <= self.heartbeat,
            "nobody was pinged in {} s",
            self.seconds
        );
        let mut figures = sample::figures(connections, [&started, &connected, &met, &held]);
        figures.push(Figure::count("pings answered while held", pings));
        if self.fresh >= 2 {
            figures.extend(self.fresh_visitors(nodes, plan)?);
            let told = crew.tell(Word::Count, usize::MAX, patience)?;
            ensure!(told.matched == connections, "{} of {connections} are left", told.matched);
        }
        Ok(figures)
    }

    /// The bare loop and the nodes in turn, each time with new connections.
    fn fresh_visitors(&self, nodes: &[Server], plan: &Plan) -> Result<Vec<Figure>> {
        let targets = nodes.iter().map(|node| node.target.clone()).zip(plan.fresh.iter().copied());
        let ours: Vec<_> = targets.filter(|(_, count)| *count > 0).collect();
        let (mut bare_rounds, mut our_rounds) = (Vec::new(), Vec::new());
        for round in 1..=self.rounds {
            eprintln!("{} fresh visitors, round {round} of {}", self.fresh, self.rounds);
            let bare = Kind::Reference.start()?;
            bare_rounds.push(fresh::meet(&[(bare.target.clone(), self.fresh & !1)])?);
            drop(bare);
            let begun = Instant::now();
            our_rounds.push(fresh::meet(&ours)?);
            eprintln!("  they took {:.1} s", begun.elapsed().as_secs_f64());
        }
        let mut figures = Vec::new();
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let at = |rounds: &[Histogram<u64>]| {
                let mut values: Vec<_> =
                    rounds.iter().map(|round| round.value_at_quantile(quantile)).collect();
                values.sort_unstable();
                values
            };
            figures.extend(sample::compare(name, &at(&bare_rounds), &at(&our_rounds)));
        }
        Ok(figures)
    }
}

/// Adds what has ended or failed behind an error.
fn why(error: anyhow::Error, nodes: &mut [Server], crew: &Crew) -> anyhow::Error {
    let epitaphs = nodes.iter_mut().map(Server::epitaph).enumerate();
    let ended = epitaphs.into_iter().find(|(_, epitaph)| !epitaph.is_empty());
    match (crew.complaint(), ended) {
        (_, Some((node, epitaph))) => error.context(format!("node {node}{epitaph}")),
        (Some(complaint), None) => error.context(complaint),
        (None, None) => error,
    }
}
