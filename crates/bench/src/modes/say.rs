//! Say: texts in calls, each acknowledged only when it is durable. In a closed loop every sender says the
//! next one when the last is acknowledged; in an open loop they are due at moments that do not depend on
//! any answer, and a latency counts from there (as in `rate.rs`).

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use hdrhistogram::Histogram;

use super::{Counted, Figures, Size, latencies, measure, relay::pair_up};
use crate::{
    load::{Load, Out, Scenario},
    server::Server,
};

/// How long after the last one was due an ack may still come.
const LATE_MAX: Duration = Duration::from_secs(10);
/// What is said: 80 characters.
const TEXT: &str =
    "I had thought that it would rain all day, and now look at this sky: not a cloud.";

/// When texts are due.
enum Pace {
    /// When the last one of the same sender is acknowledged.
    Closed,
    /// At these distances, until this moment.
    Open { interval: Duration, ends_at: Duration },
}

struct Saying {
    started: Instant,
    pace: Pace,
    senders: Vec<usize>,
    references: Vec<u64>,
    /// When each that is not acknowledged was due, by sender and reference.
    due: HashMap<(usize, u64), Duration>,
    counts_from: Duration,
    said: u32,
    acknowledged: u32,
    heard: u32,
    refused: Option<String>,
    latency_us: Histogram<u64>,
}

impl Saying {
    fn new(senders: Vec<usize>, clients: usize, pace: Pace, counts_from: Duration) -> Result<Self> {
        Ok(Self {
            started: Instant::now(),
            pace,
            senders,
            references: vec![0; clients],
            due: HashMap::new(),
            counts_from,
            said: 0,
            acknowledged: 0,
            heard: 0,
            refused: None,
            latency_us: latencies()?,
        })
    }

    fn say(&mut self, out: &mut Out, who: usize, due: Duration) {
        self.references[who] += 1;
        let reference = self.references[who];
        self.said += 1;
        self.due.insert((who, reference), due);
        let client_id = format!("{who}-{reference}");
        let data = format!("{{\"message\":\"{TEXT}\",\"clientId\":\"{client_id}\"}}");
        out.ask(who, reference, "newMessage", &data);
    }
}

impl Scenario for Saying {
    fn on_event(&mut self, _out: &mut Out, _who: usize, name: &str, _data: &str) {
        self.heard += u32::from(name == "newMessage");
    }

    fn on_ack(&mut self, out: &mut Out, who: usize, answer: &str) {
        let reference = answer.strip_prefix("{\"ack\":").and_then(|rest| rest.split(',').next());
        let reference = reference.and_then(|reference| reference.parse().ok()).unwrap_or(0);
        let Some(due) = self.due.remove(&(who, reference)) else { return };
        if answer.contains("\"error\":") {
            self.refused.get_or_insert_with(|| answer.to_owned());
            return;
        }
        self.acknowledged += 1;
        let now = self.started.elapsed();
        if due >= self.counts_from {
            let late = u64::try_from(now.saturating_sub(due).as_micros()).unwrap_or(u64::MAX);
            self.latency_us.saturating_record(late);
        }
        if let Pace::Closed = self.pace {
            self.say(out, who, now);
        }
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        let Pace::Open { interval, ends_at } = self.pace else { return Duration::from_millis(20) };
        loop {
            let (due, now) = (interval * self.said, self.started.elapsed());
            if due >= ends_at {
                return Duration::from_millis(1);
            }
            if due > now {
                return due - now;
            }
            let who = self.senders[self.said as usize % self.senders.len()];
            self.say(out, who, due);
        }
    }
}

impl Counted for Saying {
    fn operations(&self) -> u64 {
        u64::from(self.acknowledged)
    }
}

/// Durable texts per second, one of each sender on its way, and what each costs.
///
/// # Errors
/// Where a text is refused.
pub(crate) fn say(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, senders) = pair_up(server, size)?;
    let mut saying = Saying::new(senders.clone(), load.len(), Pace::Closed, size.warm_up)?;
    for who in senders {
        saying.say(&mut load.out, who, Duration::ZERO);
    }
    finish(server, &mut load, &mut saying, size)
}

/// Latency of durable texts at a rate, and what each costs.
///
/// # Errors
/// Where a text is refused or lost.
pub(crate) fn say_rate(server: &Server, size: Size) -> Result<Figures> {
    let (mut load, senders) = pair_up(server, size)?;
    let interval = Duration::from_secs(1) / size.rate.max(1);
    let pace = Pace::Open { interval, ends_at: size.warm_up + size.time };
    let mut saying = Saying::new(senders, load.len(), pace, size.warm_up)?;
    let figures = finish(server, &mut load, &mut saying, size)?;
    let is_whole = |saying: &Saying| saying.due.is_empty() && saying.heard == saying.said;
    if !load.run(&mut saying, LATE_MAX, is_whole)? {
        bail!("{} of {} texts were heard", saying.heard, saying.said);
    }
    Ok(figures.with_latency(&saying.latency_us))
}

fn finish(server: &Server, load: &mut Load, saying: &mut Saying, size: Size) -> Result<Figures> {
    let figures = measure(server, load, saying, size)?;
    ensure!(saying.refused.is_none(), "a text was refused: {:?}", saying.refused);
    Ok(figures.with_latency(&saying.latency_us))
}
