//! Who is online, over real sockets: for fellow members of a channel, and nobody else.

#![allow(clippy::unwrap_used)]

mod support;

use liveloop_gateway::settings::Settings;
use serde_json::{Value, json};
use support::{Client, Server, group, pair, settings};

/// Two who share a channel: each one's `userId` and token.
async fn fellows(server: &Server) -> [(String, String); 2] {
    let (ada, ben) = (server.user("Ada").await, server.user("Ben").await);
    let room = group(server, &ada.1).await;
    let mut client = server.comes(&ben.1).await;
    client.ask("join-room", json!({"roomId": room})).await;
    drop(client);
    server.until_status("activeConnections", 0).await;
    [ada, ben]
}

async fn watch(client: &mut Client, users: &[&str]) -> Value {
    let ack = client.ask("watch-presence", json!({"userIds": users})).await;
    assert!(ack["error"].is_null(), "{ack}");
    ack["data"]["online"].clone()
}

#[tokio::test]
async fn one_is_online_while_any_of_their_connections_lives() {
    for threads in [1, 3] {
        let mut quick = Settings { threads, ..settings() };
        quick.session.grace = liveloop_gateway::settings::Span::millis(0);
        let server = Server::start(quick).await;
        let [(_, ada), (ben_id, ben)] = fellows(&server).await;
        let mut ada = server.comes(&ada).await;
        assert_eq!(watch(&mut ada, &[&ben_id]).await, json!({&ben_id: false}));
        let (here, there) = (server.comes(&ben).await, server.comes(&ben).await);
        assert_eq!(ada.event("presence").await, json!({"userId": ben_id, "online": true}));
        drop(here);
        server.until_status("activeConnections", 2).await;
        ada.has_nothing().await;
        drop(there);
        assert_eq!(ada.event("presence").await, json!({"userId": ben_id, "online": false}));
        ada.has_nothing().await;
    }
}

#[tokio::test]
async fn a_list_replaces_the_former_one_and_is_for_fellows_alone() {
    let server = Server::start(settings()).await;
    let [(ada_id, ada), (ben_id, ben)] = fellows(&server).await;
    let (cyd_id, cyd) = server.user("Cyd").await;
    let mut ada = server.comes(&ada).await;
    let both = json!({&ada_id: true, &ben_id: false});
    assert_eq!(watch(&mut ada, &[&ben_id, &ada_id, &ben_id]).await, both);
    for users in [[&ben_id, &cyd_id], [&cyd_id, &cyd_id]] {
        assert_eq!(ada.refusal("watch-presence", json!({"userIds": users})).await, "not-allowed");
    }
    assert_eq!(ada.refusal("watch-presence", json!({"userIds": ["no id"]})).await, "not-allowed");
    let four = json!({"userIds": [ben_id, ben_id, ben_id, ben_id]});
    assert_eq!(ada.refusal("watch-presence", four).await, "too-long");
    let _cyd = server.comes(&cyd).await;
    // What was refused has changed nothing.
    let of_ben = server.comes(&ben).await;
    assert_eq!(ada.event("presence").await, json!({"userId": ben_id, "online": true}));
    assert_eq!(watch(&mut ada, &[]).await, json!({}));
    drop(of_ben);
    server.until_status("activeConnections", 2).await;
    ada.has_nothing().await;
}

#[tokio::test]
async fn rest_tells_fellows_the_same() {
    let server = Server::start(settings()).await;
    let [(ada_id, ada), (ben_id, ben)] = fellows(&server).await;
    let (_, cyd) = server.user("Cyd").await;
    let ask = async |user: &str, token: Option<&str>| {
        server.rest(&format!("GET /api/users/{user}/presence"), token, "").await
    };
    let offline = json!({"userId": ben_id, "online": false});
    assert_eq!(ask(&ben_id, Some(&ada)).await, (200, offline));
    let _ben = server.comes(&ben).await;
    let online = json!({"userId": ben_id, "online": true});
    // It is told by post.
    while ask(&ben_id, Some(&ada)).await != (200, online.clone()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&ada_id, Some(&ada)).await.1["online"], false);
    for (user, token) in [(ada_id.as_str(), &cyd), ("no-id", &ada), ("%ff", &ada)] {
        let (status, problem) = ask(user, Some(token)).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")), "{user}");
    }
    assert_eq!(ask(&ben_id, None).await.0, 401);
}

#[tokio::test]
async fn a_stranger_is_not_counted_until_they_join_a_channel() {
    let server = Server::start(settings()).await;
    let [(_, ada), _] = fellows(&server).await;
    let room = group(&server, &ada).await;
    let mut ada = server.comes(&ada).await;
    let mut eve = server.client().await;
    let eve_id = eve.welcome["userId"].as_str().unwrap().to_owned();
    let watching = json!({"userIds": [eve_id]});
    assert_eq!(ada.refusal("watch-presence", watching).await, "not-allowed");
    eve.ask("join-room", json!({"roomId": room})).await;
    // It is told by post.
    while watch(&mut ada, &[&eve_id]).await != json!({&eve_id: true}) {
        tokio::task::yield_now().await;
    }
    eve.lose();
    let heard = ada.until("presence").await;
    assert_eq!(heard, json!({"userId": eve_id, "online": false}), "also within the grace");
}

#[tokio::test]
async fn one_who_comes_back_is_told_afresh_who_is_online() {
    let server = Server::start(support::patient()).await;
    let [(_, ada), (ben_id, ben)] = fellows(&server).await;
    let room = group(&server, &ada).await;
    let mut ada = server.comes(&ada).await;
    ada.ask("join-room", json!({"roomId": room})).await;
    let of_ben = server.comes(&ben).await;
    while watch(&mut ada, &[&ben_id]).await != json!({&ben_id: true}) {
        tokio::task::yield_now().await;
    }
    let lost = ada.welcome.clone();
    ada.lose();
    server.until_status("activeConnections", 1).await;
    drop(of_ben);
    server.until_status("activeConnections", 0).await;
    let mut ada = server.back(json!({"resume": lost["resume"]})).await;
    assert_eq!(ada.until("presence").await, json!({"userId": ben_id, "online": false}));
    let _ben = server.comes(&ben).await;
    assert_eq!(ada.event("presence").await, json!({"userId": ben_id, "online": true}));
}

#[tokio::test]
async fn in_a_call_nobody_is_watched() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (ben, _)) = pair(&server).await;
    let pseudonym = for_ada["remoteUserDetails"]["userId"].clone();
    for user in [&pseudonym, &ben.welcome["userId"]] {
        assert_ne!(user, &Value::Null);
        assert_eq!(ada.refusal("watch-presence", json!({"userIds": [user]})).await, "not-allowed");
    }
    assert_ne!(pseudonym, ben.welcome["userId"]);
}
