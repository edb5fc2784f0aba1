//! An attacker process: junk, a stuck reader, clients that are to vanish, or greedy ones. It goes on
//! until its input ends, and then tells on one line of JSON what it has seen.

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;
use liveloop_protocol::websocket::{Opcode, encode_masked};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::attack::Attack;
use crate::load::{MASK, Target, Wire, open};

/// How many connections are opened a second.
const OPENED_PER_SECOND: u32 = 2_000;

/// What an attacker process is started with.
#[derive(Args)]
pub(crate) struct Attacker {
    #[arg(value_enum)]
    attack: Attack,
    /// Whom to attack.
    #[arg(long)]
    to: SocketAddr,
    /// With how many connections.
    #[arg(long)]
    count: usize,
    /// The group of a stuck reader.
    #[arg(long)]
    room: Option<String>,
}

impl Attacker {
    /// # Errors
    /// Where the server refuses what it is to grant.
    pub(crate) fn run(self) -> Result<()> {
        let mut input = std::io::stdin().lock();
        if self.attack == Attack::HalfOpen {
            println!("here");
            input.read_line(&mut String::new())?;
            let clients = vanishing(self.to, self.count)?;
            println!("{}", json!({ "connected": clients.len() }));
            // Held until it is killed: to close them would say so.
            std::io::copy(&mut input, &mut std::io::sink())?;
            std::thread::park();
            return Ok(());
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            ends.store(true, Relaxed);
        });
        drop(input);
        let told = match self.attack {
            Attack::Junk => junk(self.to, self.count, &is_over),
            Attack::Stuck => stuck(self.to, &self.room.context("--room is missing")?, &is_over)?,
            _ => greedy(self.to, &is_over),
        };
        println!("{told}");
        Ok(())
    }
}

fn websocket(to: SocketAddr) -> Result<TcpStream> {
    Ok(open(&Target { address: to, wire: Wire::Plain, source: None, tls: None })?.stream)
}

fn vanishing(to: SocketAddr, count: usize) -> Result<Vec<TcpStream>> {
    (0..count).map(|_| websocket(to)).collect()
}

/// What each eighth of the junk sends.
fn junk_of(kind: usize) -> Vec<u8> {
    // Noise that is the same in each run (Marsaglia, "Xorshift RNGs", 2003).
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = |len: usize| -> Vec<u8> {
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        (0..len).map(|_| next()).collect()
    };
    let client_hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    match kind % 8 {
        0 => noise(512),
        1 => client_hello.to_vec(),
        2 => b"GET /w".to_vec(),
        3 => Vec::new(),
        4 => format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(64 << 10)).into_bytes(),
        5 => [b"GET /ws ".to_vec(), noise(4_096)].concat(),
        6 => format!("GET /ws HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(64 << 10)).into_bytes(),
        _ => b"POST /api/users HTTP/1.1\r\nHost".to_vec(),
    }
}

/// Opens them at a pace and holds each until the server ends it.
fn junk(to: SocketAddr, count: usize, is_over: &AtomicBool) -> Value {
    let begun = Instant::now();
    let (mut held, mut refused) = (Vec::new(), 0);
    for number in 0..count {
        if is_over.load(Relaxed) {
            break;
        }
        let due = Duration::from_secs(1) * u32::try_from(number).unwrap_or(0) / OPENED_PER_SECOND;
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        match TcpStream::connect(to)
            .and_then(|stream| stream.set_nonblocking(true).map(|()| stream))
        {
            Ok(mut stream) => {
                // What the server does not take it will never get.
                let _ = stream.write(&junk_of(number));
                held.push(stream);
            }
            Err(_) => refused += 1,
        }
    }
    let opened = held.len();
    while !is_over.load(Relaxed) {
        held.retain_mut(|stream| !has_ended(stream));
        std::thread::sleep(Duration::from_millis(100));
    }
    json!({ "opened": opened, "refused": refused, "heldAtTheEnd": held.len() })
}

fn has_ended(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 4_096]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_masked(&mut frame, opcode, payload, MASK);
    frame
}

fn event(name: &str, data: &str) -> Vec<u8> {
    let mut text = String::new();
    Wire::Plain.write(&mut text, name, data, None);
    frame(Opcode::Text, text.as_bytes())
}

/// Joins the group, and reads nothing any more.
fn stuck(to: SocketAddr, room: &str, is_over: &AtomicBool) -> Result<Value> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    // As little as the kernel allows, so that the server's outbox is soon what is left.
    socket.set_recv_buffer_size(2_048)?;
    socket.connect(&to.into())?;
    let mut stream = TcpStream::from(socket);
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: {to}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    stream.write_all(&event("join-room", &format!("{{\"roomId\":\"{room}\"}}")))?;
    while !is_over.load(Relaxed) {
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(json!({ "stuck": 1 }))
}

/// One that sends too much of one thing: its name, what it sends, and how many of that a second.
type Greed = (&'static str, Vec<u8>, u32);

/// Ten times each limit, at the defaults.
fn greeds() -> Vec<Greed> {
    let long = format!("{{\"message\":\"{}\"}}", "x".repeat(60_000));
    let signal = format!("{{\"candidate\":\"{}\"}}", "x".repeat(400));
    vec![
        ("events", event("heartbeat", "{}"), 510),
        ("bytes", event("newMessage", &long), 510),
        ("signals", event("send-new-ice-candidates", &signal), 510),
        ("texts", event("newMessage", "{\"message\":\"hello\"}"), 60),
        ("requests", event("request-room", "{}"), 20),
        ("bad JSON", frame(Opcode::Text, b"{\"event\":"), 510),
        ("giant frames", frame(Opcode::Text, &vec![b'x'; 640 << 10]), 10),
        ("pings", frame(Opcode::Ping, &[0; 125]), 10_000),
    ]
}

/// Each in a thread of its own; whoever is cut comes back.
fn greedy(to: SocketAddr, is_over: &AtomicBool) -> Value {
    std::thread::scope(|scope| {
        let all: Vec<_> = greeds()
            .into_iter()
            .map(|greed| {
                let name = greed.0;
                (name, scope.spawn(move || be_greedy(to, &greed, is_over)))
            })
            .collect();
        let told = all.into_iter().map(|(name, thread)| {
            (name.to_owned(), thread.join().unwrap_or_else(|_| json!("it has failed")))
        });
        Value::Object(told.collect())
    })
}

fn be_greedy(to: SocketAddr, (_, frame, per_second): &Greed, is_over: &AtomicBool) -> Value {
    let (mut sent, mut times_cut) = (0_u64, 0);
    while !is_over.load(Relaxed) {
        let Ok(mut stream) = websocket(to) else {
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        if send_until_cut(&mut stream, frame, *per_second, is_over, &mut sent).is_err() {
            times_cut += 1;
        }
    }
    json!({ "sent": sent, "timesCut": times_cut })
}

/// Reads what comes too, so that it is no slow reader.
fn send_until_cut(
    stream: &mut TcpStream,
    frame: &[u8],
    per_second: u32,
    is_over: &AtomicBool,
    sent: &mut u64,
) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let (begun, mut of_this, mut heard) = (Instant::now(), 0_u32, vec![0; 64 << 10]);
    while !is_over.load(Relaxed) {
        while Duration::from_secs(1) * of_this / per_second <= begun.elapsed() {
            stream.write_all(frame)?;
            of_this += 1;
            *sent += 1;
        }
        stream.set_nonblocking(true)?;
        loop {
            match stream.read(&mut heard) {
                Ok(0) => anyhow::bail!("cut"),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        stream.set_nonblocking(false)?;
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
