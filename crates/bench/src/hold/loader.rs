//! A loader process: connects what it is told, gets everyone into a call, and then answers pings
//! until it is told to end. Words come on standard input, one a line; each is answered by one line of
//! JSON. The end of the input ends it.

use std::{
    io::BufRead,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::mpsc::{self, Receiver, TryRecvError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    load::{Load, Out, Scenario, Target, Wire},
    modes::REQUEST,
};

/// Pings are answered at least this often while others are being connected.
const STEP: Duration = Duration::from_millis(250);
/// How many of a loader ask for a partner at once.
pub(super) const ASKING: usize = 50;
/// Connections from one source address, few enough that a free port is found at once.
const PER_SOURCE: usize = 4_000;
/// How long a loader may take to notice a word while nothing comes.
const IDLE_WAIT: Duration = Duration::from_millis(500);

/// What a loader process is started with.
#[derive(Args)]
pub(crate) struct Loader {
    /// Which loader of the run this is; it comes from addresses of its own.
    #[arg(long)]
    number: u16,
    /// How many to connect where, as ADDRESS=COUNT.
    #[arg(long, value_parser = parse_part)]
    to: Vec<(SocketAddr, usize)>,
    /// How long to wait before the next ones ask for a partner, in milliseconds.
    #[arg(long)]
    pace: u64,
    /// How long everyone may take to meet, in seconds.
    #[arg(long)]
    patience: u64,
}

/// What a loader can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Connect,
    Match,
    Count,
}

/// What a loader answers.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Told {
    pub(super) connections: usize,
    pub(super) matched: usize,
    pub(super) pings: u64,
    pub(super) error: Option<String>,
}

impl Word {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Match => "match",
            Self::Count => "count",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Connect, Self::Match, Self::Count].into_iter().find(|word| word.as_str() == text)
    }
}

fn parse_part(text: &str) -> Result<(SocketAddr, usize)> {
    let (address, count) = text.split_once('=').context("write ADDRESS=COUNT")?;
    Ok((address.parse()?, count.parse()?))
}

/// Everyone is asked for nothing but to be there.
#[derive(Default)]
struct Holding {
    matched: usize,
}

impl Scenario for Holding {
    fn on_event(&mut self, _out: &mut Out, _who: usize, name: &str, _data: &str) {
        match name {
            "match-done" => self.matched += 1,
            // Whoever is left is not in a call any more, which the run is to notice.
            "stop-by-remote-user" => self.matched -= 1,
            _ => {}
        }
    }

    fn on_turn(&mut self, _out: &mut Out) -> Duration {
        IDLE_WAIT
    }
}

impl Loader {
    /// # Errors
    /// Where standard output is gone.
    pub(crate) fn run(self) -> Result<()> {
        let (sender, words) = mpsc::channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut crowd = Crowd { load: Load::new(Wire::Plain)?, holding: Holding::default() };
        if let Err(error) = crowd.serve(&self, &words) {
            let error = Some(format!("loader {}: {error:#}", self.number));
            println!("{}", serde_json::to_string(&Told { error, ..crowd.told() })?);
        }
        Ok(())
    }
}

struct Crowd {
    load: Load,
    holding: Holding,
}

impl Crowd {
    fn serve(&mut self, settings: &Loader, words: &Receiver<String>) -> Result<()> {
        loop {
            match words.try_recv() {
                Ok(line) => {
                    match Word::parse(&line) {
                        Some(Word::Connect) => self.connect(settings)?,
                        Some(Word::Match) => self.meet(settings)?,
                        Some(Word::Count) => {}
                        None => bail!("there is no word {line:?}"),
                    }
                    println!("{}", serde_json::to_string(&self.told())?);
                }
                Err(TryRecvError::Disconnected) => return Ok(()),
                Err(TryRecvError::Empty) => {
                    self.load.run(&mut self.holding, IDLE_WAIT, |_| false)?;
                }
            }
        }
    }

    fn connect(&mut self, settings: &Loader) -> Result<()> {
        let mut step = Instant::now();
        for (address, count) in &settings.to {
            for _ in 0..*count {
                let source = Some(source(settings.number, self.load.len()));
                let target = Target { address: *address, wire: Wire::Plain, source, tls: None };
                self.load.add(&target, 1)?;
                if step.elapsed() >= STEP {
                    self.load.run(&mut self.holding, Duration::ZERO, |_| false)?;
                    step = Instant::now();
                }
            }
        }
        Ok(())
    }

    fn meet(&mut self, settings: &Loader) -> Result<()> {
        let (count, pace) = (self.load.len(), Duration::from_millis(settings.pace));
        for who in 0..count {
            self.load.out.say(who, REQUEST.0, REQUEST.1);
            if who % ASKING == 0 {
                self.load.run(&mut self.holding, pace, |_| false)?;
            }
        }
        let patience = Duration::from_secs(settings.patience);
        if !self.load.run(&mut self.holding, patience, |holding| holding.matched == count)? {
            bail!("{} of {count} have met", self.holding.matched);
        }
        Ok(())
    }

    fn told(&self) -> Told {
        Told {
            connections: self.load.len(),
            matched: self.holding.matched,
            pings: self.load.pings,
            error: None,
        }
    }
}

/// An address of the loopback network that no other loader comes from.
fn source(loader: u16, connection: usize) -> IpAddr {
    let [high, low] = loader.to_be_bytes();
    let last = u8::try_from(1 + connection / PER_SOURCE).unwrap_or(254);
    Ipv4Addr::new(127, 64 + high % 64, low, last).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaders_come_from_addresses_of_their_own() {
        assert_eq!(source(0, 3_999).to_string(), "127.64.0.1");
        assert_eq!(source(0, 4_000).to_string(), "127.64.0.2");
        assert_eq!(source(300, 0).to_string(), "127.65.44.1");
        assert!(source(u16::MAX, usize::MAX).is_loopback());
    }

    #[test]
    fn words_and_parts_are_read() {
        assert_eq!(Word::parse("match"), Some(Word::Match));
        assert_eq!(Word::parse("dance"), None);
        let part = parse_part("127.0.0.1:80=12").expect("a part");
        assert_eq!(part, (([127, 0, 0, 1], 80).into(), 12));
        assert!(parse_part("127.0.0.1:80").is_err());
    }
}
