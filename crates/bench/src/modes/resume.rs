//! Resume: everybody is in a call, all sockets are cut at once, and everybody comes back as our page
//! does: after a random rest, with `/ws?hello=1`, and with the secret of the last `welcome`.
//!
//! A time counts from the cut, its rest included: it is how long somebody was away.

use std::{
    io::{ErrorKind, Read, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use liveloop_protocol::websocket::{Decoder, Incoming, Limit, Opcode, Role, encode_masked};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{Figures, Size, latencies, relay::meet_all};
use crate::{
    load::{HANDSHAKE, Heard, Load, MASK, Out, Scenario, Target, Wire, dial, field},
    process,
    server::Server,
};

/// How long all together may take; a session is kept for 30 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// How our page rests before it tries again (`web/src/lib/backoff.ts`), in milliseconds.
const BASE_MS: u64 = 500;
const CAP_MS: u64 = 20_000;
const FLOOR_MS: u64 = 150;
/// How many dial before answers are read again.
const DIALS_MAX: usize = 16;

/// Collects the secret of each.
struct Secrets {
    by_client: Vec<Option<String>>,
    known: usize,
}

impl Scenario for Secrets {
    fn on_event(&mut self, _out: &mut Out, who: usize, name: &str, data: &str) {
        if let ("welcome", Some(secret)) = (name, field(data, "resume"))
            && self.by_client[who].replace(secret.to_owned()).is_none()
        {
            self.known += 1;
        }
    }
}

/// One who was cut off.
struct Lost {
    hello: Vec<u8>,
    attempts: u32,
    due: Instant,
    way: Way,
}

/// How far they have come.
enum Way {
    Resting,
    Upgrading(TcpStream, Vec<u8>),
    Claiming(TcpStream, Decoder),
    Back(#[expect(dead_code, reason = "a socket that is held open")] TcpStream),
}

/// CPU per resumed session, and how long everybody was away.
///
/// # Errors
/// Where a session is not resumed as it was.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn resume(server: &Server, size: Size) -> Result<Figures> {
    let mut load = Load::connect(&server.target, size.clients & !1)?;
    let secrets = secrets(&mut load)?;
    meet_all(&mut load)?;
    let cpu = || server.pid.map(process::cpu).transpose();
    let before = cpu()?;
    let cut = Instant::now();
    drop(load);
    let mut crowd = Crowd::new(&server.target, secrets, cut)?;
    crowd.come_back()?;
    let took = cut.elapsed().as_secs_f64();
    let spent = cpu()?.zip(before).map(|(after, before)| (after - before).as_secs_f64());
    let count = crowd.lost.len() as f64;
    let at = |quantile| crowd.on_the_way_us.value_at_quantile(quantile);
    eprintln!(
        "from the end of the rest to being resumed: p50 {} µs, p99 {} µs; {} attempts for {count} sessions",
        at(0.5),
        at(0.99),
        crowd.attempts
    );
    let figures = Figures {
        operations: crowd.lost.len() as u64,
        per_second: count / took,
        cpu_us: spent.map(|spent| spent * 1e6 / count),
        ..Figures::default()
    };
    Ok(figures.with_latency(&crowd.away_us))
}

fn secrets(load: &mut Load) -> Result<Vec<String>> {
    let count = load.len();
    for who in 0..count {
        load.out.say(who, "hello", "{}");
    }
    let mut secrets = Secrets { by_client: vec![None; count], known: 0 };
    load.run(&mut secrets, PATIENCE, |secrets| secrets.known == count)?;
    let all: Option<Vec<String>> = secrets.by_client.into_iter().collect();
    all.context("a `welcome` without a `resume` secret")
}

/// All who were cut off.
struct Crowd<'a> {
    target: &'a Target,
    poll: Poll,
    lost: Vec<Lost>,
    back: usize,
    attempts: u64,
    random: u64,
    cut: Instant,
    away_us: Histogram<u64>,
    on_the_way_us: Histogram<u64>,
}

impl<'a> Crowd<'a> {
    fn new(target: &'a Target, secrets: Vec<String>, cut: Instant) -> Result<Self> {
        let mut crowd = Self {
            target,
            poll: Poll::new()?,
            lost: Vec::new(),
            back: 0,
            attempts: 0,
            random: 0x5eed,
            cut,
            away_us: latencies()?,
            on_the_way_us: latencies()?,
        };
        for secret in secrets {
            let mut hello = Vec::new();
            let text =
                format!("{{\"event\":\"hello\",\"data\":{{\"resume\":\"{secret}\",\"after\":1}}}}");
            encode_masked(&mut hello, Opcode::Text, text.as_bytes(), MASK);
            let due = cut + crowd.rest(1);
            crowd.lost.push(Lost { hello, attempts: 0, due, way: Way::Resting });
        }
        Ok(crowd)
    }

    /// Exponential, with full jitter.
    fn rest(&mut self, attempt: u32) -> Duration {
        let ceiling = CAP_MS.min(BASE_MS << attempt.min(16));
        Duration::from_millis(FLOOR_MS.max(self.next_random() % ceiling))
    }

    /// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: the same in
    /// each run.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn come_back(&mut self) -> Result<()> {
        let mut order: Vec<usize> = (0..self.lost.len()).collect();
        order.sort_by_key(|who| self.lost[*who].due);
        let mut order = order.into_iter().peekable();
        let mut events = Events::with_capacity(1_024);
        while self.back < self.lost.len() {
            ensure!(self.cut.elapsed() < PATIENCE, "{} of {} are back", self.back, self.lost.len());
            let now = Instant::now();
            for _ in 0..DIALS_MAX {
                let Some(who) = order.next_if(|who| self.lost[*who].due <= now) else { break };
                self.dial(who)?;
            }
            let wait = order.peek().map_or(Duration::from_millis(20), |who| {
                self.lost[*who].due.saturating_duration_since(Instant::now())
            });
            match self.poll.poll(&mut events, Some(wait.min(Duration::from_millis(20)))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => outcome?,
            }
            for event in &events {
                let who = event.token().0;
                self.read(who).with_context(|| format!("session {who}"))?;
            }
        }
        Ok(())
    }

    fn dial(&mut self, who: usize) -> Result<()> {
        let mut stream = dial(self.target)?;
        stream.set_nodelay(true)?;
        let host = self.target.address;
        stream.write_all(
            format!("GET /ws?hello=1 HTTP/1.1\r\nHost: {host}\r\n{HANDSHAKE}").as_bytes(),
        )?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(who), Interest::READABLE)?;
        let lost = &mut self.lost[who];
        lost.attempts += 1;
        lost.way = Way::Upgrading(stream, Vec::new());
        self.attempts += 1;
        Ok(())
    }

    fn read(&mut self, who: usize) -> Result<()> {
        let mut buffer = [0; 8_192];
        loop {
            let lost = &mut self.lost[who];
            let (Way::Upgrading(stream, _) | Way::Claiming(stream, _)) = &mut lost.way else {
                return Ok(());
            };
            let len = match stream.read(&mut buffer) {
                Ok(0) => bail!("closed before `welcome`"),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let is_resumed = lost.take(&mut buffer[..len])?;
            if is_resumed {
                self.count_back(who);
            }
        }
    }

    fn count_back(&mut self, who: usize) {
        let lost = &mut self.lost[who];
        if let Way::Claiming(stream, _) = std::mem::replace(&mut lost.way, Way::Resting) {
            lost.way = Way::Back(stream);
        }
        let micros =
            |since: Instant| u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.away_us.saturating_record(micros(self.cut));
        self.on_the_way_us.saturating_record(micros(lost.due));
        self.back += 1;
    }
}

impl Lost {
    /// Takes bytes from the server; whether the session is resumed.
    fn take(&mut self, bytes: &mut [u8]) -> Result<bool> {
        match &mut self.way {
            Way::Claiming(_, decoder) => hear(decoder, bytes),
            Way::Upgrading(stream, head) => {
                head.extend_from_slice(bytes);
                let Some(end) = memchr::memmem::find(head, b"\r\n\r\n") else { return Ok(false) };
                let is_in = head.starts_with(b"HTTP/1.1 101") && head.len() == end + 4;
                ensure!(is_in, "no plain upgrade: {}", String::from_utf8_lossy(head));
                // A hundred bytes: a socket that is new takes them.
                stream.write_all(&self.hello)?;
                let way = std::mem::replace(&mut self.way, Way::Resting);
                if let Way::Upgrading(stream, _) = way {
                    self.way = Way::Claiming(stream, Decoder::default());
                }
                Ok(false)
            }
            Way::Resting | Way::Back(_) => Ok(false),
        }
    }
}

/// Whether a `welcome` says that the session was resumed, and nothing lost.
fn hear(decoder: &mut Decoder, bytes: &mut [u8]) -> Result<bool> {
    let (mut is_resumed, mut wrong) = (false, None);
    let outcome = decoder.feed(bytes, (Role::Client, Limit(0)), |incoming| {
        let Incoming::Text(text) = incoming else { return };
        match Wire::Plain.read(text) {
            Heard::Event { name: "welcome", data } => {
                is_resumed = data.contains("\"resumed\":true,\"recovered\":true");
                if !is_resumed {
                    wrong = Some(text.to_owned());
                }
            }
            Heard::Event { name: "error", .. } | Heard::Bad => wrong = Some(text.to_owned()),
            _ => {}
        }
    });
    if let Some(text) = wrong {
        bail!("it was not resumed: {text}");
    }
    ensure!(outcome.is_ok(), "the server has sent something that is no frame");
    Ok(is_resumed)
}

#[cfg(test)]
mod tests {
    use liveloop_protocol::websocket::encode;

    use super::*;

    fn heard(text: &str) -> Result<bool> {
        let mut bytes = Vec::new();
        encode(&mut bytes, Opcode::Text, text.as_bytes());
        hear(&mut Decoder::default(), &mut bytes)
    }

    #[test]
    fn only_a_session_that_is_whole_counts_as_resumed() {
        let welcome = |fields: &str| format!("{{\"event\":\"welcome\",\"data\":{{{fields}}}}}");
        assert!(heard(&welcome("\"resumed\":true,\"recovered\":true")).expect("resumed"));
        assert!(heard(&welcome("\"resumed\":true,\"recovered\":false")).is_err());
        assert!(heard(&welcome("\"resumed\":false,\"recovered\":false")).is_err());
        assert!(heard("{\"event\":\"error\",\"data\":{\"code\":\"resume-expired\"}}").is_err());
        assert!(!heard("{\"event\":\"partner-away\",\"data\":{},\"n\":2}").expect("later"));
    }
}
