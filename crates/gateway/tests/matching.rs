//! Whom one meets, and whom never again, over real sockets.

mod support;

use liveloop_gateway::settings::Settings;
use serde_json::{Value, json};
use support::{Client, Server, pair, settings, with_limits};

/// A server that remembers who has met.
async fn remembering() -> Server {
    let mut settings = settings();
    settings.matching.repeat = false;
    Server::start(settings).await
}

/// Both wait, and have been told that they have met everyone.
async fn parted(server: &Server) -> (Client, Client) {
    let ((mut ada, for_ada), (mut ben, _)) = pair(server).await;
    ada.ask("request-room", json!({"roomId": for_ada["roomId"]})).await;
    assert_eq!(ben.until("stop-by-remote-user").await["reason"], "next");
    for client in [&mut ada, &mut ben] {
        let waiting = client.until("waiting").await;
        assert_eq!(
            (&waiting["waiting"], &waiting["relaxed"]),
            (&json!(2), &json!(["met-everyone"]))
        );
    }
    (ada, ben)
}

fn room(of: &Value) -> Value {
    json!({"roomId": of["roomId"]})
}

#[tokio::test]
async fn interests_and_languages_pair_the_right_two() {
    let server = Server::start(settings()).await;
    let mut clients = Vec::new();
    for wishes in [
        json!({"interests": ["go"], "languages": ["en-GB"]}),
        json!({"interests": ["chess"], "languages": ["de"]}),
        json!({"interests": ["Go"], "languages": ["fr"]}),
        json!({"interests": ["go", "chess"], "languages": ["de-AT", "en"]}),
    ] {
        let mut client = server.client().await;
        client.ask("request-room", wishes).await;
        clients.push(client);
    }
    let [first, second, third, last] = &mut clients[..] else { panic!("four came") };
    let for_last = last.until("match-done").await;
    assert_eq!(for_last["remoteUserDetails"]["socket"], first.welcome["socketId"]);
    assert_eq!(for_last["commonInterests"], json!(["go"]));
    for lonely in [second, third] {
        assert_eq!(lonely.until("waiting").await.get("relaxed"), None);
    }
}

#[tokio::test]
async fn wishes_are_relaxed_and_one_is_told() {
    let mut quick = settings();
    quick.matching.relax_interests_after.0 = std::time::Duration::from_millis(1);
    quick.matching.relax_languages_after.0 = std::time::Duration::from_millis(300);
    let server = Server::start(quick).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    ada.ask("request-room", json!({"interests": ["go"], "languages": ["en"]})).await;
    assert_eq!(ada.until("waiting").await["relaxed"], json!(["interests"]));
    ben.ask("request-room", json!({"interests": ["chess"], "languages": ["de"]})).await;
    assert_eq!(ben.until("match-done").await["commonInterests"], json!([]));
    ada.until("match-done").await;
}

#[tokio::test]
async fn one_does_not_meet_the_same_again_unless_both_know_that_nobody_else_is_there() {
    let server = remembering().await;
    let (mut ada, mut ben) = parted(&server).await;
    ada.ask("request-room", json!({"again": true})).await;
    assert_eq!(ben.until("match-done").await["initiator"], true);
    ada.until("match-done").await;
}

#[tokio::test]
async fn a_third_one_is_met_before_the_same_again() {
    let server = remembering().await;
    let (_ada, mut ben) = parted(&server).await;
    let mut eve = server.client().await;
    eve.say("request-room", json!({"name": "Eve"})).await;
    assert_eq!(ben.until("match-done").await["remoteUserDetails"]["userName"], "Eve");
}

#[tokio::test]
async fn whoever_is_blocked_is_never_met_again() {
    let server = Server::start(settings()).await;
    for is_in_call in [true, false] {
        let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
        if is_in_call {
            assert!(ada.ask("block-user", room(&for_ada)).await["data"].is_object());
        }
        ada.ask("stop-call", room(&for_ada)).await;
        if !is_in_call {
            assert!(ada.ask("block-user", json!({})).await["data"].is_object());
        }
        ben.until("stop-by-remote-user").await;
        ada.ask("request-room", json!({})).await;
        assert_eq!(ada.until("waiting").await["waiting"], 2);
        assert_eq!(ben.refusal("undo-skip", json!({})).await, "not-allowed");
        assert_eq!(ada.refusal("undo-skip", json!({})).await, "not-allowed");
        for client in [&mut ada, &mut ben] {
            client.ask("cancel-request", json!({})).await;
        }
    }
    let mut eve = server.client().await;
    assert_eq!(eve.refusal("block-user", json!({})).await, "not-in-room");
    assert_eq!(eve.refusal("block-user", json!({"roomId": "x"})).await, "not-in-room");
}

#[tokio::test]
async fn who_pressed_next_goes_back_to_one_who_waits() {
    let server = remembering().await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    ada.ask("request-room", room(&for_ada)).await;
    ben.until("stop-by-remote-user").await;
    assert!(ada.ask("undo-skip", json!({})).await["data"].is_object());
    let for_ben = ben.until("match-done").await;
    assert_ne!(for_ben["roomId"], for_ada["roomId"], "a new match has a new room");
    assert_eq!(for_ben["initiator"], true);
}

#[tokio::test]
async fn after_stop_both_must_ask() {
    let server = Server::start(settings()).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    ada.ask("request-room", json!({"name": "Ada", "autoNext": false})).await;
    ben.ask("request-room", json!({"name": "Ben", "autoNext": false})).await;
    let for_ada = ada.until("match-done").await;
    ben.until("match-done").await;
    ada.ask("stop-call", room(&for_ada)).await;
    ben.until("stop-by-remote-user").await;
    ben.ask("undo-skip", json!({})).await;
    ben.has_nothing().await;
    ada.ask("undo-skip", json!({})).await;
    assert_eq!(ben.until("match-done").await["remoteUserDetails"]["userName"], "Ada");
    assert_eq!(ada.until("match-done").await["remoteUserDetails"]["userName"], "Ben");
}

#[tokio::test]
async fn going_back_is_next_for_the_partner_of_the_present_call() {
    let server = remembering().await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let mut eve = server.client().await;
    // Ada goes on to Eve, and Ben waits.
    ada.ask("stop-call", room(&for_ada)).await;
    ben.until("waiting").await;
    ben.ask("request-room", json!({"interests": ["go"]})).await;
    ada.ask("request-room", json!({})).await;
    eve.say("request-room", json!({"name": "Eve"})).await;
    assert_eq!(ada.until("match-done").await["remoteUserDetails"]["userName"], "Eve");
    ada.ask("undo-skip", json!({})).await;
    assert_eq!(eve.until("stop-by-remote-user").await["reason"], "next");
    assert_eq!(ben.until("match-done").await["remoteUserDetails"]["userName"], "Ada");
}

#[tokio::test]
async fn nobody_who_is_new_has_anybody_to_go_back_to() {
    let server = Server::start(settings()).await;
    let mut client = server.client().await;
    assert_eq!(client.refusal("undo-skip", json!({})).await, "not-allowed");
    assert_eq!(client.refusal("undo-skip", json!([])).await, "bad-payload");
}

#[tokio::test]
async fn a_request_in_a_room_twice_or_a_hundred_times_ends_in_one_place() {
    let mut often = settings();
    often.limits.requests_per_minute = 0;
    often.limits.events_per_second = 0;
    let server = Server::start(often).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let requests: Vec<_> = (0..100).map(|_| ("request-room", json!({}))).collect();
    ada.ask("stop-call", room(&for_ada)).await;
    ben.ask("cancel-request", json!({})).await;
    ada.say_at_once(&requests).await;
    assert_eq!(ada.until("waiting").await["waiting"], 1);
    let stale = ada.ask("request-room", room(&for_ada)).await;
    assert!(stale["data"].is_object(), "in no call a named room counts as absent");
    server.until_status("waiting", 1).await;
    assert_eq!(server.json("/api/status").await["node"]["rooms"], 0);
}

#[tokio::test]
async fn ids_of_ended_and_of_others_rooms_touch_nobody() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), _ben) = pair(&server).await;
    let ((mut eve, for_eve), _kim) = pair(&server).await;
    for event in ["stop-call", "request-room", "block-user"] {
        assert_eq!(eve.refusal(event, room(&for_ada)).await, "not-in-room", "{event}");
    }
    ada.ask("stop-call", room(&for_ada)).await;
    assert!(ada.ask("stop-call", room(&for_ada)).await["data"].is_object(), "doubled");
    assert_eq!(ada.refusal("stop-call", room(&for_eve)).await, "not-in-room");
    eve.has_nothing().await;
}

#[tokio::test]
async fn too_many_or_too_long_languages_are_refused() {
    let mut limits = settings().limits;
    limits.interests = 2;
    let server = Server::start(with_limits(limits)).await;
    let mut client = server.client().await;
    let refused = client.refusal("request-room", json!({"languages": ["a", "b", "c"]})).await;
    assert_eq!(refused, "too-long");
}

#[tokio::test]
async fn who_stops_in_the_breath_in_which_they_ask_is_in_no_call_that_they_find() {
    let server = Server::start(Settings { threads: 1, ..settings() }).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    ada.ask("request-room", json!({"autoNext": false})).await;
    ben.say_at_once(&[("request-room", json!({})), ("stop-call", json!({}))]).await;
    ada.until("stop-by-remote-user").await;
    ben.event("match-done").await;
    assert_eq!(ben.refusal("typing", json!({"typing": true})).await, "not-in-room");
}
