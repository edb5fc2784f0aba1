//! Simulated strangers: many plain WebSocket clients on one thread, driven by a scenario.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream as StdTcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use liveloop_protocol::websocket::{Decoder, Incoming, Limit, Opcode, Role, encode_masked};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

/// Any key will do: the server cannot tell, and unmasks all the same (RFC 6455, section 5.3).
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What the strangers do.
pub(crate) trait Scenario {
    /// A text frame has come for `who`.
    fn on_text(&mut self, out: &mut Out, who: usize, text: &str);
    /// Once a turn; tells how long the next one may wait at most.
    fn on_turn(&mut self, _out: &mut Out) -> Duration {
        Duration::from_millis(20)
    }
}

/// What the strangers say, written once a turn.
pub(crate) struct Out {
    outboxes: Vec<Vec<u8>>,
    dirty: Vec<usize>,
}

impl Out {
    /// Says `text` as `who`.
    pub(crate) fn send(&mut self, who: usize, text: &str) {
        if self.outboxes[who].is_empty() {
            self.dirty.push(who);
        }
        encode_masked(&mut self.outboxes[who], Opcode::Text, text.as_bytes(), MASK);
    }
}

struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

/// All strangers of this process.
pub(crate) struct Load {
    poll: Poll,
    clients: Vec<Client>,
    pub(crate) out: Out,
    buffer: Vec<u8>,
    events: Events,
}

impl Load {
    /// Connects `count` strangers, one after the other, and reads each one's `welcome`.
    ///
    /// # Errors
    /// Where a connection is refused, or no `welcome` comes.
    pub(crate) fn connect(address: SocketAddr, count: usize) -> Result<Self> {
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(count);
        for index in 0..count {
            let stream = open(address).with_context(|| format!("connection {index}"))?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(index), both)?;
            clients.push(Client { stream, decoder: Decoder::default() });
        }
        let out = Out { outboxes: vec![Vec::new(); count], dirty: Vec::new() };
        let events = Events::with_capacity(1_024);
        Ok(Self { poll, clients, out, buffer: vec![0; 64 << 10], events })
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
            self.flush()?;
            let now = Instant::now();
            if done(scenario) || now >= until {
                return Ok(done(scenario));
            }
            self.poll.poll(&mut self.events, Some(wait.min(until - now)))?;
            let ready: Vec<usize> = self
                .events
                .iter()
                .filter(|event| event.is_readable())
                .map(|event| event.token().0)
                .collect();
            for who in ready {
                self.read(who, scenario)?;
            }
        }
    }

    fn read(&mut self, who: usize, scenario: &mut impl Scenario) -> Result<()> {
        let client = &mut self.clients[who];
        loop {
            let len = match client.stream.read(&mut self.buffer) {
                Ok(0) => bail!("the server has closed connection {who}"),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context(format!("connection {who}")),
            };
            let mut pong = None;
            let out = &mut self.out;
            let settings = (Role::Client, Limit(0));
            let outcome =
                client.decoder.feed(&mut self.buffer[..len], settings, |incoming| match incoming {
                    Incoming::Text(text) => scenario.on_text(out, who, text),
                    Incoming::Ping(payload) => pong = Some(payload.to_vec()),
                    _ => {}
                });
            if outcome.is_err() {
                bail!("the server has sent something that is no WebSocket frame");
            }
            if let Some(payload) = pong {
                if self.out.outboxes[who].is_empty() {
                    self.out.dirty.push(who);
                }
                encode_masked(&mut self.out.outboxes[who], Opcode::Pong, &payload, MASK);
            }
            if len < self.buffer.len() {
                return Ok(());
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        let mut blocked = Vec::new();
        for who in std::mem::take(&mut self.out.dirty) {
            let outbox = &mut self.out.outboxes[who];
            let mut sent = 0;
            while sent < outbox.len() {
                match self.clients[who].stream.write(&outbox[sent..]) {
                    Ok(written) => sent += written,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        blocked.push(who);
                        break;
                    }
                    Err(error) => return Err(error).context(format!("connection {who}")),
                }
            }
            outbox.drain(..sent);
        }
        self.out.dirty = blocked;
        Ok(())
    }
}

/// Opens one connection up to its `welcome`, blocking.
fn open(address: SocketAddr) -> Result<StdTcpStream> {
    let mut stream = StdTcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("GET /ws HTTP/1.1\r\nHost: {address}\r\n{HANDSHAKE}").as_bytes())?;
    let mut decoder = Decoder::default();
    let (mut head, mut buffer) = (Vec::new(), [0; 8_192]);
    let mut is_welcome = false;
    while !is_welcome {
        let len = stream.read(&mut buffer).context("no `welcome` in 10 s")?;
        if len == 0 {
            bail!("closed before `welcome`: {}", String::from_utf8_lossy(&head));
        }
        let mut body = &mut buffer[..len];
        let mut rest;
        if !head.ends_with(b"\r\n\r\n") {
            head.extend_from_slice(body);
            let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") else { continue };
            if !head.starts_with(b"HTTP/1.1 101") {
                bail!("refused: {}", String::from_utf8_lossy(&head));
            }
            rest = head.split_off(end + 4);
            body = &mut rest;
        }
        let settings = (Role::Client, Limit(0));
        let outcome = decoder.feed(body, settings, |incoming| {
            is_welcome |= matches!(incoming, Incoming::Text(text) if text.contains("\"welcome\""));
        });
        if outcome.is_err() {
            bail!("the server has sent something that is no WebSocket frame");
        }
    }
    Ok(stream)
}

/// What stands in `text` between `before` and the next quotation mark.
pub(crate) fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let start = memchr::memmem::find(text.as_bytes(), before.as_bytes())? + before.len();
    text[start..].split('"').next()
}
