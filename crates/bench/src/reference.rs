//! The bare epoll loop that every figure is compared with: it does the work of the load and nothing
//! else. No ids worth the name, no limits, no checks, no metrics; one thread, one buffer, and one
//! write per connection and wake-up.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
};

use anyhow::Result;
use liveloop_protocol::websocket::{Opcode, encode};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

const LISTENER: Token = Token(usize::MAX);
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The answer to whoever makes a visitor or a group: there is one group, whatever its name.
const MADE: &[u8] = b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n\
    {\"token\":\"t\",\"roomId\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";

struct Conn {
    stream: TcpStream,
    is_open: bool,
    outbox: Vec<u8>,
    partner: Option<usize>,
    room: u64,
    held: Vec<u8>,
}

#[derive(Default)]
struct State {
    conns: Vec<Option<Conn>>,
    dirty: Vec<usize>,
    waiting: Option<usize>,
    last_room: u64,
    members: Vec<usize>,
    coalesces: bool,
}

/// Serves until it is ended.
///
/// # Errors
/// Where it cannot listen.
pub(crate) fn serve(listen: SocketAddr, coalesces: bool) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(listen)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut events = Events::with_capacity(1_024);
    let mut buffer = vec![0; 64 << 10];
    let mut state = State { coalesces, ..State::default() };
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => accept(&listener, &poll, &mut state)?,
                Token(who) => {
                    if event.is_writable()
                        && state.conns[who].as_ref().is_some_and(|c| !c.outbox.is_empty())
                    {
                        state.dirty.push(who);
                    }
                    if event.is_readable() {
                        read(who, &mut buffer, &mut state);
                    }
                }
            }
        }
        flush(&mut state);
    }
}

fn accept(listener: &TcpListener, poll: &Poll, state: &mut State) -> Result<()> {
    while let Ok((mut stream, _)) = listener.accept() {
        stream.set_nodelay(true)?;
        let who = state.conns.len();
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(who), both)?;
        let conn = Conn {
            stream,
            is_open: false,
            outbox: Vec::new(),
            partner: None,
            room: 0,
            held: Vec::new(),
        };
        state.conns.push(Some(conn));
    }
    Ok(())
}

fn read(who: usize, buffer: &mut [u8], state: &mut State) {
    let Some(conn) = state.conns[who].as_mut() else { return };
    let len = match conn.stream.read(buffer) {
        Ok(0) => {
            state.conns[who] = None;
            return;
        }
        Ok(len) => len,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return,
        Err(_) => {
            state.conns[who] = None;
            return;
        }
    };
    if !conn.is_open && buffer.starts_with(b"POST ") {
        queue(state, who, |out| out.extend_from_slice(MADE));
        flush(state);
        state.conns[who] = None;
        return;
    }
    if !conn.is_open {
        conn.is_open = true;
        queue(state, who, |out| out.extend_from_slice(SWITCHING));
        say(
            state,
            who,
            "{\"event\":\"welcome\",\"data\":{\"socketId\":\"AAAAAAAAAAAAAAAAAAAAAA\"}}",
        );
        return;
    }
    if conn.held.is_empty() {
        let used = take_frames(who, &mut buffer[..len], state);
        let rest = &buffer[used..len];
        if let Some(conn) = state.conns[who].as_mut().filter(|_| !rest.is_empty()) {
            conn.held = rest.to_vec();
        }
        return;
    }
    let mut held = std::mem::take(&mut conn.held);
    held.extend_from_slice(&buffer[..len]);
    let used = take_frames(who, &mut held, state);
    held.drain(..used);
    if let Some(conn) = state.conns[who].as_mut() {
        conn.held = held;
    }
}

fn take_frames(who: usize, bytes: &mut [u8], state: &mut State) -> usize {
    let mut used = 0;
    loop {
        let frame = &mut bytes[used..];
        if frame.len() < 6 {
            return used;
        }
        let opcode = frame[0] & 0x0f;
        let (start, len) = match frame[1] & 0x7f {
            126 if frame.len() >= 8 => (4, usize::from(u16::from_be_bytes([frame[2], frame[3]]))),
            short if short < 126 => (2, usize::from(short)),
            _ => return used,
        };
        if frame.len() < start + 4 + len {
            return used;
        }
        let key = [frame[start], frame[start + 1], frame[start + 2], frame[start + 3]];
        let payload = &mut frame[start + 4..start + 4 + len];
        let wide =
            u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
        let (words, rest) = payload.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
            *byte ^= key;
        }
        used += start + 4 + len;
        if opcode == 1 {
            act(who, payload, state);
        }
    }
}

/// The twelfth byte is the first of the event's name: `{"event":"…`.
fn act(who: usize, payload: &[u8], state: &mut State) {
    let Some(name) = payload.get(10..) else { return };
    if name.starts_with(b"send-new") {
        // {"event":"send-new-ice-candidates","data":…} goes on as new-ice-candidates.
        let partner = state.conns[who].as_ref().and_then(|conn| conn.partner);
        let data = &payload[35..];
        if let Some(partner) = partner {
            let text = [b"{\"event\":\"new-ice-candidates\",", data].concat();
            queue(state, partner, |out| encode(out, Opcode::Text, &text));
        }
    } else if name.starts_with(b"stop-call") {
        stop(who, state);
    } else if name.starts_with(b"request-room") {
        stop(who, state);
        request(who, state);
    } else if name.starts_with(b"heartbeat") {
        let reference = payload.iter().rposition(|byte| *byte == b':').map(|at| &payload[at + 1..]);
        let reference = reference.and_then(|text| std::str::from_utf8(text).ok());
        let text = format!(
            "{{\"ack\":{},\"data\":{{\"serverTime\":\"2026-01-01T00:00:00.000Z\"}}}}",
            reference.unwrap_or("0}").trim_end_matches('}')
        );
        say(state, who, &text);
    } else if name.starts_with(b"join-room") {
        state.members.push(who);
        say(state, who, "{\"ack\":1,\"data\":{\"count\":1}}");
    } else if name.starts_with(b"newMessage") {
        fan_out(who, payload, state);
    }
}

fn fan_out(who: usize, payload: &[u8], state: &mut State) {
    let mut frame = Vec::new();
    encode(&mut frame, Opcode::Text, payload);
    for member in std::mem::take(&mut state.members) {
        if member != who {
            queue(state, member, |out| out.extend_from_slice(&frame));
        }
        state.members.push(member);
    }
    say(state, who, "{\"ack\":1,\"data\":{\"messageId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"seq\":1}}");
}

fn stop(who: usize, state: &mut State) {
    let Some(conn) = state.conns[who].as_mut() else { return };
    let Some(partner) = conn.partner.take() else { return };
    let room = conn.room;
    if let Some(other) = state.conns[partner].as_mut() {
        other.partner = None;
        let text = format!(
            "{{\"event\":\"stop-by-remote-user\",\"data\":{{\"roomId\":\"{room:022}\",\"reason\":\"stopped\"}},\"n\":1}}"
        );
        say(state, partner, &text);
    }
}

fn request(who: usize, state: &mut State) {
    let Some(partner) = state.waiting.take().filter(|partner| *partner != who) else {
        state.waiting = Some(who);
        return;
    };
    state.last_room += 1;
    let room = state.last_room;
    for (one, other, initiator) in [(partner, who, true), (who, partner, false)] {
        if let Some(conn) = state.conns[one].as_mut() {
            conn.partner = Some(other);
            conn.room = room;
        }
        let text = format!(
            "{{\"event\":\"match-done\",\"data\":{{\"message\":\"Connected to partner\",\"roomId\":\"{room:022}\",\
             \"initiator\":{initiator},\"mode\":\"video\",\"remoteUserDetails\":{{\"socket\":\"{other:022}\",\
             \"userId\":\"{other:022}\",\"userName\":\"Stranger\"}},\"commonInterests\":[],\"iceServers\":[],\
             \"iceCandidatePoolSize\":0,\"relayOnly\":false}},\"n\":1}}"
        );
        say(state, one, &text);
    }
}

fn say(state: &mut State, who: usize, text: &str) {
    queue(state, who, |out| encode(out, Opcode::Text, text.as_bytes()));
}

fn queue(state: &mut State, who: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let Some(conn) = state.conns[who].as_mut() else { return };
    if conn.outbox.is_empty() {
        state.dirty.push(who);
    }
    write(&mut conn.outbox);
    if !state.coalesces {
        flush(state);
    }
}

fn flush(state: &mut State) {
    while let Some(who) = state.dirty.pop() {
        let Some(conn) = state.conns[who].as_mut() else { continue };
        match conn.stream.write(&conn.outbox) {
            Ok(written) if written == conn.outbox.len() => conn.outbox.clear(),
            Ok(written) => drop(conn.outbox.drain(..written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => state.conns[who] = None,
        }
    }
}
