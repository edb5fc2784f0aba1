//! Two strangers meet, over real sockets: match, signals, texts, next, stop and loss.

mod support;

use serde_json::{Value, json};
use support::{Server, pair, settings};

#[tokio::test]
async fn a_fresh_visitor_is_welcomed_at_once() {
    let server = Server::start(settings()).await;
    let client = server.client().await;
    let welcome = &client.welcome;
    assert_eq!(welcome["resumed"], false);
    assert_eq!(welcome["state"], "idle");
    assert_eq!(welcome["node"], "node-under-test");
    assert_eq!(welcome["limits"]["message_chars"], 20);
    assert_eq!(welcome["heartbeat"], json!({"intervalMs": 60_000, "timeoutMs": 60_000}));
    for id in ["socketId", "userId"] {
        assert_eq!(welcome[id].as_str().map(str::len), Some(22), "{id}");
    }
    assert!(welcome["resume"].as_str().is_some_and(|secret| secret.len() >= 22));
    assert!(welcome.get("roomId").is_none());
}

#[tokio::test]
async fn two_strangers_meet() {
    let server = Server::start(settings()).await;
    let ((ada, for_ada), (ben, for_ben)) = pair(&server).await;
    assert_eq!(for_ada["roomId"], for_ben["roomId"]);
    assert_eq!((&for_ada["initiator"], &for_ben["initiator"]), (&json!(true), &json!(false)));
    assert_eq!(for_ada["remoteUserDetails"]["userName"], "Ben");
    assert_eq!(for_ben["remoteUserDetails"]["userName"], "Ada");
    assert_eq!(for_ada["remoteUserDetails"]["socket"], ben.welcome["socketId"]);
    let pseudonym = &for_ben["remoteUserDetails"]["userId"];
    assert_ne!(pseudonym, &ada.welcome["userId"], "a partner sees a pseudonym");
    assert_eq!(for_ada["mode"], "video");
    assert_eq!(for_ada["relayOnly"], false);
    let status = server.json("/api/status").await;
    assert_eq!(status["node"]["rooms"], 1);
    assert_eq!(status["node"]["roomsCreated"], 1);
    assert_eq!(status["cluster"]["nodes"], 1);
    assert_eq!(status["today"]["connections"], 2);
}

#[tokio::test]
async fn interests_in_common_and_a_picture_are_told() {
    let server = Server::start(settings()).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    let image = "data:image/png;base64,iVBORw0KGgo=";
    ada.ask("request-room", json!({"interests": ["Chess", "go"], "userImage": image})).await;
    ben.say("request-room", json!({"interests": ["tea", " chess "]})).await;
    let for_ben = ben.until("match-done").await;
    assert_eq!(for_ben["commonInterests"], json!(["chess"]));
    assert_eq!(for_ben["remoteUserDetails"]["userImage"], image);
    assert_eq!(ada.until("match-done").await["remoteUserDetails"]["userName"], "Stranger");
}

#[tokio::test]
async fn who_waits_is_told_so() {
    let server = Server::start(settings()).await;
    let mut ada = server.client().await;
    ada.say("request-room", json!({})).await;
    let waiting = ada.event("waiting").await;
    assert_eq!(waiting, json!({"message": "Waiting for a partner...", "waiting": 1}));
    ada.ask("cancel-request", json!({})).await;
    server.until_status("waiting", 0).await;
}

#[tokio::test]
async fn signals_reach_the_partner_unchanged_and_in_order() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (mut ben, for_ben)) = pair(&server).await;
    let room = &for_ada["roomId"];
    let offer = json!({"type": "offer", "sdp": "v=0\r\no=- \u{e9}"});
    ada.say("negotiation-call-offer", json!({"offer": offer, "roomId": room})).await;
    let candidate = json!({"candidate": "c", "sdpMid": null});
    let to = &for_ada["remoteUserDetails"]["socket"];
    ada.say("send-new-ice-candidates", json!({"candidate": candidate, "roomId": room, "to": to}))
        .await;
    ada.say("send-new-ice-candidates", json!({"candidates": [candidate, null]})).await;
    ada.say("send-new-ice-candidates", json!({"candidate": null, "roomId": room})).await;

    let frame = ben.frame().await;
    assert_eq!(frame["event"], "negotiation-call-offer");
    assert_eq!(frame["n"], 2, "the match was the first that is numbered");
    assert_eq!(frame["data"]["offer"], offer);
    assert_eq!(frame["data"]["roomId"], *room);
    let from = json!({"socket": ada.welcome["socketId"], "userName": "Ada"});
    assert_eq!(frame["data"]["remoteUserDetails"], from);
    let one = ben.event("new-ice-candidates").await;
    assert_eq!(one["candidate"], candidate);
    assert_eq!(one["remoteSocketId"], ada.welcome["socketId"]);
    assert_eq!(ben.event("new-ice-candidates").await["candidates"], json!([candidate, null]));
    let end = ben.event("new-ice-candidates").await;
    assert_eq!(end.get("candidate"), Some(&Value::Null));

    let ans = json!({"type": "answer", "sdp": ""});
    let ack = ben
        .ask(
            "negotiation-call-answer",
            json!({"ans": ans, "remoteSocketId": for_ben["remoteUserDetails"]["socket"]}),
        )
        .await;
    assert_eq!(ack["data"], json!({}));
    let answer = ada.event("negotiation-call-answer").await;
    assert_eq!(answer["ans"], ans);
    assert_eq!(answer["name"], "Ben");
}

#[tokio::test]
async fn texts_are_acknowledged_and_a_repeat_stores_nothing() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (mut ben, for_ben)) = pair(&server).await;
    let text = json!({"message": " hello ", "roomId": for_ada["roomId"], "clientId": "c1"});
    let first = ada.ask("newMessage", text.clone()).await;
    assert_eq!(first["data"]["seq"], 1);
    let heard = ben.event("newMessage").await;
    assert_eq!(heard["message"], "hello");
    assert_eq!(heard["messageId"], first["data"]["messageId"]);
    assert_eq!(heard["timestamp"], first["data"]["timestamp"]);
    assert_eq!(heard["from"], ada.welcome["socketId"]);
    assert_eq!(heard["userId"], for_ben["remoteUserDetails"]["userId"]);
    assert_eq!(heard["clientId"], "c1");
    let again = ada.ask("newMessage", text).await;
    assert_eq!(again["data"], first["data"]);
    ben.has_nothing().await;
    let reply = ben.ask("newMessage", json!({"message": "hi", "clientId": "c1"})).await;
    assert_eq!(reply["data"]["seq"], 2);
    assert_eq!(ada.event("newMessage").await["seq"], 2);
    ada.ask("typing", json!({"typing": true})).await;
    let typing = ben.event("typing").await;
    assert_eq!((&typing["typing"], &typing["userId"]), (&json!(true), &heard["userId"]));
    assert_eq!(server.json("/api/status").await["node"]["messagesExchanged"], 2);
}

#[tokio::test]
async fn next_with_a_third_waiting() {
    let server = Server::start(settings()).await;
    let ((mut ada, first), (mut ben, _)) = pair(&server).await;
    let mut cyd = server.client().await;
    cyd.ask("request-room", json!({"name": "Cyd"})).await;
    ada.ask("request-room", json!({"name": "Ada", "roomId": first["roomId"]})).await;
    let left = ben.event("stop-by-remote-user").await;
    assert_eq!(left, json!({"roomId": first["roomId"], "reason": "next"}));
    let second = ben.event("match-done").await;
    assert_eq!(second["remoteUserDetails"]["userName"], "Cyd");
    assert_eq!(cyd.until("match-done").await["initiator"], true);
    assert_eq!(ada.event("waiting").await["waiting"], 1);
    cyd.ask("request-room", json!({"roomId": second["roomId"]})).await;
    assert_eq!(ben.event("stop-by-remote-user").await["roomId"], second["roomId"]);
    let third = ada.event("match-done").await;
    assert_ne!(third["roomId"], second["roomId"]);
    assert_eq!(third["roomId"], ben.event("match-done").await["roomId"]);
}

#[tokio::test]
async fn stop_leaves_and_a_lost_socket_does_too() {
    let server = Server::start(settings()).await;
    let ((mut ada, first), (mut ben, _)) = pair(&server).await;
    ada.ask("stop-call", json!({"roomId": first["roomId"]})).await;
    assert_eq!(ben.event("stop-by-remote-user").await["reason"], "stopped");
    assert_eq!(ada.ask("stop-call", json!({"roomId": first["roomId"]})).await["data"], json!({}));
    ada.ask("request-room", json!({})).await;
    ben.until("match-done").await;
    ada.socket.close(None).await.unwrap();
    drop(ada);
    ben.event("partner-away").await;
    assert_eq!(ben.event("stop-by-remote-user").await["reason"], "disconnected");
    assert_eq!(ben.event("waiting").await["waiting"], 1);
    server.until_status("activeConnections", 1).await;
    drop(ben);
    server.until_status("activeConnections", 0).await;
    server.until_status("waiting", 0).await;
    server.until_status("rooms", 0).await;
}

#[tokio::test]
async fn a_token_brings_the_visitor_back() {
    let server = Server::start(settings()).await;
    let mut first = server.client().await;
    first.say("hello", json!({"name": "Ada"})).await;
    let named = first.event("welcome").await;
    assert_eq!(named["userId"], first.welcome["userId"]);
    let mut second = server.client().await;
    second.say("hello", json!({"token": named["token"]})).await;
    let back = second.event("welcome").await;
    assert_eq!(back["userId"], first.welcome["userId"]);
    assert_eq!(back["socketId"], second.welcome["socketId"]);
    second.ask("request-room", json!({})).await;
    let mut partner = server.client().await;
    partner.say("request-room", json!({})).await;
    let name = &partner.until("match-done").await["remoteUserDetails"]["userName"];
    assert_eq!(name, "Ada", "the name is in the token");
}

#[tokio::test]
async fn a_bad_token_and_a_lost_session_go_on_as_a_fresh_visitor() {
    let server = Server::start(settings()).await;
    let mut client = server.client().await;
    client.say("hello", json!({"token": "1.forged.token"})).await;
    assert_eq!(client.event("error").await["code"], "bad-token");
    client.has_nothing().await;
    client.say("hello", json!({})).await;
    assert_eq!(client.event("error").await["code"], "not-allowed", "only as the first frame");

    let mut client = server.client().await;
    let token = client.welcome["token"].take();
    client.say("hello", json!({"resume": "old", "token": token})).await;
    assert_eq!(client.event("error").await["code"], "resume-expired");
    let welcome = client.event("welcome").await;
    assert_eq!(
        (&welcome["userId"], &welcome["resumed"]),
        (&client.welcome["userId"], &json!(false))
    );

    let mut client = server.client().await;
    client.say("hello", json!({"resume": "old"})).await;
    assert_eq!(client.event("error").await["code"], "resume-expired");
    assert_eq!(client.event("welcome").await["socketId"], client.welcome["socketId"]);
    client.has_nothing().await;
}

#[tokio::test]
async fn windows_of_one_visitor_meet_only_where_the_site_says_so() {
    let mut apart = settings();
    apart.matching.same_visitor = false;
    let server = Server::start(apart).await;
    let (mut one, mut two) = (server.client().await, server.client().await);
    two.say("hello", json!({"token": one.welcome["token"]})).await;
    two.event("welcome").await;
    one.ask("request-room", json!({})).await;
    two.ask("request-room", json!({})).await;
    assert_eq!(two.event("waiting").await["waiting"], 2);
    let mut other = server.client().await;
    other.say("request-room", json!({})).await;
    other.event("match-done").await;
    one.until("match-done").await;
}

#[tokio::test]
async fn what_is_said_before_stopping_is_heard() {
    let server = Server::start(settings()).await;
    // Pairs on one thread and on two.
    for _ in 0..3 {
        let ((mut ada, _), (mut ben, _)) = support::pair(&server).await;
        let said = ("newMessage", json!({"message": "bye"}));
        ada.say_at_once(&[said, ("stop-call", json!({}))]).await;
        assert_eq!(ben.event("newMessage").await["message"], "bye");
        ben.event("stop-by-remote-user").await;
        let _alone = server.client().await;
    }
}
