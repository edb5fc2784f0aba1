//! Whom one has blocked one never meets again, also when one comes anew and after a restart; and who comes
//! with a token, while the stores take their time, over real sockets.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_core::UserId;
use liveloop_ports::{Archive, Directory, MemoryArchive, MemoryDirectory};
use liveloop_protocol::parse_id;
use serde_json::{Value, json};
use support::{Client, Server, pair, settings, unhurried::Unhurried};

fn token(client: &Client) -> String {
    client.welcome["token"].as_str().unwrap().to_owned()
}

fn user(client: &Client) -> UserId {
    UserId(parse_id(client.welcome["userId"].as_str().unwrap()).unwrap())
}

/// A server on these stores that knows nothing of those before it but what the stores have kept.
async fn anew(directory: &Arc<impl Directory + 'static>) -> Server {
    let archive: Arc<dyn Archive> = Arc::new(MemoryArchive::default());
    Server::start_after(None, settings(), (archive, directory.clone())).await
}

/// Ada blocks Ben in a call; their tokens.
async fn blocked(server: &Server) -> [String; 2] {
    let ((mut ada, for_ada), (ben, _)) = pair(server).await;
    let room = json!({"roomId": for_ada["roomId"]});
    assert_eq!(ada.ask("block-user", room).await["data"], json!({}));
    [token(&ada), token(&ben)]
}

#[tokio::test]
async fn a_block_holds_after_a_restart_whoever_asks_first() {
    let directory = Arc::new(MemoryDirectory::default());
    let tokens = blocked(&anew(&directory).await).await;
    for turn in [[0, 1], [1, 0]] {
        let server = anew(&directory).await;
        let [mut first, mut second] =
            [server.comes(&tokens[turn[0]]).await, server.comes(&tokens[turn[1]]).await];
        first.ask("request-room", json!({"autoNext": false})).await;
        second.ask("request-room", json!({"autoNext": false})).await;
        assert_eq!(second.until("waiting").await["waiting"], 2, "{turn:?}");
        // Anybody else they meet.
        for _ in turn {
            server.client().await.ask("request-room", json!({})).await;
        }
        for mut client in [first, second] {
            client.until("match-done").await;
        }
    }
}

#[tokio::test]
async fn blocks_are_known_before_what_is_said_right_behind_the_hello_is_heard() {
    let directory = Arc::new(Unhurried::here());
    let tokens = blocked(&anew(&directory).await).await;
    let server = anew(&directory).await;
    for _ in 0..10 {
        let mut clients = Vec::new();
        for token in &tokens {
            let mut client = server.announced().await;
            let hello = ("hello", json!({"token": token}));
            client.say_at_once(&[hello, ("request-room", json!({}))]).await;
            clients.push(client);
        }
        server.until_status("waiting", 2).await;
        for client in &mut clients {
            client.event("welcome").await;
            client.say("cancel-request", json!({})).await;
        }
        server.until_status("waiting", 0).await;
    }
    assert_eq!(server.json("/api/status").await["node"]["roomsCreated"], 0);
}

#[tokio::test]
async fn what_is_said_while_one_is_looked_up_acts_in_its_order_and_is_bounded() {
    let directory = Arc::new(Unhurried::here());
    let server = anew(&directory).await;
    let (id, token) = server.user("Ada").await;
    let mut client = server.announced().await;
    let long = "x".repeat(2_000);
    let mut events = vec![("hello", json!({"token": token}))];
    events.extend((0..4).map(|_| ("heartbeat", json!({}))));
    events.extend((0..40).map(|_| ("typing", json!({"typing": true, "padding": long}))));
    client.say_at_once(&events).await;
    // What finds no room is told so at once; the others are refused in their turn.
    let (mut welcome, mut refused) = (Value::Null, Vec::new());
    while refused.len() < 40 {
        let frame = client.frame().await;
        match frame["event"].as_str() {
            Some("welcome") => welcome = frame["data"].clone(),
            Some("error") => {
                let code = frame["data"]["code"].clone();
                assert!(code == "rate-limited" || !welcome.is_null(), "{frame}");
                refused.push(code);
            }
            _ => panic!("{frame}"),
        }
    }
    assert_eq!(welcome["userId"], json!(id));
    let bounded = refused.iter().filter(|code| **code == "rate-limited").count();
    assert!((5..40).contains(&bounded), "{bounded} of {refused:?}");
    client.ask("heartbeat", json!({})).await;
}

#[tokio::test]
async fn a_block_holds_while_the_store_fails_and_one_is_told_that_it_is_not_kept() {
    let directory = Arc::new(Unhurried::here());
    let server = anew(&directory).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let (ada_id, ben_id) = (user(&ada), user(&ben));
    let room = json!({"roomId": for_ada["roomId"]});
    directory.fail(true);
    let refused = ada.ask("block-user", room.clone()).await;
    let error = &refused["error"];
    assert_eq!(
        (&error["code"], &error["event"]),
        (&json!("store-unavailable"), &json!("block-user"))
    );
    assert!(error["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    ada.say("block-user", room.clone()).await;
    assert_eq!(ada.until("error").await["code"], "store-unavailable", "also without a number");
    ada.ask("stop-call", room.clone()).await;
    ben.until("stop-by-remote-user").await;
    ada.ask("request-room", json!({})).await;
    assert_eq!(ada.until("waiting").await["waiting"], 2, "it holds here all the same");
    directory.fail(false);
    assert_eq!(ada.ask("block-user", room.clone()).await["data"], json!({}));
    assert_eq!(directory.blocked_by(ada_id).await, Ok(vec![ben_id]));
    // Kept once is kept: the store is not asked again.
    directory.fail(true);
    assert_eq!(ada.ask("block-user", room).await["data"], json!({}));
}

#[tokio::test]
async fn while_the_stores_do_not_say_one_comes_in_with_ones_token() {
    let directory = Arc::new(Unhurried::here());
    let server = anew(&directory).await;
    let (id, token) = server.user("Ada").await;
    directory.fail(true);
    for mut client in [server.comes(&token).await, server.back(json!({"token": token})).await] {
        assert_eq!(client.welcome["userId"], json!(id));
        client.ask("request-room", json!({"roomId": "x"})).await;
    }
}

#[tokio::test]
async fn the_token_of_an_erased_visitor_is_worth_nothing() {
    let directory = Arc::new(MemoryDirectory::default());
    let server = anew(&directory).await;
    let (id, token) = server.user("Ada").await;
    directory.erase(UserId(parse_id(&id).unwrap())).await.unwrap();
    for hello in [json!({"token": token}), json!({"token": token, "resume": "none"})] {
        for is_announced in [true, false] {
            let mut client = match is_announced {
                true => server.announced().await,
                false => server.client().await,
            };
            client.say("hello", hello.clone()).await;
            while client.event("error").await["code"] != "bad-token" {}
            if is_announced || hello["resume"].is_string() {
                client.welcome = client.event("welcome").await;
            }
            assert_ne!(client.welcome["userId"], json!(id), "they go on as a stranger");
            client.set_last_ref();
            client.ask("request-room", json!({})).await;
            client.ask("cancel-request", json!({})).await;
        }
    }
}
