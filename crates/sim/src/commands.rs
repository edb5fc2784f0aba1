//! What a visitor says: sensible things mostly, about the present call, a former one, somebody else's or
//! none; and things that nobody should say.

use std::fmt::Write as _;

use liveloop_protocol::websocket::{Opcode, encode_masked};

use crate::{
    model::{Command, Model, Named, Place, Wish},
    random::Random,
};

const INTERESTS: [&str; 5] = ["music", "chess", "film", "food", "trains"];
const LANGUAGES: [&str; 3] = ["en", "de", "sw"];
/// An id of the right form that no room has.
const NO_ROOM: &str = "BBBBBBBBBBBBBBBBBBBBBA";

/// What is said mostly by somebody who stands so.
pub(crate) fn likely(place: Place, random: &mut Random) -> &'static str {
    let weights: &[(u64, &'static str)] = match place {
        Place::Idle => &[
            (70, "request-room"),
            (5, "stop-call"),
            (3, "cancel-request"),
            (8, "undo-skip"),
            (3, "block-user"),
            (3, "newMessage"),
            (4, "heartbeat"),
            (4, "negotiation-call-offer"),
        ],
        Place::Waiting(_) => &[
            (25, "request-room"),
            (8, "stop-call"),
            (10, "cancel-request"),
            (12, "undo-skip"),
            (5, "block-user"),
            (5, "newMessage"),
            (5, "heartbeat"),
            (5, "typing"),
        ],
        Place::Room(_) => &[
            (22, "request-room"),
            (8, "stop-call"),
            (2, "cancel-request"),
            (3, "undo-skip"),
            (3, "block-user"),
            (25, "newMessage"),
            (6, "typing"),
            (10, "negotiation-call-offer"),
            (6, "negotiation-call-answer"),
            (12, "send-new-ice-candidates"),
            (3, "heartbeat"),
        ],
    };
    random.weighted(weights)
}

/// The command `event` of a session.
pub(crate) fn choose(
    model: &Model,
    (session, event): (usize, &'static str),
    (random, serial): (&mut Random, &mut u64),
) -> Command {
    let named = name_a_room(model, session, random);
    let room = match named {
        Named::None => String::new(),
        Named::Room(room) => format!("\"roomId\":\"{}\"", model.rooms[room].id),
        Named::Nowhere => format!("\"roomId\":\"{NO_ROOM}\""),
    };
    *serial += 1;
    match event {
        "request-room" => {
            let wish = choose_wish(random);
            let data = wish_data(&wish, &room);
            Command { wish: Some(wish), ..Command::new(event, data, named) }
        }
        "cancel-request" | "undo-skip" | "heartbeat" => Command::new(event, "{}", Named::None),
        "stop-call" | "block-user" => {
            let must_fail = (named == Named::Nowhere).then_some("not-in-room");
            Command { must_fail, ..Command::new(event, format!("{{{room}}}"), named) }
        }
        _ => {
            let (body, is_astray) = payload(event, *serial, random);
            let comma = if room.is_empty() { "" } else { "," };
            let must_fail = (named == Named::Nowhere || is_astray).then_some("not-in-room");
            let data = format!("{{{body}{comma}{room}}}");
            Command { must_fail, serial: *serial, ..Command::new(event, data, named) }
        }
    }
}

fn name_a_room(model: &Model, session: usize, random: &mut Random) -> Named {
    let own = &model.sessions[session];
    let present = match own.place {
        Place::Room(room) => Some(room),
        _ => own.rooms.last().copied(),
    };
    let kind = random.weighted(&[(62, 0), (18, 1), (12, 2), (5, 3), (3, 4)]);
    let room = match kind {
        0 => present,
        2 if !own.rooms.is_empty() => {
            let back = random.index(own.rooms.len().min(4));
            own.rooms.get(own.rooms.len() - 1 - back).copied()
        }
        3 if !model.rooms.is_empty() => Some(random.index(model.rooms.len())),
        4 => return Named::Nowhere,
        _ => None,
    };
    room.map_or(Named::None, Named::Room)
}

/// What a signal or a text carries, and whether its destination is nobody of the room.
fn payload(event: &str, serial: u64, random: &mut Random) -> (String, bool) {
    let is_astray = random.percent(4);
    let most = if random.percent(5) { 6_000 } else { 80 };
    let filling = "x".repeat(random.index(most));
    let one = format!("{{\"serial\":{serial},\"sdp\":\"{filling}\"}}");
    let to = |field: &str| {
        if is_astray { format!(",\"{field}\":\"{NO_ROOM}\"") } else { String::new() }
    };
    match event {
        "negotiation-call-offer" => (format!("\"offer\":{one}{}", to("remoteSocketId")), is_astray),
        "negotiation-call-answer" => (format!("\"ans\":{one}{}", to("remoteSocketId")), is_astray),
        "send-new-ice-candidates" if random.percent(50) => {
            (format!("\"candidates\":[{one}]{}", to("to")), is_astray)
        }
        "send-new-ice-candidates" => (format!("\"candidate\":{one}{}", to("to")), is_astray),
        "typing" => ("\"typing\":true".to_owned(), false),
        _ => (format!("\"message\":\"t {serial}\",\"clientId\":\"c{serial}\""), false),
    }
}

fn choose_wish(random: &mut Random) -> Wish {
    let mut some = |all: &[&'static str], percent: u64| -> Vec<&'static str> {
        if !random.percent(percent) {
            return Vec::new();
        }
        all.iter().copied().filter(|_| random.percent(40)).collect()
    };
    let (interests, languages) = (some(&INTERESTS, 35), some(&LANGUAGES, 25));
    Wish {
        mode: random.weighted(&[(80, "video"), (10, "audio"), (10, "text")]),
        interests,
        languages,
        auto_next: random.percent(75),
        again: random.percent(8),
    }
}

fn wish_data(wish: &Wish, room: &str) -> String {
    let words = |all: &[&str]| {
        let quoted: Vec<String> = all.iter().map(|word| format!("\"{word}\"")).collect();
        quoted.join(",")
    };
    let mut data = format!("{{\"mode\":\"{}\"", wish.mode);
    for (name, all) in [("interests", &wish.interests), ("languages", &wish.languages)] {
        if !all.is_empty() {
            let _ = write!(data, ",\"{name}\":[{}]", words(all));
        }
    }
    if !wish.auto_next {
        data.push_str(",\"autoNext\":false");
    }
    if wish.again {
        data.push_str(",\"again\":true");
    }
    if !room.is_empty() {
        data.push(',');
        data.push_str(room);
    }
    data.push('}');
    data
}

/// Something that must be refused whatever the state.
pub(crate) fn wrong(random: &mut Random) -> Command {
    let long = format!("{{\"message\":\"{}\"}}", "y".repeat(1_001));
    let all: [(&'static str, &str, &'static str); 12] = [
        ("no-such-event", "{}", "unknown-event"),
        ("newmessage", "{}", "unknown-event"),
        ("request-room", "{\"mode\":\"smell\"}", "bad-payload"),
        ("request-room", "{\"interests\":[1]}", "bad-payload"),
        ("newMessage", "{\"message\":\"  \"}", "bad-payload"),
        ("newMessage", &long, "too-long"),
        ("negotiation-call-offer", "{\"offer\":null}", "bad-payload"),
        ("typing", "{\"typing\":1}", "bad-payload"),
        ("stop-call", "[]", "bad-payload"),
        ("hello", "{}", "not-allowed"),
        ("leave-room", "{\"roomId\":\"BBBBBBBBBBBBBBBBBBBBBA\"}", "not-in-room"),
        ("join-room", "{\"roomId\":\"x\"}", "room-not-found"),
    ];
    let (event, data, code) = all[random.index(all.len())];
    Command { must_fail: Some(code), ..Command::new(event, data, Named::None) }
}

/// Something that is said without a number, and refused.
pub(crate) fn unnumbered(event: &'static str) -> Command {
    Command { must_fail: Some("bad-frame"), ..Command::new(event, "", Named::None) }
}

/// A frame that is none of the contract's.
pub(crate) fn junk(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (opcode, text): (_, &[u8]) = *random.pick(&[
        (Opcode::Binary, b"\x00\xff".as_slice()),
        (Opcode::Text, b"no json"),
        (Opcode::Text, b"{\"event\":\"stop-call\",\"ref\":0}"),
        (Opcode::Text, b"[]"),
    ]);
    encode_masked(&mut bytes, opcode, text, [4, 3, 2, 1]);
    bytes
}

/// What breaks the WebSocket protocol, and the code that it is closed with.
pub(crate) fn violation(random: &mut Random) -> (u16, Vec<u8>) {
    let (code, bytes): (u16, &[u8]) = *random.pick(&[
        (1002, [0xc1, 0x80, 0, 0, 0, 0].as_slice()),
        (1007, &[0x81, 0x81, 0, 0, 0, 0, 0xff]),
        (1009, &[0x81, 0xff, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]),
    ]);
    (code, bytes.to_vec())
}
