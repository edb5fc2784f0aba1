//! The generated TypeScript, the golden fixtures, and what the decoder does with anything at all.

use std::{fs, path::Path};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::*;

const ROOM: &str = "AAECAwQFBgcICQoLDA0ODw";
const SOCKET: &str = "EBESExQVFhcYGRobHB0eHw";
const TIME: &str = "2026-01-01T00:00:00.000Z";

#[test]
fn typescript_types_are_current() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/protocol/generated/wire.ts");
    let made = typescript::declarations();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "the types of the page are stale: run `make generated`");
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) frame: Value,
    pub(crate) valid: bool,
    #[serde(default)]
    pub(crate) error: Option<String>,
    #[serde(default)]
    field: Option<String>,
}

pub(crate) fn fixture(text: &str) -> Vec<Case> {
    serde_json::from_str::<Fixture>(text).unwrap().cases
}

fn decode(frame: &str) -> Result<&'static str, (ErrorCode, Option<String>)> {
    ClientFrame::decode(frame, &Limits::for_testing())
        .map(|decoded| decoded.event.name())
        .map_err(|undecodable| (undecodable.refusal.code, undecodable.refusal.field))
}

#[test]
fn client_fixtures_decode_as_they_say() {
    let mut seen = Vec::new();
    for case in fixture(include_str!("../fixtures/client.json")) {
        match (case.error, decode(&case.frame.to_string())) {
            (None, Ok(name)) => {
                assert!(case.valid, "{}", case.name);
                assert_eq!(case.frame["event"], name, "{}", case.name);
                seen.push(name);
            }
            (Some(code), Err((refused, field))) => {
                assert!(!case.valid, "{}", case.name);
                assert_eq!(code, refused.as_str(), "{}", case.name);
                assert_eq!(case.field, field, "{}", case.name);
            }
            (expected, outcome) => panic!("{}: expected {expected:?}, got {outcome:?}", case.name),
        }
    }
    for name in ClientEvent::NAMES {
        assert!(seen.contains(&name), "no valid fixture of {name}");
    }
}

#[test]
fn server_fixtures_are_what_is_encoded() {
    let made = encoded_samples();
    let kept = fixture(include_str!("../fixtures/server.json"));
    assert_eq!(made.len(), kept.len());
    for (case, frame) in kept.iter().zip(made) {
        let frame: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(case.frame, frame, "{}", case.name);
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn encoded_samples() -> Vec<Vec<u8>> {
    let ice = [IceServer {
        urls: vec!["turn:turn.example.org:3478".into()],
        username: Some("1767225600:v".into()),
        credential: Some("secret".into()),
    }];
    let offer = raw(&json!({"type": "offer", "sdp": "v=0\r\n"}));
    let ans = raw(&json!({"type": "answer", "sdp": "v=0\r\n"}));
    let candidate = json!({
        "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0,
    });
    let one = raw(&candidate);
    let end = raw(&Value::Null);
    let many = raw(&json!([candidate, null]));
    let candidate_relayed =
        |candidate| CandidateRelayed { candidate, room_id: ROOM, remote_socket_id: SOCKET };
    let ack = MessageAck { message_id: ROOM, seq: 1, timestamp: TIME };
    let kept = KeptMessage {
        message_id: ROOM,
        seq: 1,
        from: Some(SOCKET),
        user_id: Some(ROOM),
        name: Some("Ada"),
        message: Some("Good morning"),
        timestamp: TIME,
        client_id: Some("c-1"),
        edited_at: Some(TIME),
        deleted: None,
    };
    let tombstone = KeptMessage {
        seq: 2,
        from: None,
        user_id: None,
        name: None,
        message: None,
        client_id: None,
        edited_at: None,
        deleted: Some(true),
        ..kept.clone()
    };
    let messages = vec![kept, tombstone];
    let history = HistoryPage { messages, next_before: None, next_after: Some(2) };
    let too_long = Refusal::too_long("message", 1000, "characters");
    #[derive(serde::Serialize)]
    struct Empty {}
    let slow_down = Refusal::rate_limited(200);
    let frame = |event: ServerEvent<'_>, n| event.encode().into_frame(n);
    let all = vec![Relaxation::Interests, Relaxation::Languages, Relaxation::MetEveryone];
    let relaxed = Waiting { estimate_seconds: Some(15), relaxed: all, ..Waiting::new(1) };
    let welcome = Welcome {
        socket_id: SOCKET,
        user_id: ROOM,
        token: "v1.abc.def",
        resume: "AAAAAAcAAAAAAAAAAQ",
        resumed: false,
        recovered: false,
        state: SessionState::Idle,
        room_id: None,
        last_ref: 0,
        last_n: 0,
        node: "node-1",
        limits: Limits::default().told(),
        ice_servers: &ice,
        ice_candidate_pool_size: 2,
        heartbeat: HeartbeatTold { interval_ms: 25_000, timeout_ms: 10_000 },
        server_time: TIME,
    };
    vec![
        frame(ServerEvent::Welcome(&welcome), None),
        frame(
            ServerEvent::Welcome(&Welcome {
                resumed: true,
                recovered: true,
                state: SessionState::Call,
                room_id: Some(ROOM),
                last_ref: 7,
                last_n: 12,
                ..welcome.clone()
            }),
            None,
        ),
        frame(ServerEvent::Waiting(&Waiting::new(1)), None),
        frame(ServerEvent::Waiting(&relaxed), None),
        frame(
            ServerEvent::MatchDone(&MatchDone {
                message: MatchDone::MESSAGE,
                room_id: ROOM,
                initiator: true,
                mode: "video",
                remote_user_details: RemoteUser {
                    socket: SOCKET,
                    user_id: ROOM,
                    user_name: "Ada",
                    user_image: Some("data:image/png;base64,AAAA"),
                },
                common_interests: vec!["chess"],
                ice_servers: &ice,
                ice_candidate_pool_size: 2,
                relay_only: false,
            }),
            Some(1),
        ),
        frame(
            ServerEvent::Offer(&OfferRelayed {
                remote_user_details: RemoteUserBrief { socket: SOCKET, user_name: "Ada" },
                room_id: ROOM,
                offer: &offer,
            }),
            Some(2),
        ),
        frame(
            ServerEvent::Answer(&AnswerRelayed {
                ans: &ans,
                room_id: ROOM,
                name: "Ada",
                remote_socket_id: SOCKET,
            }),
            Some(3),
        ),
        frame(ServerEvent::Candidate(&candidate_relayed(&one)), Some(4)),
        frame(ServerEvent::Candidate(&candidate_relayed(&end)), Some(5)),
        frame(
            ServerEvent::Candidates(&CandidatesRelayed {
                candidates: &many,
                room_id: ROOM,
                remote_socket_id: SOCKET,
            }),
            Some(6),
        ),
        frame(
            ServerEvent::StopByRemoteUser(&StopByRemoteUser {
                room_id: ROOM,
                reason: StopReason::Next,
            }),
            Some(7),
        ),
        frame(
            ServerEvent::PartnerAway(&PartnerAway {
                room_id: ROOM,
                socket_id: SOCKET,
                until_ms: Some(30_000),
            }),
            Some(8),
        ),
        frame(ServerEvent::PartnerBack(&PartnerBack { room_id: ROOM, socket_id: SOCKET }), Some(9)),
        frame(
            ServerEvent::NewMessage(&MessageRelayed {
                message_id: ROOM,
                seq: 1,
                from: SOCKET,
                user_id: ROOM,
                name: "Ada",
                message: "Good morning",
                timestamp: TIME,
                room_id: ROOM,
                client_id: Some("c-1"),
            }),
            Some(10),
        ),
        frame(
            ServerEvent::Typing(&TypingRelayed { room_id: ROOM, user_id: ROOM, typing: true }),
            None,
        ),
        frame(
            ServerEvent::RoomMembers(&RoomMembers {
                room_id: ROOM,
                count: 3,
                joined: Some(vec![SOCKET]),
                left: None,
            }),
            Some(11),
        ),
        frame(
            ServerEvent::MessageChanged(&MessageChanged {
                room_id: ROOM,
                message_id: ROOM,
                seq: 1,
                message: Some("Good evening"),
                edited_at: Some(TIME),
                deleted: None,
            }),
            Some(12),
        ),
        frame(
            ServerEvent::MessageChanged(&MessageChanged {
                room_id: ROOM,
                message_id: ROOM,
                seq: 1,
                message: None,
                edited_at: None,
                deleted: Some(true),
            }),
            Some(13),
        ),
        frame(ServerEvent::Read(&ReadRelayed { room_id: ROOM, user_id: ROOM, seq: 12 }), Some(14)),
        frame(ServerEvent::Presence(&Presence { user_id: ROOM, online: true }), None),
        frame(ServerEvent::Error(&too_long.body(Some("newMessage"), Some(ROOM))), None),
        frame(ServerEvent::Error(&slow_down.body(Some("newMessage"), None)), None),
        frame(ServerEvent::Draining(&Draining { reconnect_in_ms: 1_500 }), None),
        encode_ack(4, &ack),
        encode_ack(
            7,
            &RoomJoined {
                room_id: ROOM,
                kind: RoomKind::Group,
                name: Some("Chess"),
                count: 3,
                last_seq: 12,
            },
        ),
        encode_ack(8, &history),
        encode_ack(9, &ReadAck { seq: 12 }),
        encode_ack(10, &PresenceWatched { online: [(ROOM, true), (SOCKET, false)].into() }),
        encode_ack(5, &Empty {}),
        encode_ack_error(6, &Refusal::not_in_room(), Some("negotiation-call-offer"), Some(ROOM)),
    ]
}

#[test]
fn what_is_no_frame_is_a_bad_frame() {
    for text in [
        "",
        "hello",
        "[]",
        "[\"heartbeat\",{},1]",
        "null",
        "{}",
        "{\"event\":\"heartbeat\"",
        "{\"data\":{}}",
        "{\"event\":null}",
        "{\"event\":\"heartbeat\",\"event\":\"typing\"}",
        "{\"event\":\"heartbeat\"} {}",
        "\u{feff}{\"event\":\"heartbeat\"}",
        "{\"event\":\"\\ud800\"}",
    ] {
        assert_eq!(decode(text), Err((ErrorCode::BadFrame, None)), "{text}");
    }
}

#[test]
fn opaque_values_pass_unchanged() {
    let text = r#"{"event":"negotiation-call-offer","data":{"offer": {"b":1.50,"a":"\u00e9\ud83d\ude00", "x":1e999}}}"#;
    let frame = ClientFrame::decode(text, &Limits::default()).unwrap();
    let ClientEvent::Offer(offer) = frame.event else { panic!("an offer") };
    assert_eq!(offer.offer.get(), r#"{"b":1.50,"a":"\u00e9\ud83d\ude00", "x":1e999}"#);
}

#[test]
fn names_lose_what_would_deceive() {
    // Everything with the property Bidi_Control (UAX #9), and a control character.
    for c in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{7}".chars() {
        let text = json!({"event": "hello", "data": {"name": format!(" A{c}da{c} ")}}).to_string();
        let frame = ClientFrame::decode(&text, &Limits::default()).unwrap();
        let ClientEvent::Hello(hello) = frame.event else { panic!("a hello") };
        assert_eq!(hello.name.as_deref(), Some("Ada"), "{c:?}");
    }
}

#[test]
fn parts_are_the_frame() {
    let event = ServerEvent::Draining(&Draining { reconnect_in_ms: 1 }).encode();
    for n in [None, Some(0), Some(7), Some(10), Some(u64::MAX)] {
        let (open, tail) = event.parts(n);
        let joined = [open, tail.as_bytes()].concat();
        assert_eq!(joined, event.clone().into_frame(n));
    }
}

#[test]
fn zero_turns_a_limit_off() {
    let limits = Limits { message_chars: 0, json_depth: 0, ..Limits::default() };
    let long = json!({"event": "newMessage", "data": {"message": "x".repeat(5_000)}});
    assert!(ClientFrame::decode(&long.to_string(), &limits).is_ok());
    let deep = format!(
        r#"{{"event":"negotiation-call-offer","data":{{"offer":{}1{}}}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    assert!(ClientFrame::decode(&deep, &limits).is_ok());
    let refused = ClientFrame::decode(&deep, &Limits::default()).unwrap_err();
    assert_eq!(refused.refusal.field.as_deref(), Some("offer"));
}

#[test]
fn ids_come_back_from_their_text() {
    assert_eq!(format_id(0).len(), 22);
    assert_eq!(parse_id(&format_id(u128::MAX)), Some(u128::MAX));
    for text in
        ["", "AAAA", "AAECAwQFBgcICQoLDA0OD!", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODx"]
    {
        assert_eq!(parse_id(text), None, "{text}");
    }
}

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        Just(json!(ROOM)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![
            Just("offer"),
            Just("ans"),
            Just("candidate"),
            Just("candidates"),
            Just("roomId"),
            Just("message"),
            Just("typing"),
            Just("name"),
            Just("interests"),
            Just("token"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_payload_gets_an_event_or_a_documented_error(
        index in 0..ClientEvent::NAMES.len(),
        data in any_json(),
    ) {
        let frame = json!({"event": ClientEvent::NAMES[index], "data": data}).to_string();
        match decode(&frame) {
            Ok(name) => prop_assert_eq!(name, ClientEvent::NAMES[index]),
            Err((code, _)) => prop_assert!(
                matches!(code, ErrorCode::BadPayload | ErrorCode::TooLong), "{:?}", code
            ),
        }
    }

    #[test]
    fn however_a_frame_is_written_it_means_the_same(
        index in 0..ClientEvent::NAMES.len(),
        data in any_json(),
        reference in prop_oneof![
            Just(String::new()),
            (0..20_u64).prop_map(|n| format!(",\"ref\":{n}")),
            Just(",\"ref\":007".to_owned()),
            Just(",\"ref\":9007199254740992".to_owned()),
            Just(",\"extra\":{},\"ref\":5".to_owned()),
            Just(",\"data\":{},\"ref\":5".to_owned()),
        ],
    ) {
        let name = ClientEvent::NAMES[index];
        let canonical = format!("{{\"event\":\"{name}\",\"data\":{data}{reference}}}");
        let spaced = format!(" {{ \"event\": \"{name}\",\"data\": {data} {reference} }}");
        let reading = |text: &str| {
            let read = ClientFrame::decode(text, &Limits::for_testing());
            read.map(|frame| format!("{frame:?}"))
                .map_err(|refused| format!("{:?} {:?}", refused.refusal, refused.reference))
        };
        prop_assert_eq!(reading(&canonical), reading(&spaced));
    }

    #[test]
    fn any_text_at_all_is_survived(text in ".{0,200}") {
        let _ = decode(&text);
    }

    #[test]
    fn every_id_has_one_text(id in any::<u128>()) {
        prop_assert_eq!(parse_id(&format_id(id)), Some(id));
    }
}
