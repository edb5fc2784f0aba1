//! The others on the server: what reaches them, and how late, is what an attack may not change.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;

use super::{Scale, watch};
use crate::{
    load::{Load, Out, Scenario, Target, Wire, field},
    modes::{latencies, make_group, meet_all, window},
    server::Server,
};

/// How many come from one address, so that nobody meets its limits.
const PER_SOURCE: usize = 100;
/// How long after the last one was due something may still come.
const LATE_MAX: Duration = Duration::from_secs(20);
/// Texts of a group per second: one a second from each of so many members.
const SPEAKERS: usize = 40;
/// Filled up to about this many characters, so that a stuck reader's outbox is full soon.
const TEXT_CHARS: usize = 900;

/// What the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// They are in calls, two and two, and send signals.
    Pairs,
    /// They are members of one group, and some of them talk.
    Group,
}

/// All of them.
pub(super) struct Others {
    load: Load,
    address: SocketAddr,
    kind: Kind,
}

enum Kind {
    Pairs { initiators: Vec<usize> },
    Group { room: String },
}

impl Others {
    /// # Errors
    /// Where one is refused, or finds nobody.
    pub(super) fn arrive(server: &Server, audience: Audience, scale: Scale) -> Result<Self> {
        let mut load = Load::new(Wire::Plain)?;
        let address = server.target.address;
        // A group of half as many hears ten times as much.
        let count = match audience {
            Audience::Pairs => scale.others & !1,
            Audience::Group => scale.others / 2,
        };
        for who in 0..count {
            let last = u8::try_from(1 + who / PER_SOURCE).context("too many others")?;
            let source = Some(IpAddr::from([127, 0, 1, last]));
            load.add(&Target { address, wire: Wire::Plain, source, tls: None }, 1)?;
        }
        let kind = match audience {
            Audience::Pairs => Kind::Pairs { initiators: meet_all(&mut load)? },
            Audience::Group => Kind::Group { room: join(&mut load, address)? },
        };
        Ok(Self { load, address, kind })
    }

    /// Their latencies in microseconds over one window.
    ///
    /// # Errors
    /// Where one of them is cut off, or something does not come.
    pub(super) fn window(&mut self, scale: Scale) -> Result<Histogram<u64>> {
        match &self.kind {
            Kind::Pairs { initiators } => {
                window(&mut self.load, initiators, (scale.rate, scale.window))
            }
            Kind::Group { room } => talk(&mut self.load, room, scale.window),
        }
    }

    /// Lets them be there for a while and say nothing.
    pub(super) fn idle(&mut self, time: Duration) -> Result<()> {
        self.load.run(&mut Silent, time, |_| false)?;
        Ok(())
    }

    /// The group that they are in.
    pub(super) fn room(&self) -> Option<String> {
        match &self.kind {
            Kind::Pairs { .. } => None,
            Kind::Group { room } => Some(room.clone()),
        }
    }

    /// The path of the page's largest file.
    pub(super) fn largest_file(&self) -> Result<String> {
        let page = watch::get(self.address, "/")?;
        let (_, rest) = page.split_once("src=\"/assets/").context("the page has a script")?;
        let (name, _) = rest.split_once('"').context("the page has a script")?;
        Ok(format!("/assets/{name}"))
    }
}

struct Silent;

impl Scenario for Silent {
    fn on_event(&mut self, _out: &mut Out, _who: usize, _name: &str, _data: &str) {}
}

/// Makes a group, and everybody a member of it.
fn join(load: &mut Load, address: SocketAddr) -> Result<String> {
    struct Joining(usize);
    impl Scenario for Joining {
        fn on_event(&mut self, _out: &mut Out, _who: usize, _name: &str, _data: &str) {}
        fn on_ack(&mut self, _out: &mut Out, _who: usize, _answer: &str) {
            self.0 += 1;
        }
    }
    let room = make_group(address)?;
    let data = format!("{{\"roomId\":\"{room}\"}}");
    for who in 0..load.len() {
        load.out.ask(who, 1, "join-room", &data);
    }
    let (mut joining, all) = (Joining(0), load.len());
    if !load.run(&mut joining, Duration::from_secs(30), |joining| joining.0 == all)? {
        bail!("{} of {all} have joined", joining.0);
    }
    Ok(room)
}

/// Texts in an open loop, and how late each reaches each member.
struct Talking {
    room: String,
    started: Instant,
    ends_at: Duration,
    members: usize,
    sent: usize,
    /// By text, how many have heard it.
    heard: HashMap<String, usize>,
    complete: usize,
    latency_us: Histogram<u64>,
}

impl Talking {
    fn next_due(&self) -> Duration {
        Duration::from_secs(1) * u32::try_from(self.sent).unwrap_or(u32::MAX)
            / u32::try_from(SPEAKERS).unwrap_or(1)
    }
}

impl Scenario for Talking {
    fn on_event(&mut self, _out: &mut Out, _who: usize, name: &str, data: &str) {
        let text = field(data, "message").filter(|_| name == "newMessage").unwrap_or_default();
        let Some(stamp) = text.split(' ').next().filter(|stamp| !stamp.is_empty()) else { return };
        let Ok(due) = stamp.parse().map(Duration::from_nanos) else { return };
        let late = self.started.elapsed().saturating_sub(due).as_micros();
        self.latency_us.saturating_record(u64::try_from(late).unwrap_or(u64::MAX));
        let heard = self.heard.entry(stamp.to_owned()).or_default();
        *heard += 1;
        // All but the one who says it.
        if *heard == self.members - 1 {
            self.complete += 1;
            self.heard.remove(stamp);
        }
    }

    fn on_turn(&mut self, out: &mut Out) -> Duration {
        loop {
            let (due, now) = (self.next_due(), self.started.elapsed());
            if due >= self.ends_at {
                return Duration::from_millis(1);
            }
            if due > now {
                return due - now;
            }
            let text = format!("{} {}", due.as_nanos(), "x".repeat(TEXT_CHARS));
            let data = format!("{{\"roomId\":\"{}\",\"message\":\"{text}\"}}", self.room);
            out.say(self.sent % SPEAKERS.min(self.members), "newMessage", &data);
            self.sent += 1;
        }
    }
}

fn talk(load: &mut Load, room: &str, time: Duration) -> Result<Histogram<u64>> {
    let mut talking = Talking {
        room: room.to_owned(),
        started: Instant::now(),
        ends_at: time,
        members: load.len(),
        sent: 0,
        heard: HashMap::new(),
        complete: 0,
        latency_us: latencies()?,
    };
    load.run(&mut talking, time, |_| false)?;
    let is_whole = |it: &Talking| it.complete == it.sent && it.next_due() >= it.ends_at;
    if !load.run(&mut talking, LATE_MAX, is_whole)? {
        bail!("{} of {} texts have reached all", talking.complete, talking.sent);
    }
    Ok(talking.latency_us)
}
