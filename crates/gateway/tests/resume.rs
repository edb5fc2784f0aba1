//! A session survives its socket: what is kept, what is sent again, and what the partner hears.

#![allow(clippy::unwrap_used)]

mod support;

use liveloop_gateway::settings::{Settings, Span};
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{Client, Server, group, pair, patient, settings};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Loses the socket without a word, and waits until the partner has heard it.
async fn lose(client: Client, partner: &mut Client) -> Value {
    let welcome = client.welcome.clone();
    client.lose();
    assert_eq!(partner.until("partner-away").await["socketId"], welcome["socketId"]);
    welcome
}

/// A connection that does nothing, so that the next one is another event loop's.
async fn turn_to_the_next_loop(server: &Server) -> Client {
    server.announced().await
}

#[tokio::test]
async fn a_call_goes_on_with_another_socket_of_any_loop() {
    for is_shifted in [false, true] {
        let server = Server::start(patient()).await;
        let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
        ada.ask("heartbeat", json!({})).await;
        let lost = ada.welcome.clone();
        ada.lose();
        let away = ben.event("partner-away").await;
        assert_eq!((&away["roomId"], &away["socketId"]), (&for_ada["roomId"], &lost["socketId"]));
        assert_eq!(away["untilMs"], 600_000);
        let _other = if is_shifted { Some(turn_to_the_next_loop(&server).await) } else { None };

        let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
        for (field, expected) in [
            ("resumed", json!(true)),
            ("recovered", json!(true)),
            ("socketId", lost["socketId"].clone()),
            ("userId", lost["userId"].clone()),
            ("state", json!("call")),
            ("roomId", for_ada["roomId"].clone()),
            ("lastRef", json!(2)),
            ("lastN", json!(1)),
        ] {
            assert_eq!(ada.welcome[field], expected, "{field}");
        }
        let back = ben.event("partner-back").await;
        assert_eq!((&back["roomId"], &back["socketId"]), (&for_ada["roomId"], &lost["socketId"]));
        ada.say("negotiation-call-offer", json!({"offer": {"sdp": "again"}})).await;
        assert_eq!(ben.event("negotiation-call-offer").await["offer"]["sdp"], "again");
        ben.say("negotiation-call-answer", json!({"ans": {"sdp": "yes"}})).await;
        assert_eq!(ada.event("negotiation-call-answer").await["ans"]["sdp"], "yes");
        ada.has_nothing().await;
        ben.has_nothing().await;
    }
}

#[tokio::test]
async fn what_came_meanwhile_is_sent_once_in_order_with_its_old_number() {
    let server = Server::start(patient()).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    ben.ask("newMessage", json!({"message": "before"})).await;
    let lost = lose(ada, &mut ben).await;
    ben.say("typing", json!({"typing": true})).await;
    for text in ["one", "two"] {
        ben.ask("newMessage", json!({"message": text})).await;
    }
    ben.ask("negotiation-call-offer", json!({"offer": {}})).await;
    for (after, first) in [(1, 0), (3, 2), (5, 4)] {
        let mut ada = server.back(json!({"resume": lost["resume"], "after": after})).await;
        assert_eq!((&ada.welcome["recovered"], &ada.welcome["lastN"]), (&json!(true), &json!(5)));
        let all = [
            (2, "newMessage", Some("before")),
            (3, "newMessage", Some("one")),
            (4, "newMessage", Some("two")),
            (5, "negotiation-call-offer", None),
        ];
        for (n, event, text) in &all[first..] {
            let frame = ada.frame().await;
            assert_eq!((&frame["n"], &frame["event"]), (&json!(n), &json!(event)));
            assert_eq!(frame["data"]["message"].as_str(), *text);
        }
        ben.until("partner-back").await;
        // No data frame has been read since: the older secret still works.
        lose(ada, &mut ben).await;
    }
}

#[tokio::test]
async fn what_has_left_the_ring_begins_afresh() {
    let mut settings = patient();
    settings.session.replay_bytes = 1_500;
    let server = Server::start(settings).await;
    let ((ada, for_ada), (mut ben, _)) = pair(&server).await;
    let lost = lose(ada, &mut ben).await;
    for n in 0..20 {
        ben.say("negotiation-call-offer", json!({"offer": {"n": n}})).await;
    }
    ben.has_nothing().await;
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    let welcome = &ada.welcome;
    assert_eq!((&welcome["resumed"], &welcome["recovered"]), (&json!(true), &json!(false)));
    assert_eq!((&welcome["lastN"], &welcome["state"]), (&json!(21), &json!("call")));
    let again = ada.frame().await;
    assert_eq!((&again["event"], &again["n"]), (&json!("match-done"), &json!(22)));
    assert_eq!(again["data"], for_ada);
    ben.say("negotiation-call-offer", json!({"offer": {"n": 20}})).await;
    let next = ada.frame().await;
    assert_eq!((&next["n"], &next["data"]["offer"]["n"]), (&json!(23), &json!(20)));

    // Who comes back so is told that the partner is away.
    let lost = lose(ada, &mut ben).await;
    let ben_lost = ben.welcome.clone();
    ben.lose();
    server.until_metric("liveloop_sessions_in_grace", 2.0).await;
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 9_999})).await;
    assert_eq!(
        (ada.event("match-done").await, &ada.welcome["recovered"]),
        (for_ada, &json!(false))
    );
    assert_eq!(ada.event("partner-away").await["socketId"], ben_lost["socketId"]);
    ada.has_nothing().await;
}

#[tokio::test]
async fn a_place_in_the_queue_is_kept_and_nobody_is_matched_with_one_who_is_away() {
    let server = Server::start(patient()).await;
    let mut ada = server.client().await;
    ada.ask("request-room", json!({"name": "Ada"})).await;
    let lost = ada.welcome.clone();
    ada.lose();
    server.until_status("waiting", 0).await;
    let mut ben = server.client().await;
    ben.ask("request-room", json!({"name": "Ben"})).await;
    assert_eq!(ben.event("waiting").await["waiting"], 1);
    let mut ada = server.back(json!({"resume": lost["resume"]})).await;
    assert_eq!(ada.welcome["state"], "waiting");
    assert_eq!(ada.event("match-done").await["initiator"], true, "she has waited longer");
    assert_eq!(ben.event("match-done").await["remoteUserDetails"]["userName"], "Ada");
}

#[tokio::test]
async fn a_listener_hears_what_was_said_in_the_group_meanwhile() {
    let server = Server::start(patient()).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    let room = group(&server, ada.welcome["token"].as_str().unwrap()).await;
    for client in [&mut ada, &mut ben] {
        client.ask("join-room", json!({"roomId": room})).await;
    }
    let members = ada.frame().await;
    assert_eq!((&members["event"], &members["n"]), (&json!("room-members"), &json!(1)));
    let lost = ada.welcome.clone();
    ada.lose();
    server.until_metric("liveloop_sessions_in_grace", 1.0).await;
    for message in ["one", "two"] {
        ben.ask("newMessage", json!({"message": message, "roomId": room})).await;
    }
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    assert_eq!((&ada.welcome["state"], &ada.welcome["recovered"]), (&json!("idle"), &json!(true)));
    for (n, message) in [(2, "one"), (3, "two")] {
        let frame = ada.frame().await;
        assert_eq!((&frame["n"], &frame["data"]["message"]), (&json!(n), &json!(message)));
    }
    ben.ask("newMessage", json!({"message": "three", "roomId": room})).await;
    assert_eq!(ada.event("newMessage").await["message"], "three");
    ada.ask("newMessage", json!({"message": "four", "roomId": room})).await;
    assert_eq!(ben.until("newMessage").await["message"], "four");
    ada.has_nothing().await;
}

#[tokio::test]
async fn a_client_repeats_only_what_comes_after_the_last_ref() {
    let server = Server::start(patient()).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let said = json!({"message": "hello", "roomId": for_ada["roomId"], "clientId": "c-1"});
    let first = ada.ask("newMessage", said.clone()).await;
    assert_eq!(ben.event("newMessage").await["message"], "hello");
    let lost = lose(ada, &mut ben).await;
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    assert_eq!(ada.welcome["lastRef"], 2);
    ben.event("partner-back").await;
    let old = json!({"event": "newMessage", "data": said, "ref": 2}).to_string();
    ada.send_text(old).await;
    assert_eq!(ada.event("error").await["code"], "bad-frame", "handled already");
    let again = ada.ask("newMessage", said).await;
    assert_eq!(again["ack"], 3);
    assert_eq!(again["data"], first["data"], "the first ack again");
    ben.has_nothing().await;
    let next = json!({"message": "and more", "roomId": for_ada["roomId"], "clientId": "c-2"});
    assert_eq!(ada.ask("newMessage", next).await["data"]["seq"], 2);
    assert_eq!(ben.event("newMessage").await["message"], "and more");
}

#[tokio::test]
async fn a_socket_that_looks_alive_is_taken_over_and_nothing_of_it_is_handled_afterwards() {
    for is_shifted in [false, true] {
        let server = Server::start(patient()).await;
        let ((mut old, _), (mut ben, _)) = pair(&server).await;
        let _other = if is_shifted { Some(turn_to_the_next_loop(&server).await) } else { None };
        let mut new = server.announced().await;
        // In flight while the other socket takes over: how many are handled is not known before.
        for n in 1..=15 {
            old.say("newMessage", json!({"message": format!("{n}"), "clientId": n.to_string()}))
                .await;
        }
        new.say("hello", json!({"resume": old.welcome["resume"], "after": 1})).await;
        new.welcome = new.event("welcome").await;
        assert_eq!(new.welcome["resumed"], true);
        assert_eq!(old.close_code().await, 4001);
        new.set_last_ref();
        new.ask("newMessage", json!({"message": "end"})).await;
        let mut heard = 0;
        loop {
            let text = ben.event("newMessage").await["message"].take();
            if text == "end" {
                break;
            }
            heard += 1;
            assert_eq!(text, heard.to_string(), "in order, and none after the fence");
        }
        ben.has_nothing().await;
    }
}

#[tokio::test]
async fn what_is_sent_together_with_the_hello_is_the_resumed_session_s() {
    for is_shifted in [false, true] {
        let server = Server::start(patient()).await;
        let ((ada, _), (mut ben, _)) = pair(&server).await;
        let lost = lose(ada, &mut ben).await;
        let _other = if is_shifted { Some(turn_to_the_next_loop(&server).await) } else { None };
        let mut ada = server.announced().await;
        let hello = json!({"resume": lost["resume"], "after": 1});
        let text = json!({"message": "impatient"});
        ada.say_at_once(&[("hello", hello), ("newMessage", text)]).await;
        assert_eq!(ada.event("welcome").await["resumed"], true);
        assert_eq!(ben.until("newMessage").await["message"], "impatient");
    }
}

#[tokio::test]
async fn a_clean_close_has_a_grace_of_its_own() {
    let spans = |grace, grace_closed| {
        let mut settings = settings();
        settings.session.grace = grace;
        settings.session.grace_closed = grace_closed;
        settings
    };
    let (long, short) = (Span::seconds(600), Span::millis(1));
    let close = |code: u16| Some(CloseFrame { code: code.into(), reason: "".into() });
    for (settings, frame, is_kept) in [
        (spans(long, short), None, false),
        (spans(long, short), close(1000), false),
        (spans(long, short), close(1001), false),
        (spans(short, long), None, true),
        (spans(short, long), close(1000), true),
        (spans(short, long), close(1001), true),
        (spans(short, long), close(3000), false),
        (spans(long, short), close(3000), true),
        (spans(long, long), close(1002), false),
        (spans(long, long), close(1009), false),
    ] {
        let server = Server::start(settings).await;
        let ((mut ada, _), (mut ben, _)) = pair(&server).await;
        let hello = json!({"resume": ada.welcome["resume"], "after": 1});
        ada.socket.close(frame.clone()).await.unwrap();
        if is_kept {
            ben.event("partner-away").await;
            assert_eq!(server.back(hello).await.welcome["resumed"], true, "{frame:?}");
        } else {
            assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
            let mut late = server.announced().await;
            late.say("hello", hello).await;
            assert_eq!(late.event("error").await["code"], "resume-expired", "{frame:?}");
        }
    }
}

#[tokio::test]
async fn who_has_nothing_to_come_back_to_has_no_grace() {
    let server = Server::start(patient()).await;
    let ada = server.client().await;
    let hello = json!({"resume": ada.welcome["resume"]});
    ada.lose();
    server.until_status("activeConnections", 0).await;
    let mut late = server.announced().await;
    late.say("hello", hello).await;
    assert_eq!(late.event("error").await["code"], "resume-expired");
    assert_eq!(server.metric("liveloop_sessions_in_grace").await, 0.0);
}

#[tokio::test]
async fn the_partner_may_go_while_the_other_is_away() {
    for (event, reason, state) in
        [("request-room", "next", "waiting"), ("stop-call", "stopped", "waiting")]
    {
        let server = Server::start(patient()).await;
        let ((ada, for_ada), (mut ben, _)) = pair(&server).await;
        let lost = lose(ada, &mut ben).await;
        ben.ask(event, json!({"roomId": for_ada["roomId"]})).await;
        let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
        assert_eq!(ada.welcome["state"], state, "her autoNext is on");
        assert!(ada.welcome.get("roomId").is_none());
        let left = ada.frame().await;
        assert_eq!((&left["event"], &left["n"]), (&json!("stop-by-remote-user"), &json!(2)));
        assert_eq!(
            (&left["data"]["reason"], &left["data"]["roomId"]),
            (&json!(reason), &for_ada["roomId"])
        );
        if event == "request-room" {
            assert_ne!(ada.until("match-done").await["roomId"], for_ada["roomId"]);
        }
    }
}

#[tokio::test]
async fn both_may_be_away() {
    let server = Server::start(patient()).await;
    let ((ada, for_ada), (mut ben, _)) = pair(&server).await;
    let ada = lose(ada, &mut ben).await;
    let ben_lost = ben.welcome.clone();
    ben.lose();
    server.until_metric("liveloop_sessions_in_grace", 2.0).await;
    let mut ada = server.back(json!({"resume": ada["resume"], "after": 1})).await;
    let away = ada.frame().await;
    assert_eq!((&away["event"], &away["n"]), (&json!("partner-away"), &json!(2)));
    let mut ben = server.back(json!({"resume": ben_lost["resume"], "after": 2})).await;
    let back = ben.frame().await;
    assert_eq!((&back["event"], &back["n"]), (&json!("partner-back"), &json!(3)));
    ada.event("partner-back").await;
    assert_eq!(ben.welcome["roomId"], for_ada["roomId"]);
    ada.ask("newMessage", json!({"message": "here we are"})).await;
    assert_eq!(ben.event("newMessage").await["message"], "here we are");
}

#[tokio::test]
async fn a_grace_ends_the_session_as_a_loss() {
    let server = Server::start(settings()).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    ada.lose();
    ben.event("partner-away").await;
    assert_eq!(ben.event("stop-by-remote-user").await["reason"], "disconnected");
    assert_eq!(ben.event("waiting").await["waiting"], 1);
    assert_eq!(server.metric("liveloop_sessions_in_grace").await, 0.0);
}

#[tokio::test]
async fn rates_survive() {
    let limits =
        Limits { messages_per_second: 1, messages_per_second_burst: 3, ..Limits::for_testing() };
    let server = Server::start(Settings { limits, ..patient() }).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    for _ in 0..3 {
        assert!(ada.ask("newMessage", json!({"message": "hi"})).await.get("data").is_some());
    }
    let lost = lose(ada, &mut ben).await;
    let mut ada = server.back(json!({"resume": lost["resume"], "after": 1})).await;
    let mut refused = 0;
    for _ in 0..3 {
        let ack = ada.ask("newMessage", json!({"message": "hi"})).await;
        refused += u32::from(ack["error"]["code"] == "rate-limited");
    }
    assert!(refused >= 1, "a fresh bucket would have let all of them pass");
}

#[tokio::test]
async fn a_node_that_drains_resumes_nobody_and_takes_no_partner_away() {
    let mut settings = patient();
    settings.drain.deadline = Span::seconds(5);
    let mut server = Server::start(settings).await;
    let ((ada, _), (mut ben, _)) = pair(&server).await;
    lose(ada, &mut ben).await;
    let _deaf = server.client().await;
    server.drain();
    ben.event("draining").await;
    assert_eq!(ben.close_code().await, 1012);
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/ws?hello=1", server.address));
    let tokio_tungstenite::tungstenite::Error::Http(response) = refused.await.unwrap_err() else {
        panic!("an HTTP response")
    };
    assert_eq!(response.status(), 503);
    assert!(server.ended().await.is_ok());
}
