//! Simulated strangers: many WebSocket clients on one thread, driven by a scenario. One who is
//! silent takes 20 bytes here, so that a million of them fit beside the servers.

mod open;
mod out;
mod secure;
mod socketio;
mod timer;
mod wire;

use std::{
    io::{ErrorKind, Read},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use liveloop_protocol::websocket::{Decoder, Incoming, Limit, Opcode, Role};
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use rustls::ClientConnection;

pub(crate) use open::{HANDSHAKE, Target, dial, open};
pub(crate) use out::{MASK, Out};
pub(crate) use secure::{NAME, trusting};
pub(crate) use wire::{Heard, Wire, field};

use open::Opened;
use timer::{TIMER, Timer};

/// What the strangers do.
pub(crate) trait Scenario {
    /// An event has come for `who`, with its data as JSON.
    fn on_event(&mut self, out: &mut Out, who: usize, name: &str, data: &str);
    /// Something that `who` asked has been answered.
    fn on_ack(&mut self, _out: &mut Out, _who: usize, _answer: &str) {}
    /// Once a turn; tells how long the next one may wait at most.
    fn on_turn(&mut self, _out: &mut Out) -> Duration {
        Duration::from_millis(20)
    }
}

struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

/// All strangers of this process.
pub(crate) struct Load {
    poll: Poll,
    timer: Timer,
    wire: Wire,
    clients: Vec<Client>,
    /// The TLS of each of them, where they speak it.
    tls: Vec<ClientConnection>,
    pub(crate) out: Out,
    /// The server's pings that were answered.
    pub(crate) pings: u64,
    buffer: Vec<u8>,
    events: Events,
}

impl Load {
    /// Nobody yet.
    ///
    /// # Errors
    /// Where the system gives no epoll or timer.
    pub(crate) fn new(wire: Wire) -> Result<Self> {
        let poll = Poll::new()?;
        let timer = Timer::new(poll.registry())?;
        Ok(Self {
            poll,
            timer,
            wire,
            clients: Vec::new(),
            tls: Vec::new(),
            out: Out::new(wire),
            pings: 0,
            buffer: vec![0; 64 << 10],
            events: Events::with_capacity(1_024),
        })
    }

    /// `count` strangers at `target`.
    ///
    /// # Errors
    /// Where a connection is refused, or no `welcome` comes.
    pub(crate) fn connect(target: &Target, count: usize) -> Result<Self> {
        let mut load = Self::new(target.wire)?;
        load.add(target, count)?;
        Ok(load)
    }

    /// Connects `count` more, one after the other, and reads each one's `welcome`.
    ///
    /// # Errors
    /// Where a connection is refused, or no `welcome` comes.
    pub(crate) fn add(&mut self, target: &Target, count: usize) -> Result<()> {
        assert!(target.wire == self.wire, "strangers of one load speak one wire");
        let is_alike = self.clients.is_empty() || target.tls.is_some() != self.tls.is_empty();
        assert!(is_alike, "strangers of one load all speak TLS, or none does");
        for _ in 0..count {
            let index = self.clients.len();
            let Opened { stream, tls, decoder } =
                open(target).with_context(|| format!("connection {index}"))?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(index), both)?;
            self.clients.push(Client { stream, decoder });
            self.tls.extend(tls);
        }
        self.out.grow(self.clients.len());
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Lets the scenario run until `done` or until `patience` is over; tells whether it was done.
    ///
    /// # Errors
    /// Where the server closes a connection.
    pub(crate) fn run<S: Scenario>(
        &mut self,
        scenario: &mut S,
        patience: Duration,
        done: impl Fn(&S) -> bool,
    ) -> Result<bool> {
        let until = Instant::now() + patience;
        loop {
            let wait = scenario.on_turn(&mut self.out);
            self.out.flush(&mut self.clients, &mut self.tls)?;
            let now = Instant::now();
            if done(scenario) || now > until {
                return Ok(done(scenario));
            }
            let wait = wait.min(until - now);
            if !wait.is_zero() && wait < Duration::from_millis(10) {
                self.timer.set(wait)?;
            }
            match self.poll.poll(&mut self.events, Some(wait)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => outcome?,
            }
            let ready: Vec<usize> = self
                .events
                .iter()
                .filter(|event| event.is_readable() && event.token() != TIMER)
                .map(|event| event.token().0)
                .collect();
            for who in ready {
                self.read(who, scenario)?;
            }
        }
    }

    /// Reads what a server that has ended has left in the sockets.
    pub(crate) fn read_to_the_end(&mut self, scenario: &mut impl Scenario) {
        for who in 0..self.clients.len() {
            // Each ends with an error, for its connection does.
            let _ = self.read(who, scenario);
        }
    }

    fn read(&mut self, who: usize, scenario: &mut impl Scenario) -> Result<()> {
        let client = &mut self.clients[who];
        let mut tls = self.tls.get_mut(who);
        loop {
            let read = match &mut tls {
                Some(tls) => secure::read(tls, &mut client.stream, &mut self.buffer),
                None => client.stream.read(&mut self.buffer),
            };
            let len = match read {
                Ok(0) => bail!("the server has closed connection {who}"),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context(format!("connection {who}")),
            };
            let (out, pings, wire) = (&mut self.out, &mut self.pings, self.wire);
            let (mut is_bad, mut closed) = (false, None);
            let settings = (Role::Client, Limit(0));
            let outcome =
                client.decoder.feed(&mut self.buffer[..len], settings, |incoming| match incoming {
                    Incoming::Text(text) => match wire.read(text) {
                        Heard::Event { name, data } => scenario.on_event(out, who, name, data),
                        Heard::Ack { answer } => scenario.on_ack(out, who, answer),
                        Heard::Reply(text) => {
                            *pings += 1;
                            out.frame(who, Opcode::Text, text.as_bytes());
                        }
                        Heard::Nothing => {}
                        Heard::Bad => is_bad = true,
                    },
                    Incoming::Ping(payload) => {
                        *pings += 1;
                        out.frame(who, Opcode::Pong, payload);
                    }
                    Incoming::Close(code) => closed = Some(code.unwrap_or(1005)),
                    _ => {}
                });
            if let Some(code) = closed {
                bail!("the server has closed connection {who} with code {code}");
            }
            if outcome.is_err() || is_bad {
                bail!("the server has sent something that is not of its protocol");
            }
            // Of TLS one record at a time is read: more may be there.
            if len < self.buffer.len() && tls.is_none() {
                return Ok(());
            }
        }
    }
}
