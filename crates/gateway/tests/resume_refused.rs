//! Who may not resume: every wrong claim is refused as documented, and changes nothing.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_core::UserId;
use liveloop_gateway::settings::{Heartbeat, Settings, Span};
use liveloop_ports::Bans;
use liveloop_protocol::{Limits, parse_id};
use serde_json::{Value, json};
use support::{Client, Server, pair, patient, settings};
use tokio_tungstenite::{connect_async, tungstenite};

/// The errors that a `hello` is answered with on a connection that announced it, and the `welcome`.
async fn claim(server: &Server, hello: Value) -> (Vec<String>, Client) {
    let mut client = server.announced().await;
    client.say("hello", hello).await;
    let mut codes = Vec::new();
    loop {
        let mut frame = client.frame().await;
        if frame["event"] == "welcome" {
            client.welcome = frame["data"].take();
            return (codes, client);
        }
        assert_eq!(frame["event"], "error", "{frame}");
        codes.push(frame["data"]["code"].as_str().unwrap().to_owned());
    }
}

/// A claim that fails with this error, after which the connection is a fresh visitor's.
#[track_caller]
fn assert_fresh((codes, client): &(Vec<String>, Client), code: &str, lost: &Value) {
    assert_eq!(*codes, [code]);
    assert_eq!(
        (&client.welcome["resumed"], &client.welcome["state"]),
        (&json!(false), &json!("idle"))
    );
    assert_ne!(client.welcome["socketId"], lost["socketId"]);
}

/// The session of `lost` is as it was, and its partner has heard nothing.
async fn assert_untouched(server: &Server, lost: &Value, partner: &mut Client) {
    partner.has_nothing().await;
    let mut back = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    assert_eq!((&back.welcome["resumed"], &back.welcome["state"]), (&json!(true), &json!("call")));
    partner.event("partner-back").await;
    back.ask("newMessage", json!({"message": "still here"})).await;
    assert_eq!(partner.event("newMessage").await["message"], "still here");
}

async fn lost_in_call(server: &Server) -> (Value, Client) {
    let ((ada, _), (mut ben, _)) = pair(server).await;
    let lost = ada.welcome.clone();
    ada.lose();
    ben.event("partner-away").await;
    (lost, ben)
}

#[tokio::test]
async fn what_is_forged_resumes_nothing() {
    let server = Server::start(patient()).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    let secret = lost["resume"].as_str().unwrap();
    let mut forged: Vec<String> = (0..secret.len())
        .map(|index| {
            let mut bytes = secret.as_bytes().to_vec();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    forged.extend(
        ["", "A", "no secret", &secret[1..], &"A".repeat(39), &"_".repeat(39), &"A".repeat(3_000)]
            .map(str::to_owned),
    );
    // Ids that everybody knows are no secrets.
    forged.extend(["socketId", "userId", "token"].map(|id| lost[id].as_str().unwrap().to_owned()));
    for forged in forged {
        let outcome = claim(&server, json!({"resume": forged, "after": 1})).await;
        assert_fresh(&outcome, "resume-expired", &lost);
    }
    assert_untouched(&server, &lost, &mut ben).await;
}

#[tokio::test]
async fn a_token_goes_on_as_its_visitor_where_the_session_is_over() {
    let server = Server::start(settings()).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    ben.until("stop-by-remote-user").await;
    let hello = json!({"resume": lost["resume"], "token": lost["token"]});
    let (codes, client) = claim(&server, hello).await;
    assert_eq!(codes, ["resume-expired"]);
    assert_eq!(
        (&client.welcome["userId"], &client.welcome["resumed"]),
        (&lost["userId"], &json!(false))
    );
    let without = claim(&server, json!({"resume": lost["resume"]})).await;
    assert_fresh(&without, "resume-expired", &lost);
    assert_ne!(without.1.welcome["userId"], lost["userId"]);
}

#[tokio::test]
async fn a_token_of_another_visitor_or_of_nobody_resumes_nothing() {
    let server = Server::start(patient()).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    let stranger = server.client().await.welcome["token"].clone();
    for token in [stranger, json!("1.forged.token"), lost["resume"].clone()] {
        let hello = json!({"resume": lost["resume"], "token": token, "after": 1});
        let outcome = claim(&server, hello).await;
        assert_fresh(&outcome, "bad-token", &lost);
        assert_ne!(outcome.1.welcome["userId"], lost["userId"]);
    }
    assert_untouched(&server, &lost, &mut ben).await;
}

#[tokio::test]
async fn the_secret_of_another_session_brings_back_that_one_alone() {
    let server = Server::start(patient()).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    let other = server.client().await;
    let hello = json!({"resume": other.welcome["resume"], "token": lost["token"]});
    assert_fresh(&claim(&server, hello).await, "bad-token", &lost);
    assert_untouched(&server, &lost, &mut ben).await;
}

#[tokio::test]
async fn a_secret_is_spent_by_the_first_frame_after_the_welcome_and_not_before() {
    let server = Server::start(patient()).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    let first = ada.welcome.clone();
    ada.lose();
    let resume = |welcome: &Value| json!({"resume": welcome["resume"], "after": 1});
    // Each welcome is lost, as far as the server knows: the first secret works on.
    let mut unread = Vec::new();
    for _ in 0..3 {
        let client = server.back(resume(&first)).await;
        assert_ne!(client.welcome["resume"], first["resume"], "every time another one");
        unread.push(client.welcome.clone());
        client.lose();
    }
    // Two are valid at most: the one that was proved, and the one that was issued last.
    for stale in &unread[..2] {
        assert_fresh(&claim(&server, resume(stale)).await, "resume-expired", &first);
    }
    let mut ada = server.back(resume(&unread[2])).await;
    assert_fresh(&claim(&server, resume(&first)).await, "resume-expired", &first);
    ada.ask("heartbeat", json!({})).await;
    // Spent now, though its socket lives; and its attempt has not ended that.
    assert_fresh(&claim(&server, resume(&unread[2])).await, "resume-expired", &first);
    ben.until("partner-back").await;
    ada.ask("newMessage", json!({"message": "still here"})).await;
    assert_eq!(ben.until("newMessage").await["message"], "still here");
    let last = ada.welcome.clone();
    ada.lose();
    assert_eq!(server.back(resume(&last)).await.welcome["resumed"], true);
}

#[tokio::test]
async fn control_frames_spend_nothing() {
    let server = Server::start(patient()).await;
    let (lost, _ben) = lost_in_call(&server).await;
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    ada.ping_and_wait().await;
    ada.lose();
    assert_eq!(
        server.back(json!({"resume": lost["resume"], "after": 1})).await.welcome["resumed"],
        true
    );
}

#[tokio::test]
async fn a_fresh_connection_cannot_resume_itself() {
    let server = Server::start(patient()).await;
    let mut ada = server.client().await;
    ada.say("hello", json!({"resume": ada.welcome["resume"]})).await;
    assert_eq!(ada.event("error").await["code"], "resume-expired");
    assert_eq!(ada.event("welcome").await["socketId"], ada.welcome["socketId"]);
    ada.has_nothing().await;
}

#[tokio::test]
async fn hello_comes_first_also_where_it_resumes() {
    let server = Server::start(patient()).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    let mut late = server.client().await;
    late.ask("heartbeat", json!({})).await;
    let hello = json!({"resume": lost["resume"], "after": 1});
    assert_eq!(late.refusal("hello", hello).await, "not-allowed");
    assert_untouched(&server, &lost, &mut ben).await;
}

#[tokio::test]
async fn a_hello_with_a_ref_is_acknowledged_and_counts_for_the_new_socket_alone() {
    let server = Server::start(patient()).await;
    let (lost, _ben) = lost_in_call(&server).await;
    let mut ada = server.announced().await;
    let hello = json!({"event": "hello", "data": {"resume": lost["resume"], "after": 1}, "ref": 9});
    ada.send_text(hello.to_string()).await;
    assert_eq!(ada.event("welcome").await["lastRef"], 1);
    assert_eq!(ada.frame().await, json!({"ack": 9, "data": {}}));
    ada.send_text(json!({"event": "heartbeat", "ref": 2}).to_string()).await;
    assert_eq!(ada.frame().await["ack"], 2);
}

#[tokio::test]
async fn whoever_fails_to_resume_may_come_back_to_what_they_are_then() {
    let server = Server::start(patient()).await;
    // Another visitor's session, on this thread or on the other one.
    for _ in 0..4 {
        let other = server.client().await;
        let mut fresh = server.client().await;
        let claim = json!({"resume": other.welcome["resume"], "token": fresh.welcome["token"]});
        fresh.say("hello", claim).await;
        assert_eq!(fresh.event("error").await["code"], "bad-token");
        let welcome = fresh.event("welcome").await;
        assert_eq!(welcome["socketId"], fresh.welcome["socketId"]);
        fresh.set_last_ref();
        fresh.ask("request-room", json!({})).await;
        fresh.lose();
        let mut back = server.back(json!({"resume": welcome["resume"]})).await;
        assert_eq!(
            (&back.welcome["resumed"], &back.welcome["state"]),
            (&json!(true), &json!("waiting"))
        );
        back.set_last_ref();
        back.ask("cancel-request", json!({})).await;
    }
}

#[tokio::test]
async fn an_announced_hello_that_does_not_come_is_not_waited_for() {
    let server = Server::start(patient()).await;
    let mut silent = server.announced().await;
    assert_eq!(silent.event("welcome").await["state"], "idle");
    silent.say("hello", json!({"name": "Ada"})).await;
    assert_eq!(silent.event("welcome").await["resumed"], false, "still the first frame");
    for (junk, code) in [
        ("junk".to_owned(), "bad-frame"),
        (json!({"event": "hello", "data": {"resume": 5}}).to_string(), "bad-payload"),
        (json!({"event": "nonsense"}).to_string(), "unknown-event"),
    ] {
        let mut client = server.announced().await;
        client.send_text(junk).await;
        assert_eq!(client.event("error").await["code"], code);
        client.event("welcome").await;
        client.has_nothing().await;
    }
    let mut hasty = server.announced().await;
    hasty.say("request-room", json!({})).await;
    assert_eq!(hasty.event("welcome").await["state"], "idle");
    hasty.event("waiting").await;
}

#[tokio::test]
async fn the_first_welcome_is_left_out_only_where_that_is_said() {
    let server = Server::start(patient()).await;
    for query in ["?hello=0", "?hello=10", "?xhello=1", "?hello", ""] {
        let (socket, _) =
            connect_async(format!("ws://{}/ws{query}", server.address)).await.unwrap();
        let mut client = Client::over(socket);
        client.event("welcome").await;
    }
    for query in ["?hello=1", "?a=b&hello=1&c"] {
        let (socket, _) =
            connect_async(format!("ws://{}/ws{query}", server.address)).await.unwrap();
        let mut client = Client::over(socket);
        client.say("hello", json!({"name": "Ada"})).await;
        client.event("welcome").await;
        client.has_nothing().await;
    }
}

#[tokio::test]
async fn after_a_violation_there_is_nothing_to_come_back_to() {
    let server = Server::start(patient()).await;
    let frames: [(&[u8], u16); 3] = [
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 1009),
    ];
    for (frame, code) in frames {
        let ((mut ada, _), (mut ben, _)) = pair(&server).await;
        let lost = ada.welcome.clone();
        ada.send_raw(frame).await;
        assert_eq!(ben.event("stop-by-remote-user").await["reason"], "disconnected");
        assert_eq!(ada.close_code().await, code);
        assert_fresh(
            &claim(&server, json!({"resume": lost["resume"]})).await,
            "resume-expired",
            &lost,
        );
        ben.ask("cancel-request", json!({})).await;
    }
}

#[tokio::test]
async fn a_silent_client_and_a_slow_reader_may_come_back() {
    let heartbeat = Heartbeat::for_testing();
    let server = Server::start(Settings { heartbeat, ..patient() }).await;
    let ((mut ada, _), (ben, _)) = pair(&server).await;
    // Ben does not read, and so answers no Ping.
    ada.until("partner-away").await;
    let hello = json!({"resume": ben.welcome["resume"], "after": 1});
    let mut silent = ben;
    assert_eq!(silent.close_code().await, 4000);
    assert_eq!(server.back(hello).await.welcome["resumed"], true);

    let limits = Limits { outbox_bytes: 20_000, events_per_second: 0, ..Limits::for_testing() };
    let server = Server::start(Settings { limits, ..patient() }).await;
    let ((mut ada, _), (slow, _)) = pair(&server).await;
    let hello = json!({"resume": slow.welcome["resume"], "after": 1});
    let filling = "x".repeat(3_000);
    while !ada.has_heard("partner-away").await {
        ada.say("negotiation-call-offer", json!({"offer": {"sdp": filling}})).await;
    }
    let mut back = server.back(hello).await;
    assert_eq!(
        (&back.welcome["resumed"], &back.welcome["recovered"]),
        (&json!(true), &json!(false))
    );
    back.event("match-done").await;
}

#[tokio::test]
async fn a_session_in_its_grace_counts_as_a_connection_of_its_address() {
    let limits = Limits { connections_per_address: 2, ..Limits::for_testing() };
    let server = Server::start(Settings { limits, ..patient() }).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    ada.lose();
    ben.event("partner-away").await;
    let refused = connect_async(format!("ws://{}/ws?hello=1", server.address)).await;
    let tungstenite::Error::Http(response) = refused.unwrap_err() else { panic!("refused") };
    assert_eq!(response.status(), 429);
    let short = Span::millis(1);
    let limits = Limits { connections_per_address: 2, ..Limits::for_testing() };
    let mut settings = Settings { limits, ..patient() };
    settings.session.grace = short;
    let server = Server::start(settings).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    ada.lose();
    ben.until("stop-by-remote-user").await;
    server.client().await;
}

#[derive(Debug)]
struct BannedAll;

impl Bans for BannedAll {
    fn is_banned(&self, _user: UserId) -> bool {
        true
    }
}

/// Bans one visitor from the moment on in which it is told so.
#[derive(Debug, Default)]
struct BanList(std::sync::Mutex<Vec<UserId>>);

impl Bans for BanList {
    fn is_banned(&self, user: UserId) -> bool {
        self.0.lock().unwrap().contains(&user)
    }
}

#[tokio::test]
async fn who_was_banned_meanwhile_is_not_let_back_in() {
    let bans = Arc::new(BanList::default());
    let server = Server::start_with_bans(patient(), Arc::clone(&bans) as Arc<dyn Bans>).await;
    let (lost, mut ben) = lost_in_call(&server).await;
    let user = UserId(parse_id(lost["userId"].as_str().unwrap()).unwrap());
    bans.0.lock().unwrap().push(user);
    let hello = json!({"resume": lost["resume"], "after": 1});
    assert_fresh(&claim(&server, hello.clone()).await, "banned", &lost);
    let with_token = json!({"resume": lost["resume"], "token": lost["token"]});
    assert_fresh(&claim(&server, with_token).await, "banned", &lost);
    ben.has_nothing().await;
    bans.0.lock().unwrap().clear();
    assert_untouched(&server, &lost, &mut ben).await;
    let server = Server::start_with_bans(patient(), Arc::new(BannedAll)).await;
    let (codes, _) = claim(&server, json!({"name": "Ada"})).await;
    assert_eq!(codes, [""; 0], "a visitor without a token is nobody who was banned");
}
