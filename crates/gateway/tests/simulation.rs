//! A node in the caller's thread, time and network: that it comes out the same again, and that what
//! it does there is what visitors get.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{net::IpAddr, time::Duration};

use liveloop_gateway::{
    settings::{Heartbeat, Settings, Span},
    simulation::{ClientSocket, LobbyHeld, Occupancy, SimulatedNode, SocketState},
};
use liveloop_protocol::{
    Limits,
    websocket::{Decoder, Incoming, Limit, Opcode, Role, encode_masked},
};
use serde_json::{Value, json};

const HEAD: &str = "HTTP/1.1\r\nHost: s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// Settings whose heartbeat does not come between.
fn settings(threads: usize) -> Settings {
    let heartbeat = Heartbeat { interval: Span::seconds(600), timeout: Span::seconds(600) };
    Settings { heartbeat, threads, limits: Limits::default(), ..Settings::for_testing() }
}

/// A client; what it is told is kept as it came.
struct Visitor {
    socket: ClientSocket,
    decoder: Decoder,
    is_let_in: bool,
    bytes: Vec<u8>,
    unread: Vec<u8>,
    closed_with: Option<u16>,
}

impl Visitor {
    /// Comes to `path`, and takes nothing yet.
    fn knock(node: &mut SimulatedNode, path: &str) -> Self {
        let socket = node.connect(IpAddr::from([192, 0, 2, 7]));
        node.write(socket, format!("GET {path} {HEAD}").as_bytes());
        Self {
            socket,
            decoder: Decoder::default(),
            is_let_in: false,
            bytes: Vec::new(),
            unread: Vec::new(),
            closed_with: None,
        }
    }

    fn arrive(node: &mut SimulatedNode) -> Self {
        Self::knock(node, "/ws")
    }

    fn say(&self, node: &mut SimulatedNode, frame: &Value) {
        let mut bytes = Vec::new();
        encode_masked(&mut bytes, Opcode::Text, frame.to_string().as_bytes(), [1, 2, 3, 4]);
        node.write(self.socket, &bytes);
    }

    /// Lets the node come to rest, and takes what it has written.
    fn hear(&mut self, node: &mut SimulatedNode) -> Vec<Value> {
        node.settle();
        let taken = node.read(self.socket, usize::MAX);
        self.take(&taken)
    }

    fn take(&mut self, taken: &[u8]) -> Vec<Value> {
        self.bytes.extend_from_slice(taken);
        self.unread.extend_from_slice(taken);
        if !self.is_let_in {
            let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") else {
                return Vec::new();
            };
            assert!(self.unread.starts_with(b"HTTP/1.1 101 "), "it is let in");
            self.unread.drain(..end + 4);
            self.is_let_in = true;
        }
        let mut heard = Vec::new();
        let mut bytes = std::mem::take(&mut self.unread);
        let outcome =
            self.decoder.feed(
                &mut bytes,
                (Role::Client, Limit(1 << 20)),
                |incoming| match incoming {
                    Incoming::Text(text) => heard.push(serde_json::from_str(text).unwrap()),
                    Incoming::Close(code) => self.closed_with = code,
                    other => panic!("nothing else is sent here: {other:?}"),
                },
            );
        outcome.unwrap();
        heard
    }

    /// Hears until an event of this name, and gives its data.
    #[track_caller]
    fn expect(&mut self, node: &mut SimulatedNode, event: &str) -> Value {
        let heard = self.hear(node);
        let found = heard.iter().find(|frame| frame["event"] == event);
        found.unwrap_or_else(|| panic!("no {event} in {heard:?}"))["data"].clone()
    }
}

fn request(reference: u64) -> Value {
    json!({"event": "request-room", "data": {"mode": "text", "autoNext": false}, "ref": reference})
}

fn text(reference: u64, message: &str) -> Value {
    json!({"event": "newMessage", "data": {"message": message}, "ref": reference})
}

fn pass(node: &mut SimulatedNode, time: Duration) {
    let until = node.now() + time;
    while let Some(due) = node.next_due().filter(|due| *due <= until) {
        node.advance_to(due);
        node.settle();
    }
    node.advance_to(until);
}

/// Two who have met, the first on the first loop and the second on the other.
fn two_who_have_met(node: &mut SimulatedNode) -> [Visitor; 2] {
    let mut two = [Visitor::arrive(node), Visitor::arrive(node)];
    for visitor in &mut two {
        visitor.expect(node, "welcome");
        visitor.say(node, &request(1));
        node.settle();
    }
    let rooms = two.each_mut().map(|visitor| visitor.expect(node, "match-done"));
    assert_eq!(rooms[0]["roomId"], rooms[1]["roomId"]);
    assert_eq!([&rooms[0]["initiator"], &rooms[1]["initiator"]], [true, false]);
    two
}

/// A small life: two meet, talk, one is lost and comes back, and both go. All bytes that they had.
fn life(seed: u64, window: usize, order: u64) -> Vec<Vec<u8>> {
    let mut node = SimulatedNode::new(settings(2), seed);
    let mut two = two_who_have_met(&mut node);
    for visitor in &two {
        node.set_window(visitor.socket, window);
    }
    for n in 0..20_u64 {
        for visitor in &two {
            visitor.say(&mut node, &text(2 + n, &format!("{n} {}", "long ".repeat(50))));
        }
        for thread in [1, 0, 1] {
            node.turn(thread, order);
        }
        for visitor in &mut two {
            let taken = node.read(visitor.socket, window);
            visitor.take(&taken);
        }
        pass(&mut node, Duration::from_millis(30 * n));
    }
    for visitor in &mut two {
        loop {
            node.settle();
            let taken = node.read(visitor.socket, window);
            if taken.is_empty() {
                break;
            }
            visitor.take(&taken);
        }
    }
    two.map(|visitor| visitor.bytes).to_vec()
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    let first = life(7, 1 << 16, 5);
    assert_eq!(first, life(7, 1 << 16, 5));
    assert_ne!(first, life(8, 1 << 16, 5), "all that is random comes from the seed");
    // On another thread too, whose randomness nobody has used yet.
    let elsewhere = std::thread::spawn(|| life(7, 1 << 16, 5)).join().unwrap();
    assert_eq!(first, elsewhere);
}

#[test]
fn nodes_do_not_share_their_randomness() {
    let alone = {
        let mut node = SimulatedNode::new(settings(1), 1);
        let mut visitor = Visitor::arrive(&mut node);
        visitor.expect(&mut node, "welcome")
    };
    let (mut node, mut other) =
        (SimulatedNode::new(settings(1), 1), SimulatedNode::new(settings(1), 2));
    let [mut visitor, mut stranger] = [Visitor::arrive(&mut node), Visitor::arrive(&mut other)];
    stranger.expect(&mut other, "welcome");
    // Nor do they leave it with a thread.
    let elsewhere = std::thread::spawn(move || visitor.expect(&mut node, "welcome"));
    assert_eq!(elsewhere.join().unwrap(), alone);
}

#[test]
fn two_strangers_meet_and_talk_from_loop_to_loop() {
    let mut node = SimulatedNode::new(settings(2), 1);
    let [mut one, mut other] = two_who_have_met(&mut node);
    one.say(&mut node, &text(2, "hello"));
    // Its own loop alone: what it has for the other one lies there until that turns.
    assert!(node.turn(0, 0));
    assert!(!node.turn(0, 0));
    assert_eq!(node.read(other.socket, usize::MAX), b"");
    assert!(node.is_ready(1));
    assert_eq!(other.expect(&mut node, "newMessage")["message"], "hello");
    let ack = one.hear(&mut node);
    assert_eq!((&ack[0]["ack"], &ack[0]["data"]["seq"]), (&json!(2), &json!(1)));
    let figures = node.figures();
    assert_eq!((figures.rooms_created, figures.messages_exchanged), (1, 1));
}

#[test]
fn what_is_written_bit_by_bit_arrives_whole() {
    // The first life reads so slowly that every frame is cut, many times.
    let (cut, whole) = (life(3, 7, 0), life(3, 1 << 16, 0));
    let texts = |life: &[Vec<u8>]| -> Vec<Vec<String>> {
        let of_one = |bytes: &Vec<u8>| {
            let mut visitor = Visitor::arrive(&mut SimulatedNode::new(settings(1), 0));
            let heard = visitor.take(bytes).into_iter();
            let texts = heard.filter(|frame| frame["event"] == "newMessage");
            texts.map(|frame| frame["data"]["message"].to_string()).collect()
        };
        life.iter().map(of_one).collect()
    };
    assert_eq!(texts(&whole)[0].len(), 20);
    assert_eq!(texts(&cut), texts(&whole));
}

#[test]
fn one_who_does_not_read_is_not_written_to() {
    let mut node = SimulatedNode::new(settings(2), 1);
    let [one, mut other] = two_who_have_met(&mut node);
    node.set_window(other.socket, 10);
    one.say(&mut node, &text(2, "hello"));
    node.settle();
    let held = node.occupancy().outbox_bytes;
    assert!(held > 0);
    let taken = node.read(other.socket, usize::MAX);
    assert_eq!(taken.len(), 10, "no more than the window");
    assert!(other.take(&taken).is_empty());
    node.settle();
    assert_eq!(node.occupancy().outbox_bytes, held - 10);
    node.set_window(other.socket, 1 << 16);
    assert_eq!(other.expect(&mut node, "newMessage")["message"], "hello");
}

#[test]
fn a_session_is_resumed_from_the_other_loop_with_all_that_it_has_missed() {
    let mut node = SimulatedNode::new(settings(2), 1);
    let mut one = Visitor::arrive(&mut node);
    let secret = one.expect(&mut node, "welcome")["resume"].clone();
    one.say(&mut node, &request(1));
    let mut other = Visitor::arrive(&mut node);
    other.expect(&mut node, "welcome");
    other.say(&mut node, &request(1));
    let matched = one.hear(&mut node);
    other.expect(&mut node, "match-done");
    // The third connection would come to the loop of the first.
    Visitor::arrive(&mut node);
    node.reset(one.socket);
    node.settle();
    other.expect(&mut node, "partner-away");
    assert_eq!(node.occupancy().parked, 1);
    other.say(&mut node, &text(2, "are you there?"));
    node.settle();
    let mut back = Visitor::knock(&mut node, "/ws?hello=1");
    let after = matched.iter().find_map(|frame| frame.get("n")).unwrap();
    let hello = json!({"event": "hello", "data": {"resume": secret, "after": after}, "ref": 1});
    back.say(&mut node, &hello);
    let heard = back.hear(&mut node);
    let events: Vec<&Value> = heard.iter().filter_map(|frame| frame.get("event")).collect();
    assert_eq!(events, ["welcome", "newMessage"]);
    assert_eq!(heard[0]["data"]["resumed"], true);
    assert_eq!(heard.last().unwrap()["data"]["message"], "are you there?");
    other.expect(&mut node, "partner-back");
    assert_eq!(node.figures().resumed, [1, 0]);
    let occupancy = node.occupancy();
    assert_eq!((occupancy.parked, occupancy.moved, occupancy.sessions), (0, 1, 3));
}

#[test]
fn a_node_that_drains_tells_everybody_and_lets_nobody_in() {
    let mut node = SimulatedNode::new(settings(2), 1);
    let mut two = two_who_have_met(&mut node);
    node.drain();
    for visitor in &mut two {
        visitor.expect(&mut node, "draining");
        assert_eq!(visitor.closed_with, Some(1012));
        assert_eq!(node.state(visitor.socket), SocketState::Finished);
    }
    assert!(!node.is_drained(), "they have not closed their half");
    let late = Visitor::arrive(&mut node);
    node.settle();
    assert!(node.read(late.socket, usize::MAX).starts_with(b"HTTP/1.1 503 "));
    two.iter().for_each(|visitor| node.finish(visitor.socket));
    node.settle();
    assert!(node.is_drained());
    for visitor in &two {
        assert_eq!(node.state(visitor.socket), SocketState::Closed);
    }
}

#[test]
fn nothing_is_left_of_those_who_have_gone() {
    let mut settings = settings(2);
    settings.matching.repeat = false;
    let mut node = SimulatedNode::new(settings.clone(), 1);
    assert_eq!(node.occupancy(), Occupancy::default());
    let mut two = two_who_have_met(&mut node);
    let mut third = Visitor::arrive(&mut node);
    let creator = third.expect(&mut node, "welcome")["userId"].as_str().unwrap().to_owned();
    assert_eq!(node.create_group("nobody's id", 10), None);
    let room = node.create_group(&creator, 10).unwrap();
    third.say(&mut node, &json!({"event": "join-room", "data": {"roomId": room}, "ref": 1}));
    third.say(&mut node, &request(2));
    third.hear(&mut node);
    two[0].say(&mut node, &text(2, "bye"));
    two[0].hear(&mut node);
    let occupancy = node.occupancy();
    let lobby = occupancy.lobby;
    assert_eq!((lobby.rooms, lobby.waiting, lobby.sessions), (1, 1, 3));
    assert_eq!((occupancy.listeners, occupancy.channels, occupancy.store_rooms), (1, 1, 2));
    assert_eq!((occupancy.connections, occupancy.seats, occupancy.address_connections), (3, 3, 3));
    // One goes politely, one is lost, one falls silent for ever.
    let mut close = Vec::new();
    encode_masked(&mut close, Opcode::Close, &1000_u16.to_be_bytes(), [0; 4]);
    node.write(two[0].socket, &close);
    node.reset(two[1].socket);
    let stuck = Visitor::arrive(&mut node);
    node.set_window(stuck.socket, 0);
    node.settle();
    node.finish(third.socket);
    node.settle();
    assert_eq!((node.occupancy().parked, node.occupancy().sessions), (3, 1));
    // Until the silent one is missed; whom the others have met is remembered longer.
    pass(&mut node, Duration::from_secs(1_300));
    let lobby = LobbyHeld { visitors: 2, meetings: 1, ..LobbyHeld::default() };
    assert_eq!(node.occupancy(), Occupancy { addresses: 1, lobby, ..Occupancy::default() });
    pass(&mut node, settings.matching.memory_time.0);
    // It would be swept away with others, once there are many.
    assert_eq!(node.occupancy(), Occupancy { addresses: 1, ..Occupancy::default() });
    assert!(two.iter().all(|visitor| node.is_closed(visitor.socket)));
    assert_eq!(node.next_due(), None, "nothing is to come");
}

#[test]
fn the_caller_says_who_is_heard_first() {
    let first = |order: u64| {
        let mut node = SimulatedNode::new(settings(1), 1);
        let mut all: Vec<Visitor> = (0..2).map(|_| Visitor::arrive(&mut node)).collect();
        all.iter_mut().for_each(|visitor| drop(visitor.expect(&mut node, "welcome")));
        all.iter().for_each(|visitor| visitor.say(&mut node, &request(1)));
        node.turn(0, order);
        all[0].expect(&mut node, "match-done")["initiator"].as_bool().unwrap()
    };
    assert!(first(0), "who has come first");
    let all: Vec<bool> = (1..20).map(first).collect();
    assert!(all.contains(&true) && all.contains(&false));
    assert_eq!(all, (1..20).map(first).collect::<Vec<_>>());
}

#[test]
fn the_calendar_jumps_and_deadlines_do_not() {
    let mut node = SimulatedNode::new(settings(1), 1);
    let mut visitor = Visitor::arrive(&mut node);
    assert_eq!(visitor.expect(&mut node, "welcome")["serverTime"], "2026-01-01T00:00:00.000Z");
    let heartbeat = |reference: u64| json!({"event": "heartbeat", "data": {}, "ref": reference});
    pass(&mut node, Duration::from_millis(1_500));
    node.jump_wall(-3_600_000);
    visitor.say(&mut node, &heartbeat(1));
    let told = visitor.hear(&mut node);
    assert_eq!(told[0]["data"]["serverTime"], "2025-12-31T23:00:01.500Z");
    node.jump_wall(86_400_000);
    visitor.say(&mut node, &heartbeat(2));
    let told = visitor.hear(&mut node);
    assert_eq!(told[0]["data"]["serverTime"], "2026-01-01T23:00:01.500Z");
    assert_eq!(node.now(), Duration::from_millis(1_500));
    assert_eq!(node.state(visitor.socket), SocketState::Open);
}

#[test]
fn what_is_no_handshake_would_be_http_s() {
    let mut node = SimulatedNode::new(settings(1), 1);
    let socket = node.connect(IpAddr::from([192, 0, 2, 7]));
    node.write(socket, b"GET / HTTP/1.1\r\nHost: s\r\n\r\n");
    node.settle();
    assert_eq!(node.state(socket), SocketState::Closed);
    assert_eq!(node.figures().handed_to_http, 1);
    let mut occupancy = node.occupancy();
    assert_eq!(std::mem::take(&mut occupancy.addresses), 1);
    assert_eq!(occupancy, Occupancy::default());
}

#[test]
fn a_slow_store_s_answers_overtake_each_other_and_a_group_hears_its_texts_in_order() {
    let mut node = SimulatedNode::new(settings(2), 1);
    let mut all: Vec<Visitor> = (0..3).map(|_| Visitor::arrive(&mut node)).collect();
    let mut creator = Value::Null;
    all.iter_mut().for_each(|one| creator = one.expect(&mut node, "welcome")["userId"].clone());
    let room = node.create_group(creator.as_str().unwrap(), 10).unwrap();
    for one in &mut all {
        one.say(&mut node, &json!({"event": "join-room", "data": {"roomId": room}, "ref": 1}));
        one.hear(&mut node);
    }
    node.hold_store(true);
    for (one, message) in all.iter().zip(["first", "second"]) {
        let data = json!({"roomId": room, "message": message});
        one.say(&mut node, &json!({"event": "newMessage", "data": data, "ref": 2}));
        node.settle();
    }
    assert_eq!((node.held_answers(), node.occupancy().unanswered), (2, 2));
    assert!(node.let_answer_go(1), "the second's");
    assert!(all[2].hear(&mut node).iter().all(|frame| frame["event"] != "newMessage"));
    assert!(node.let_answer_go(0) && !node.let_answer_go(0));
    let heard = all[2].hear(&mut node);
    let texts = heard.iter().filter(|frame| frame["event"] == "newMessage");
    let texts: Vec<&Value> = texts.map(|frame| &frame["data"]["message"]).collect();
    assert_eq!(texts, ["first", "second"]);
    assert_eq!((node.held_answers(), node.occupancy().unanswered), (0, 0));
}

#[test]
fn who_is_banned_does_not_come_back() {
    let mut node = SimulatedNode::new(settings(1), 1);
    let mut visitor = Visitor::arrive(&mut node);
    let welcome = visitor.expect(&mut node, "welcome");
    assert!(!node.ban("nobody's id"));
    assert!(node.ban(welcome["userId"].as_str().unwrap()));
    let mut back = Visitor::knock(&mut node, "/ws?hello=1");
    back.say(&mut node, &json!({"event": "hello", "data": {"token": welcome["token"]}}));
    assert_eq!(back.expect(&mut node, "error")["code"], "banned");
}
