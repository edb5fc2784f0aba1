//! What a node leaves comes back as it was; anything else is refused, and nothing panics.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use liveloop_ports::{MemoryArchive, MemoryDirectory, NoBans};
use liveloop_protocol::websocket::{Opcode, encode_masked};

use super::*;
use crate::{
    assembly::{Parts, build_door},
    clock::{Clock, SplitMix64},
    door::Door,
    settings::Settings,
    simulation::{ClientSocket, SimulatedNode},
};

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n\
                         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn secret() -> Secret {
    Secret::new([7; 32])
}

fn settings() -> Settings {
    Settings { threads: 2, ..Settings::for_testing() }
}

/// A text frame of a client.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_masked(&mut bytes, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    bytes
}

fn client(node: &mut SimulatedNode, number: u8) -> ClientSocket {
    let client = node.connect(IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)));
    node.write(client, HANDSHAKE.as_bytes());
    node.settle();
    client
}

fn say(node: &mut SimulatedNode, client: ClientSocket, text: &str) {
    node.write(client, &frame(text));
    node.settle();
}

/// Of a node with two in a call that have written to each other, two in another, one who waits, one
/// who has left a call, and one who is idle: so that there is something of everything.
fn left() -> Left {
    let mut node = SimulatedNode::new(settings(), 1);
    let request = r#"{"event":"request-room","data":{"name":"Ada","interests":["chess"],
                     "userImage":"data:image/png;base64,AAAA"},"ref":1}"#;
    let all: Vec<ClientSocket> = (0..7).map(|number| client(&mut node, number)).collect();
    for each in &all[..5] {
        say(&mut node, *each, request);
    }
    say(&mut node, all[2], r#"{"event":"block-user","data":{}}"#);
    say(&mut node, all[2], r#"{"event":"stop-call","data":{}}"#);
    say(&mut node, all[5], r#"{"event":"request-room","data":{"mode":"text","languages":["en"]}}"#);
    say(&mut node, all[0], r#"{"event":"newMessage","data":{"message":"hello"},"ref":2}"#);
    node.leave().unwrap()
}

fn estate() -> Estate {
    left().seal(&secret()).unwrap()
}

fn open(bytes: &[u8]) -> Result<Left, Refused> {
    let wall = Wall(left().wall);
    Left::open(&Estate::from_bytes(bytes.to_vec()), &secret(), &settings(), wall)
}

fn door() -> Door {
    let parts = Parts {
        secret: secret(),
        archive: Arc::new(MemoryArchive::default()),
        directory: Arc::new(MemoryDirectory::default()),
        has_store: false,
        bans: Arc::new(NoBans),
        clock: Clock::start(),
        is_secure: false,
    };
    build_door(settings(), parts).0
}

#[test]
fn it_comes_back_as_it_was() {
    let left = left();
    assert_eq!(left.sessions.len(), 6, "who is idle and was in no call begins afresh");
    assert_eq!(open(estate().as_bytes()), Ok(left));
}

#[test]
fn all_who_are_left_go_on_with_what_they_had() {
    let (door, left) = (door(), left());
    for threads in [1, 2, 5] {
        let now = left.moment_at(Wall(left.wall));
        let mut succession = Succession::of(&door.node, threads, &left, now).unwrap();
        assert!(succession.asks.is_empty(), "nobody is over");
        let sessions = succession.heirs.iter().flat_map(|heirs| &heirs.sessions);
        let mut again: Vec<Legacy> =
            sessions.map(|(session, until)| session.bequeath(*until)).collect();
        let mut before = left.sessions.clone();
        for legacies in [&mut again, &mut before] {
            legacies.sort_by_key(Legacy::key);
        }
        assert_eq!(again, before);
        let desk = succession.desk.bequeath();
        assert_eq!(desk.lobby, left.desk.lobby);
        let profiles = |desk: &DeskLegacy| {
            let mut profiles = desk.profiles.clone();
            profiles.sort_by_key(|(key, _)| *key);
            profiles
        };
        assert_eq!(profiles(&desk), profiles(&left.desk));
    }
}

#[test]
fn it_is_refused_with_the_reason() {
    let (left, estate) = (left(), estate());
    let open_with = |secret: &Secret, wall| Left::open(&estate, secret, &settings(), Wall(wall));
    assert_eq!(open_with(&Secret::new([8; 32]), left.wall), Err(Refused::OtherSecret));
    let grace = settings().session.grace.as_millis().max(500);
    assert!(open_with(&secret(), left.wall + grace).is_ok());
    let late = Duration::from_millis(grace + 1);
    assert_eq!(open_with(&secret(), left.wall + grace + 1), Err(Refused::TooOld(late)));
    assert!(open_with(&secret(), 0).is_ok(), "a calendar that was set back");
    let mut other = estate.as_bytes().to_vec();
    other[19] += 1;
    assert_eq!(open(&other), Err(Refused::OtherVersion));
}

#[test]
fn whatever_is_cut_or_changed_is_refused() {
    let whole = estate().as_bytes().to_vec();
    for len in 0..whole.len() {
        assert!(open(&whole[..len]).is_err(), "cut at {len}");
    }
    assert!(open(&[&whole[..], b"\0"].concat()).is_err(), "and what is longer");
    let mut random = SplitMix64::new(3);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (random.next() % 8);
        assert!(open(&changed).is_err(), "changed at {at}");
    }
    assert!(open(b"").is_err());
}

/// Behind the signature as well: should ours ever sign what makes no sense.
#[test]
fn what_makes_no_sense_is_refused_or_taken_over_without_a_panic() {
    let (door, body) = (door(), postcard::to_stdvec(&left()).unwrap());
    let mut random = SplitMix64::new(4);
    let mut below = |bound: usize| usize::try_from(random.next() % bound as u64).unwrap();
    let (mut opened, mut taken) = (0, 0);
    for round in 0..20_000 {
        let mut bytes = body.clone();
        match round % 4 {
            0 => bytes.truncate(below(body.len())),
            1 => (0..64).for_each(|_| bytes[below(body.len())] = u8::try_from(below(256)).unwrap()),
            _ => bytes[below(body.len())] ^= 1 << below(8),
        }
        let estate = seal::seal(&secret(), &bytes);
        let Ok(left) = Left::open(&estate, &secret(), &settings(), Wall(0)) else { continue };
        opened += 1;
        let now = left.moment_at(Wall(0));
        let Ok(mut succession) = Succession::of(&door.node, 2, &left, now) else { continue };
        taken += 1;
        // Whoever is there can be left to the next, and does what a Lobby does meanwhile.
        for ask in std::mem::take(&mut succession.asks) {
            succession.desk.take(ask, now, true);
        }
        succession.desk.handle_timeout(now + Duration::from_secs(60));
        while succession.desk.poll_delivery().is_some() {}
        succession.desk.bequeath();
        for (session, until) in succession.heirs.iter().flat_map(|heirs| &heirs.sessions) {
            session.bequeath(*until);
        }
    }
    assert!(opened > taken && taken > 100, "{opened} opened, {taken} taken over");
}

/// Whoever changes this list has changed the form, and raises [`seal::VERSION`].
#[test]
fn the_form_of_a_version_is_always_the_same() {
    let json = serde_json::to_string(&left()).unwrap();
    let mut fields = Vec::new();
    for (end, _) in json.match_indices("\":") {
        let name = &json[json[..end].rfind('"').unwrap() + 1..end];
        if !name.ends_with('\\') && !fields.contains(&name) {
            fields.push(name);
        }
    }
    let form = "wall moment generation last_session desk lobby sessions session user mode \
                auto_next interests languages past parting standing InRoom room partner \
                partner_user at is_leaver asks_until Waiting number is_front joined asked steps \
                again is_resigned after_room told meetings blocks waits secs nanos next_number \
                profiles name image key outlet socket proved issued rates last_ref last_n until away_until call \
                is_initiator n groups watched left queued is_partner_away is_present unseen ring";
    assert_eq!((seal::VERSION, fields.join(" ").as_str()), (1, form));
}

#[test]
fn what_is_too_much_begins_afresh() {
    let sessions = left().sessions;
    let bytes_max = sessions.iter().map(Legacy::bytes).sum::<usize>() - 1;
    let of_loop =
        |sessions: &[Legacy]| LoopLegacy { sessions: sessions.to_vec(), ..LoopLegacy::default() };
    let loops = vec![of_loop(&sessions[..2]), of_loop(&sessions[2..])];
    let gathered = Left::gather_within(bytes_max, loops, Wall(0), Moment::default()).unwrap();
    assert_eq!(gathered.sessions, sessions[..sessions.len() - 1]);
}
