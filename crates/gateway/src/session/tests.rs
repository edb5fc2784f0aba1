//! What real sockets cannot be made to do at will: the order in which lobby and partner are heard,
//! and the passing of time.

use std::time::Duration;

use liveloop_core::{EndReason, Mode};
use liveloop_ports::{NoBans, Wall};
use liveloop_protocol::{RoomKind, Waiting};
use serde_json::{Value, json};

use super::*;
use crate::{
    desk::AskedBy,
    inquiry::{Entered, Finding, Inquiry, Question, Reply},
    plane::Key,
    settings::{self, Heartbeat, Settings},
};

/// A connection that is not there: what is relayed to it stays an effect.
const NOBODY: ConnId = ConnId { thread: 0, key: Key { slot: 0, generation: 0 } };

mod resume;
mod seen;

struct Bench {
    session: Session,
    now: Now,
}

impl Bench {
    fn new() -> Self {
        let settings = Settings {
            heartbeat: Heartbeat::default(),
            session: settings::Session::default(),
            ..Settings::for_testing()
        };
        let secret = Secret::new([1; 32]);
        let shared = Arc::new(Shared::new(settings, secret, Arc::new(NoBans)));
        let now = Now { moment: Moment::default(), wall: Wall(0) };
        let origin = Origin {
            key: SessionKey(1),
            // The first Ping comes after as many milliseconds, modulo the interval.
            socket: SocketId(1_000),
            user: UserId(1),
            outlet: NOBODY,
        };
        let mut bench = Self { session: Session::open(shared, &origin), now };
        bench.session.greet(now);
        assert_eq!(bench.sent()[0]["event"], "welcome");
        bench
    }

    fn matched(&mut self, room: u128) {
        self.session.handle_delivery(Delivery::Matched(Box::new(Matched {
            room: RoomId(room),
            mode: Mode::Video,
            is_initiator: true,
            own_pseudonym: format_id(8),
            own_profile: Arc::default(),
            partner: Partner {
                socket: SocketId(2),
                user: UserId(2),
                pseudonym: format_id(9),
                profile: Arc::default(),
                common_interests: Vec::new(),
                outlet: NOBODY,
            },
        })));
    }

    /// The lobby's yes to what was asked of it last.
    fn granted(&mut self) -> Delivery {
        let asked = self.effects().into_iter().rev().find_map(|effect| match effect {
            Effect::Ask(ask) => ask.by,
            _ => None,
        });
        let AskedBy { event, room, reference, .. } = asked.expect("something was asked");
        Delivery::Answer(Answer { event, room, reference, outcome: Ok(()) })
    }

    fn relayed(&mut self, room: u128, text: &str) {
        let data = Waiting { message: "typed elsewhere", ..Waiting::new(text.len()) };
        let event = ServerEvent::Waiting(&data).encode();
        let kind = RelayKind::Numbered;
        let relay =
            Relay { room: RoomId(room), kind, event, read_at: Some(Moment::from_millis(7)) };
        self.session.handle_delivery(Delivery::Relay(relay));
    }

    fn left(&mut self, room: u128) {
        let delivery =
            Delivery::PartnerLeft { room: RoomId(room), reason: EndReason::Next, is_queued: false };
        self.session.handle_delivery(delivery);
    }

    fn says(&mut self, event: &str, data: &Value) {
        let frame = json!({"event": event, "data": data}).to_string();
        self.session.handle_frame(&frame, self.now);
    }

    fn at(&mut self, millis: u64) -> Vec<Effect> {
        let moment = Moment::from_millis(millis);
        self.session.handle_timeout(Now { moment, wall: Wall(0) });
        std::iter::from_fn(|| self.session.poll_effect()).collect()
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.session.poll_effect()).collect()
    }

    /// The frames that were sent.
    fn sent(&mut self) -> Vec<Value> {
        let frame = |effect| match effect {
            Effect::Send(text) | Effect::Pass(text, _) => {
                Some(serde_json::from_slice(&text).unwrap())
            }
            Effect::Number(event, n, _) => {
                Some(serde_json::from_slice(&event.into_frame(Some(n))).unwrap())
            }
            _ => None,
        };
        self.effects().into_iter().filter_map(frame).collect()
    }

    fn names(&mut self) -> Vec<String> {
        self.sent().iter().map(|frame| frame["event"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn what_comes_before_the_word_of_the_match_waits_for_it() {
    let mut bench = Bench::new();
    bench.relayed(5, "an early signal");
    assert!(bench.sent().is_empty());
    bench.matched(5);
    let sent = bench.sent();
    assert_eq!(sent[0]["event"], "match-done");
    assert_eq!((&sent[0]["n"], &sent[1]["n"]), (&json!(1), &json!(2)));
    assert_eq!(sent[1]["data"]["waiting"], "an early signal".len());
}

#[test]
fn what_is_passed_on_says_when_it_was_read_also_where_it_had_to_wait() {
    let mut bench = Bench::new();
    bench.relayed(5, "early");
    bench.matched(5);
    bench.relayed(5, "in time");
    let effects = bench.effects();
    let passed = effects.iter().filter(|effect| match effect {
        Effect::Number(_, _, read_at) => *read_at == Some(Moment::from_millis(7)),
        _ => false,
    });
    assert_eq!(passed.count(), 2, "{effects:?}");
    bench.now.moment = Moment::from_millis(9);
    bench.says("typing", &json!({"typing": true}));
    let [Effect::Relay(_, Delivery::Relay(relay))] = &bench.effects()[..] else {
        panic!("it goes to the partner")
    };
    assert_eq!(relay.read_at, Some(Moment::from_millis(9)));
}

#[test]
fn what_comes_early_for_another_room_is_dropped() {
    let mut bench = Bench::new();
    bench.relayed(4, "of a room that never came to be");
    bench.matched(5);
    assert_eq!(bench.names(), ["match-done"]);
    bench.left(5);
    bench.matched(4);
    assert_eq!(bench.names(), ["stop-by-remote-user", "match-done"]);
}

#[test]
fn what_comes_late_for_an_ended_room_is_dropped() {
    let mut bench = Bench::new();
    bench.matched(5);
    bench.left(5);
    bench.relayed(5, "too late");
    bench.matched(6);
    bench.relayed(5, "far too late");
    assert_eq!(bench.names(), ["match-done", "stop-by-remote-user", "match-done"]);
}

#[test]
fn early_arrivals_are_bounded() {
    let mut bench = Bench::new();
    for _ in 0..10_000 {
        bench.relayed(5, "early");
    }
    bench.matched(5);
    assert_eq!(bench.sent().len(), 1 + EARLY_MAX);
}

#[test]
fn after_stop_nothing_goes_to_the_partner_though_the_lobby_has_not_answered() {
    let mut bench = Bench::new();
    bench.matched(5);
    bench.says("stop-call", &json!({"roomId": format_id(5)}));
    bench.says("negotiation-call-offer", &json!({"offer": {}}));
    let effects = bench.effects();
    assert!(matches!(effects[1], Effect::Ask(_)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Relay(..))));
    bench.relayed(5, "crossing");
    assert!(bench.sent().is_empty());
}

#[test]
fn a_match_that_crossed_a_stop_is_left_when_the_lobby_has_answered() {
    for (event, data) in [
        ("stop-call", json!({})),
        ("stop-call", json!({"roomId": format_id(5)})),
        ("request-room", json!({})),
    ] {
        let mut bench = Bench::new();
        bench.says(event, &data);
        let answer = bench.granted();
        bench.matched(5);
        bench.session.handle_delivery(answer);
        bench.effects();
        bench.says("negotiation-call-offer", &json!({"offer": {}}));
        let effects = bench.effects();
        let is_relayed = effects.iter().any(|effect| matches!(effect, Effect::Relay(..)));
        assert!(!is_relayed, "the lobby has ended that call: {event} {data}");
    }
}

#[test]
fn what_the_lobby_grants_leaves_every_other_call_alone() {
    for (event, data) in
        [("cancel-request", json!({})), ("stop-call", json!({"roomId": format_id(4)}))]
    {
        let mut bench = Bench::new();
        bench.says(event, &data);
        let answer = bench.granted();
        bench.matched(5);
        bench.session.handle_delivery(answer);
        bench.effects();
        bench.says("typing", &json!({"typing": true}));
        assert!(matches!(bench.effects()[..], [Effect::Relay(..)]), "{event} {data}");
    }
}

#[test]
fn a_stale_request_changes_nothing() {
    let mut bench = Bench::new();
    bench.matched(5);
    bench.says("request-room", &json!({"roomId": format_id(4), "name": "Mallory"}));
    assert_eq!(bench.sent().last().unwrap()["data"]["code"], "not-in-room");
    bench.says("negotiation-call-offer", &json!({"offer": {}}));
    let [Effect::Relay(_, Delivery::Relay(relay))] = &bench.effects()[..] else {
        panic!("the call goes on")
    };
    let frame = String::from_utf8(relay.event.clone().into_frame(None)).unwrap();
    assert!(!frame.contains("Mallory"), "{frame}");
}

#[test]
fn a_request_that_a_match_has_overtaken_leaves_the_name_as_the_partner_saw_it() {
    let mut bench = Bench::new();
    bench.says("request-room", &json!({"roomId": format_id(4), "name": "Mallory"}));
    bench.matched(5);
    bench.effects();
    bench.says("negotiation-call-offer", &json!({"offer": {}}));
    let [Effect::Relay(_, Delivery::Relay(relay))] = &bench.effects()[..] else {
        panic!("the call goes on")
    };
    let frame = String::from_utf8(relay.event.clone().into_frame(None)).unwrap();
    assert!(!frame.contains("Mallory"), "{frame}");
}

#[test]
fn a_stop_of_another_room_leaves_the_present_call() {
    let mut bench = Bench::new();
    bench.matched(5);
    bench.says("stop-call", &json!({"roomId": format_id(4)}));
    bench.says("stop-call", &json!({"roomId": "no id at all"}));
    bench.says("typing", &json!({"typing": true}));
    let effects = bench.effects();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Relay(..))));
}

#[test]
fn pings_come_at_their_interval_and_silence_is_cut() {
    let mut bench = Bench::new();
    assert_eq!(bench.session.poll_timeout(), Moment::from_millis(1_000));
    assert!(bench.at(999).is_empty());
    assert!(matches!(bench.at(1_000)[..], [Effect::Ping]));
    bench.session.handle_sign_of_life();
    assert_eq!(bench.session.poll_timeout(), Moment::from_millis(26_000));
    assert!(matches!(bench.at(26_000)[..], [Effect::Ping]));
    assert_eq!(bench.session.poll_timeout(), Moment::from_millis(36_000));
    assert!(bench.at(35_999).is_empty());
    assert!(matches!(bench.at(36_000)[..], [Effect::Look]), "its answer may lie in the socket");
    assert!(matches!(bench.at(36_050)[..], [Effect::Close(CloseReason::Silence)]));
}

#[test]
fn an_answer_that_is_found_late_is_a_sign_of_life() {
    let mut bench = Bench::new();
    assert!(matches!(bench.at(1_000)[..], [Effect::Ping]));
    assert!(matches!(bench.at(11_000)[..], [Effect::Look]));
    bench.session.handle_sign_of_life();
    assert!(bench.at(11_050).is_empty());
    assert!(matches!(bench.at(26_000)[..], [Effect::Ping]));
    assert!(matches!(bench.at(36_000)[..], [Effect::Look]), "it is looked at each time");
}

#[test]
fn a_refused_frame_over_the_rate_changes_nothing() {
    let mut bench = Bench::new();
    bench.matched(5);
    bench.sent();
    for _ in 0..21 {
        bench.says("newMessage", &json!({"message": "hi"}));
    }
    let effects = bench.effects();
    let said = effects.iter().filter(|effect| matches!(effect, Effect::Say(_))).count();
    assert_eq!(said, 20);
    let Some(Effect::Send(error)) = effects.last() else { panic!("an error") };
    let error: Value = serde_json::from_slice(error).unwrap();
    assert_eq!(error["data"]["code"], "rate-limited");
    assert_eq!(error["data"]["retryAfterMs"], 200);
    bench.now.moment = bench.now.moment + Duration::from_millis(200);
    bench.says("newMessage", &json!({"message": "hi"}));
    assert!(matches!(bench.effects()[..], [Effect::Say(_)]));
}

/// What was asked of the stores in these effects.
fn inquiries(effects: Vec<Effect>) -> Vec<Inquiry> {
    let inquiry = |effect| match effect {
        Effect::Inquire(inquiry) => Some(*inquiry),
        _ => None,
    };
    effects.into_iter().filter_map(inquiry).collect()
}

fn found(Inquiry { by, number, .. }: Inquiry, outcome: Result<Reply, Refusal>) -> Delivery {
    Delivery::Found(Box::new(Finding { by, number, outcome }))
}

/// The stores' yes to each of them.
fn granted(inquiry: Inquiry) -> Delivery {
    let entered =
        |room| Box::new(Entered { room, kind: RoomKind::Group, name: None, count: 1, last_seq: 0 });
    let reply = match inquiry.question {
        Question::Join { room, user, .. } => {
            Reply::Joined { channel: entered(room), user, is_new: true }
        }
        Question::Enter { ref channel, .. } => Reply::Entered(entered(channel.room)),
        Question::Leave { room, user } => Reply::Left { room, user, was_member: true },
        Question::IsMember { .. } => Reply::IsMember,
        Question::AreFellows { ref others, .. } => Reply::AreFellows(others.clone()),
        ref other => panic!("asked of the real stores alone: {other:?}"),
    };
    found(inquiry, Ok(reply))
}

impl Bench {
    fn asks(&mut self, event: &str, room: u128) -> Vec<Inquiry> {
        self.says(event, &json!({"roomId": format_id(room)}));
        inquiries(self.effects())
    }

    /// The stores say yes until nothing more is asked of them; gives what else is to be done.
    fn grant(&mut self, asked: Vec<Inquiry>) -> Vec<Effect> {
        let (mut asked, mut others) = (VecDeque::from(asked), Vec::new());
        while let Some(inquiry) = asked.pop_front() {
            self.session.handle_delivery(granted(inquiry));
            for effect in self.effects() {
                match effect {
                    Effect::Inquire(inquiry) => asked.push_back(*inquiry),
                    effect => others.push(effect),
                }
            }
        }
        others
    }
}

fn listens(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Listen(..)))
}

fn unlistens(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Unlisten(..)))
}

#[test]
fn channels_that_are_being_joined_count_as_joined() {
    let mut bench = Bench::new();
    for room in [1, 2, 2, 1, 3] {
        bench.says("join-room", &json!({"roomId": format_id(room)}));
    }
    let effects = bench.effects();
    let Some(Effect::Send(refused)) = effects.last() else { panic!("two for each connection") };
    let refused: Value = serde_json::from_slice(refused).unwrap();
    assert_eq!(refused["data"]["roomId"], *format_id(3));
    let asked = inquiries(effects);
    assert_eq!(asked.len(), 4);
    bench.grant(asked);
    assert_eq!(bench.session.listens_to(), [RoomId(1), RoomId(2)]);
}

#[test]
fn a_channel_that_was_left_before_the_stores_have_answered_is_not_listened_to() {
    let mut bench = Bench::new();
    let mut asked = bench.asks("join-room", 1);
    asked.extend(bench.asks("leave-room", 1));
    assert_eq!(asked.len(), 2);
    assert!(!listens(&bench.grant(asked)));
    assert!(bench.session.listens_to().is_empty());
}

#[test]
fn a_channel_that_was_joined_again_is_listened_to_once_the_second_time_is_granted() {
    let mut bench = Bench::new();
    let first = bench.asks("join-room", 1);
    let left = bench.asks("leave-room", 1);
    let second = bench.asks("join-room", 1);
    assert!(!listens(&bench.grant(first)), "it was left since");
    assert!(!listens(&bench.grant(left)));
    assert!(listens(&bench.grant(second)));
    assert_eq!(bench.session.listens_to(), [RoomId(1)]);
}

#[test]
fn a_session_listens_before_it_asks_for_the_last_place() {
    let mut bench = Bench::new();
    let asked = bench.asks("join-room", 1).pop().unwrap();
    bench.session.handle_delivery(granted(asked));
    let effects = bench.effects();
    let listen = effects.iter().position(|effect| matches!(effect, Effect::Listen(..)));
    let enter = effects.iter().position(|effect| matches!(effect, Effect::Inquire(_)));
    assert!(listen.is_some() && listen < enter, "{effects:?}");
}

#[test]
fn one_who_may_not_leave_listens_still_and_one_who_may_says_nothing_more() {
    let mut bench = Bench::new();
    let asked = bench.asks("join-room", 1);
    bench.grant(asked);
    let leave = bench.asks("leave-room", 1).pop().unwrap();
    bench.says("typing", &json!({"roomId": format_id(1), "typing": true}));
    assert_eq!(bench.sent()[0]["data"]["code"], "not-in-room");
    bench.session.handle_delivery(found(leave, Err(crate::inquiry::store_unavailable())));
    assert_eq!(bench.sent()[0]["data"]["retryAfterMs"], 1_000);
    bench.says("typing", &json!({"roomId": format_id(1), "typing": true}));
    assert!(matches!(bench.effects()[..], [Effect::Publish(_)]));
    let leave = bench.asks("leave-room", 1);
    assert!(unlistens(&bench.grant(leave)));
    assert!(bench.session.listens_to().is_empty());
}

#[test]
fn who_is_let_in_no_more_hears_nothing_more() {
    let mut bench = Bench::new();
    let asked = bench.asks("join-room", 1);
    bench.grant(asked);
    let again = bench.asks("join-room", 1).pop().unwrap();
    bench.session.handle_delivery(found(again, Err(crate::inquiry::room_not_found())));
    assert!(unlistens(&bench.effects()));
    let asked = bench.asks("join-room", 1);
    bench.grant(asked);
    bench.session.handle_delivery(Delivery::MemberGone(RoomId(1)));
    let asked = inquiries(bench.effects()).pop().unwrap();
    bench.session.handle_delivery(found(asked, Err(crate::inquiry::room_not_found())));
    assert!(matches!(bench.effects()[..], [Effect::Unlisten(..)]), "nobody has asked");
}

#[test]
fn so_many_questions_of_one_session_and_no_more() {
    let mut bench = Bench::new();
    let mut asked = Vec::new();
    for _ in 0..16 {
        asked.extend(bench.asks("join-room", 1));
    }
    assert_eq!(asked.len(), 16);
    bench.says("join-room", &json!({"roomId": format_id(1)}));
    let refused = bench.sent();
    assert_eq!(refused[0]["data"]["code"], "rate-limited");
    bench.grant(asked);
    assert_eq!(bench.asks("join-room", 1).len(), 1);
}
