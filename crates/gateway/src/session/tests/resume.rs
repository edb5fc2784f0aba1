//! Secrets that are proved, issued and spent, what is kept, and what a session knows of its place.

use super::*;

/// A claim of this session's, as its client would make it with the secret of this `welcome`.
pub(super) fn claim(welcome: &Value, after: u64) -> Claim {
    let mut claimant = Bench::new();
    let hello = json!({"resume": welcome["data"]["resume"], "after": after});
    claimant.says("hello", &hello);
    let effect = claimant.effects().pop();
    let Some(Effect::Resume(claim)) = effect else { panic!("a claim: {effect:?}") };
    *claim
}

impl Bench {
    /// The session, and the `welcome` that it has been greeted with.
    fn greeted() -> (Self, Value) {
        let mut bench = Self::new();
        bench.session.greet(bench.now);
        let welcome = bench.sent().pop().unwrap();
        (bench, welcome)
    }

    /// Lets what is numbered be kept, as the driver does.
    fn keep(&mut self) {
        for effect in self.effects() {
            if let Effect::Number(event, n, _) = effect {
                self.session.keep(Kept::Own(&event), n, self.now.moment);
            }
        }
    }

    fn resumed(&mut self, claim: &Claim) -> Vec<Value> {
        self.session.check_claim(claim).unwrap();
        self.session.resume(claim, self.now);
        self.sent()
    }
}

#[test]
fn a_welcome_that_is_lost_loses_nothing_and_two_secrets_are_valid_at_most() {
    let (mut bench, first) = Bench::greeted();
    let second = bench.resumed(&claim(&first, 0)).remove(0);
    let third = bench.resumed(&claim(&first, 0)).remove(0);
    assert!(bench.session.check_claim(&claim(&second, 0)).is_err(), "neither proved nor the last");
    bench.session.handle_ping(b"", bench.now.moment);
    assert!(bench.session.check_claim(&claim(&first, 0)).is_ok(), "a Ping spends nothing");
    bench.says("heartbeat", &json!({}));
    assert!(bench.session.check_claim(&claim(&first, 0)).is_err(), "spent");
    assert!(bench.session.check_claim(&claim(&third, 0)).is_ok());
}

#[test]
fn what_has_grown_too_old_is_not_sent_again() {
    let (mut bench, welcome) = Bench::greeted();
    bench.matched(5);
    bench.keep();
    let grace = bench.session.shared.settings.session.grace.0;
    bench.now.moment = bench.now.moment + grace;
    assert_eq!(bench.resumed(&claim(&welcome, 0)).len(), 2, "the match is sent again");
    bench.now.moment = bench.now.moment + grace + Duration::from_millis(1);
    let sent = bench.resumed(&claim(&welcome, 0));
    assert_eq!(sent[0]["data"]["recovered"], false);
    assert_eq!((&sent[1]["event"], &sent[1]["n"]), (&json!("match-done"), &json!(2)));
}

#[test]
fn a_match_whose_word_comes_when_the_socket_is_lost_tells_the_partner_so() {
    let (mut bench, welcome) = Bench::greeted();
    bench.says("request-room", &json!({}));
    bench.effects();
    let now = bench.now.moment;
    assert!(bench.session.is_worth_a_grace(now));
    bench.session.lose_socket(now, now + Duration::from_secs(30));
    bench.matched(5);
    let effects = bench.effects();
    let [Effect::Number(..), Effect::Relay(_, Delivery::Relay(relay))] = &effects[..] else {
        panic!("the match, and a word to the partner: {effects:?}")
    };
    assert_eq!(relay.kind, RelayKind::Away);
    let back = bench.resumed(&claim(&welcome, 0));
    assert_eq!(back[0]["data"]["state"], "call");
}

#[test]
fn a_session_without_numbered_events_keeps_nothing_and_is_worth_no_grace() {
    let (mut bench, _) = Bench::greeted();
    bench.says("heartbeat", &json!({}));
    let (waiting, estimate, relaxed) = (1, None, Default::default());
    let notice = WaitingNotice { waiting, estimate, relaxed };
    bench.session.handle_delivery(Delivery::Waiting(notice));
    assert!(!bench.session.is_worth_a_grace(bench.now.moment));
    assert!(bench.session.traces.is_none());
}

#[test]
fn a_place_in_the_queue_is_known_whatever_crosses() {
    let waits = |bench: &Bench| bench.session.traces.as_ref().is_some_and(|it| it.queued.is_some());
    let left = |bench: &mut Bench, is_queued| {
        let (room, reason) = (RoomId(5), EndReason::Next);
        bench.session.handle_delivery(Delivery::PartnerLeft { room, reason, is_queued });
    };
    for (event, data, is_waiting) in [
        ("request-room", json!({}), true),
        ("cancel-request", json!({}), false),
        ("stop-call", json!({}), false),
        ("stop-call", json!({"roomId": format_id(5)}), false),
        ("stop-call", json!({"roomId": format_id(4)}), true),
    ] {
        // The partner has gone and the lobby has queued this one, while this one asks something.
        let mut bench = Bench::new();
        bench.matched(5);
        bench.says(event, &data);
        let answer = bench.granted();
        left(&mut bench, true);
        bench.session.handle_delivery(answer);
        assert_eq!(waits(&bench), is_waiting, "{event} {data}");
    }
    let mut bench = Bench::new();
    bench.says("request-room", &json!({}));
    assert!(waits(&bench));
    bench.matched(5);
    assert!(!waits(&bench));
    left(&mut bench, false);
    assert!(!waits(&bench), "it does not wish to go on");
}
