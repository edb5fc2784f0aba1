//! `hostile`: what hostile clients do to a server and to the others on it. In alternating windows,
//! before and during each attack, the others' latency is measured in an open loop; beside it the
//! server's memory, and what of the attack its metrics have counted. Attackers, others and server share
//! the machine's cores: so the same attack is also aimed at another server beside it, and what the others
//! notice of that is no matter of the server's.
//!
//! In small (`--small`) no time decides: only that memory stays bounded, that each cause is counted,
//! and that the others get everything. Everything that is started ends with this process.

mod attack;
mod attacker;
mod others;
mod outcome;
mod vanish;
mod watch;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, ValueEnum};

use crate::{
    machine::Machine,
    server::{self, ADDRESS_LIMITS, Server},
};

pub(crate) use attacker::Attacker;

use attack::{Aim, Attack, Attackers};
use others::Others;
use outcome::{Latency, Outcome};
use watch::{Counters, Watch};

/// How long the server has to be rid of an attack.
const RECOVERY: Duration = Duration::from_secs(3);

/// Which attacks, how large and how long.
#[derive(Args)]
pub(crate) struct Hostile {
    /// Which attacks [default: all].
    #[arg(value_enum)]
    attacks: Vec<Attack>,
    /// The server's binary.
    #[arg(long, default_value = "target/release/liveloop")]
    server: PathBuf,
    /// Hundreds of connections instead of thousands; fails where memory or a count is wrong.
    #[arg(long)]
    small: bool,
    /// The limits of an address: out of the way, so that the server's own bounds are tested, or at
    /// their defaults, which the attackers' one address then meets.
    #[arg(long, value_enum, default_value_t = AddressLimits::Raised)]
    address_limits: AddressLimits,
    /// How many pairs of windows: before an attack and during it.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a window is, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many others there are; they are in calls, two and two.
    #[arg(long)]
    others: Option<usize>,
    /// Signals of the others per second, all together.
    #[arg(long)]
    rate: Option<u32>,
    /// Also write the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AddressLimits {
    Raised,
    Default,
}

/// How large a run is.
#[derive(Clone, Copy)]
struct Scale {
    others: usize,
    rate: u32,
    /// A tenth in small.
    is_small: bool,
    window: Duration,
}

impl Hostile {
    /// # Errors
    /// Where the server ends or loses something of the others'; in small, also where its memory grows
    /// beyond its bound or a cause is not counted.
    pub(crate) fn run(self) -> Result<()> {
        let machine = Machine::here();
        println!("{machine}");
        let scale = Scale {
            others: self.others.unwrap_or(if self.small { 100 } else { 2_000 }),
            rate: self.rate.unwrap_or(if self.small { 200 } else { 5_000 }),
            is_small: self.small,
            window: Duration::from_secs(self.seconds),
        };
        let all = Attack::value_variants().to_vec();
        let attacks = if self.attacks.is_empty() { all } else { self.attacks.clone() };
        let mut outcomes = Vec::new();
        for attack in attacks {
            eprintln!("{}", attack.name());
            let outcome = self.endure(attack, scale).with_context(|| attack.name());
            // What is known already is not lost with it.
            let outcome = outcome.inspect_err(|_| println!("\n{}", outcome::tables(&outcomes)))?;
            eprintln!("{}", outcome.line());
            if self.small {
                outcome.judge(&attack.must_count())?;
            }
            outcomes.push(outcome);
        }
        println!("\n{}", outcome::tables(&outcomes));
        if let Some(path) = &self.json {
            let json = serde_json::json!({ "machine": machine, "attacks": outcomes });
            std::fs::write(path, serde_json::to_string_pretty(&json)?)?;
        }
        Ok(())
    }

    fn endure(&self, attack: Attack, scale: Scale) -> Result<Outcome> {
        let mut settings = attack.settings();
        if self.address_limits == AddressLimits::Raised {
            settings.extend(ADDRESS_LIMITS);
        }
        let mut server = server::start_with(&self.server, attack.listen(), &settings)?;
        // In small no time decides.
        let elsewhere = (attack.can_be_elsewhere() && !scale.is_small)
            .then(|| server::start_with(&self.server, attack.listen(), &settings))
            .transpose()?;
        let outcome = self.endure_on(&server, elsewhere.as_ref(), attack, scale);
        outcome.map_err(|error| {
            let epitaph = server.epitaph();
            if epitaph.is_empty() { error } else { error.context(format!("the server{epitaph}")) }
        })
    }

    fn endure_on(
        &self,
        server: &Server,
        elsewhere: Option<&Server>,
        attack: Attack,
        scale: Scale,
    ) -> Result<Outcome> {
        let mut others = Others::arrive(server, attack.audience(), scale)?;
        let pid = server.pid.context("a server of this machine")?;
        let counters = Counters::read(server.target.address)?;
        let mut outcome = Outcome::new(attack.name(), watch::memory(pid)?);
        for round in 1..=self.rounds {
            if let Some(elsewhere) = elsewhere {
                attacked(attack, &mut others, elsewhere, scale, &mut outcome.elsewhere)?;
                others.idle(RECOVERY)?;
            }
            outcome.before.add(&others.window(scale)?);
            let watch = Watch::start(pid);
            let told = attacked(attack, &mut others, server, scale, &mut outcome.during)?;
            outcome.attackers.push(told);
            outcome.peak = outcome.peak.max(watch.end()?);
            others.idle(RECOVERY)?;
            eprintln!("  round {round} of {}: {}", self.rounds, outcome.line());
        }
        outcome.after = watch::memory(pid)?;
        outcome.counted = Counters::read(server.target.address)?.since(&counters);
        ensure!(outcome.counted.is_sane(), "a counter has fallen");
        Ok(outcome)
    }
}

/// What the others notice while `victim` is attacked, and what the attackers tell.
fn attacked(
    attack: Attack,
    others: &mut Others,
    victim: &Server,
    scale: Scale,
    noticed: &mut Latency,
) -> Result<serde_json::Value> {
    // An attack that is ended early is one that has been bounded, too.
    let mut attackers = begin(attack, others, victim, scale)?;
    for _ in 0..attack.windows() {
        noticed.add(&others.window(scale)?);
    }
    attackers.end()
}

/// Begins an attack while the others go on answering pings: it may take a while.
fn begin(attack: Attack, others: &mut Others, server: &Server, scale: Scale) -> Result<Attackers> {
    let aim = Aim {
        address: server.target.address,
        room: others.room(),
        file: if attack == Attack::SlowRead { others.largest_file()? } else { String::new() },
    };
    std::thread::scope(|scope| {
        let beginning = scope.spawn(|| attack.begin(&aim, scale));
        while !beginning.is_finished() {
            others.idle(Duration::from_millis(20))?;
        }
        beginning.join().map_err(|_| anyhow!("the attack has panicked"))?
    })
}
