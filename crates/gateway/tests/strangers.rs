//! What one has learned in a call is worth nothing in the next one of either.

mod support;

use serde_json::{Value, json};
use support::{Client, Server, pair, settings};

/// Everything that the one who was left could try with what they know, and how it is refused.
async fn try_everything(mallory: &mut Client, known: &Value) {
    let room = &known["roomId"];
    let socket = &known["remoteUserDetails"]["socket"];
    let user = &known["remoteUserDetails"]["userId"];
    for target in [socket, user] {
        for (event, data) in [
            ("negotiation-call-offer", json!({"offer": {}, "remoteSocketId": target})),
            ("negotiation-call-answer", json!({"ans": {}, "remoteSocketId": target})),
            ("send-new-ice-candidates", json!({"candidate": {}, "to": target})),
        ] {
            assert_eq!(mallory.refusal(event, data.clone()).await, "not-in-room", "{event}");
            let mut named = data;
            named["roomId"] = room.clone();
            assert_eq!(mallory.refusal(event, named).await, "not-in-room", "{event}");
        }
    }
    for (event, data) in [
        ("negotiation-call-offer", json!({"offer": {}, "roomId": room})),
        ("negotiation-call-answer", json!({"ans": {}, "roomId": room})),
        ("send-new-ice-candidates", json!({"candidates": [{}], "roomId": room})),
        ("newMessage", json!({"message": "psst", "roomId": room})),
        ("typing", json!({"typing": true, "roomId": room})),
    ] {
        assert_eq!(mallory.refusal(event, data).await, "not-in-room", "{event}");
    }
    // Their own ended call may be stopped again; it touches nobody.
    assert_eq!(mallory.ask("stop-call", json!({"roomId": room})).await["data"], json!({}));
}

#[tokio::test]
async fn an_idle_stranger_cannot_reach_the_next_call() {
    let server = Server::start(settings()).await;
    let ((mut ada, first), (mut mallory, known)) = pair(&server).await;
    mallory.ask("request-room", json!({"autoNext": false, "roomId": first["roomId"]})).await;
    ada.until("match-done").await;
    let known_now = mallory.until("match-done").await;
    ada.ask("stop-call", json!({})).await;
    mallory.until("stop-by-remote-user").await;
    let mut ben = server.client().await;
    ben.ask("request-room", json!({})).await;
    ada.ask("request-room", json!({})).await;
    let present = ben.until("match-done").await;
    ada.until("match-done").await;
    try_everything(&mut mallory, &known).await;
    try_everything(&mut mallory, &known_now).await;
    let guess = json!({"roomId": present["roomId"]});
    assert_eq!(mallory.refusal("stop-call", guess.clone()).await, "not-in-room");
    ada.has_nothing().await;
    ben.has_nothing().await;
    assert_eq!(server.json("/api/status").await["node"]["rooms"], 1);
}

#[tokio::test]
async fn nor_can_one_who_is_in_a_call_of_their_own() {
    let server = Server::start(settings()).await;
    let ((mut ada, first), (mut mallory, known)) = pair(&server).await;
    let (mut ben, mut cyd) = (server.client().await, server.client().await);
    ben.ask("request-room", json!({})).await;
    // Mallory is left and meets Ben; Ada waits, and meets Cyd.
    ada.ask("request-room", json!({"roomId": first["roomId"]})).await;
    mallory.until("match-done").await;
    ben.until("match-done").await;
    cyd.say("request-room", json!({})).await;
    let present = cyd.until("match-done").await;
    ada.until("match-done").await;
    try_everything(&mut mallory, &known).await;
    for (event, data) in [
        ("negotiation-call-offer", json!({"offer": {}, "roomId": present["roomId"]})),
        ("newMessage", json!({"message": "psst", "roomId": present["roomId"]})),
        ("stop-call", json!({"roomId": present["roomId"]})),
        ("request-room", json!({"roomId": present["roomId"]})),
    ] {
        assert_eq!(mallory.refusal(event, data).await, "not-in-room", "{event}");
    }
    for client in [&mut ada, &mut ben, &mut cyd] {
        client.has_nothing().await;
    }
    assert_eq!(server.json("/api/status").await["node"]["rooms"], 2);
}
