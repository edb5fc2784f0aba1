//! What is said is kept, over real sockets: who is its author, who may read it, how long it stays, and what
//! happens while the store does not work.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use liveloop_core::{RoomId, UserId};
use liveloop_gateway::settings::{Settings, Span, Store};
use liveloop_ports::{
    Appending, Archive, Cause, ChannelKind, Directory, DirectoryError, Health, MemoryArchive,
    MemoryDirectory, Page, PageLimit, Span as Which, Unavailable, conformance::HeldArchive,
};
use liveloop_protocol::{format_id, parse_id};
use serde_json::{Value, json};
use support::{Client, PATIENCE, Server, pair, settings, unhurried::Unhurried};

/// One that can be told to fail.
fn fragile() -> (Arc<HeldArchive>, Arc<AtomicBool>) {
    let fails = Arc::<AtomicBool>::default();
    let why = || Unavailable::new(Cause::Full, "no room in /a/file");
    let (on_append, on_health) = (Arc::clone(&fails), Arc::clone(&fails));
    let archive = HeldArchive::new(move |answer| match on_append.load(Relaxed) {
        true => Appending::Now(Err(why().into())),
        false => answer,
    });
    let archive = archive.with_health(move || match on_health.load(Relaxed) {
        true => Health::Down(why()),
        false => Health::Ready,
    });
    (Arc::new(archive), fails)
}

async fn say(client: &mut Client, message: &str) -> Value {
    client.ask("newMessage", json!({"message": message})).await
}

fn room_of(match_done: &Value) -> RoomId {
    RoomId(parse_id(match_done["roomId"].as_str().unwrap()).unwrap())
}

async fn newest(archive: &dyn Archive, room: RoomId) -> Page {
    archive.page(room, Which::Newest, PageLimit::default()).await.unwrap()
}

#[tokio::test]
async fn while_the_store_fails_senders_are_told_and_calls_go_on() {
    let (archive, fails) = fragile();
    let directory = Arc::new(MemoryDirectory::default());
    let server = Server::start_with_store(settings(), archive, directory).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let group = support::group(&server, ada.welcome["token"].as_str().unwrap()).await;
    ada.ask("join-room", json!({"roomId": group})).await;
    fails.store(true, Relaxed);
    for room in [for_ada["roomId"].as_str().unwrap(), &group] {
        let refused = ada
            .ask("newMessage", json!({"message": "hm?", "clientId": "c1", "roomId": room}))
            .await;
        let error = &refused["error"];
        assert_eq!(
            (&error["code"], &error["category"]),
            (&json!("store-unavailable"), &json!("system"))
        );
        assert_eq!((&error["event"], &error["roomId"]), (&json!("newMessage"), &json!(room)));
        assert!(error["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{error}");
        assert!(!refused.to_string().contains("/a/file"), "why, only the log is told");
    }
    ada.say("send-new-ice-candidates", json!({"candidate": {"candidate": ""}})).await;
    ben.until("new-ice-candidates").await;
    ben.has_nothing().await;
    let health = server.http("GET /health", "").await;
    assert!(health.starts_with("HTTP/1.1 200"), "calls go on: {health}");
    let health = server.json("/health").await;
    assert_eq!(
        (&health["status"], &health["services"]["store"]),
        (&json!("degraded"), &json!("down"))
    );
    assert!(server.metric("liveloop_store_up").await < 1.0);
    server.until_metric(r#"liveloop_store_errors_total{cause="full"}"#, 2.0).await;
    fails.store(false, Relaxed);
    // This store had kept it all the same: then it is told once, as if it were new.
    let again = json!({"message": "hm?", "clientId": "c1", "roomId": for_ada["roomId"]});
    for _ in 0..2 {
        assert_eq!(ada.ask("newMessage", again.clone()).await["data"]["seq"], 1);
    }
    assert_eq!(ben.until("newMessage").await["message"], "hm?");
    ben.has_nothing().await;
    let health = server.json("/health").await;
    assert_eq!(
        (&health["status"], &health["services"]["store"]),
        (&json!("healthy"), &json!("ready"))
    );
    assert!(server.metric("liveloop_store_up").await > 0.0);
}

#[tokio::test]
async fn a_store_that_is_being_checked_works_and_is_told_of() {
    let archive = HeldArchive::new(|answer| answer).with_health(|| Health::Checking);
    let directory = Arc::new(MemoryDirectory::default());
    let server = Server::start_with_store(settings(), Arc::new(archive), directory).await;
    let health = server.json("/health").await;
    assert_eq!(
        (&health["status"], &health["services"]["store"]),
        (&json!("degraded"), &json!("ready"))
    );
    let ((mut ada, _), _) = pair(&server).await;
    assert_eq!(say(&mut ada, "hello").await["data"]["seq"], 1);
}

#[tokio::test]
async fn what_is_said_in_a_call_is_kept_for_those_two_under_their_lasting_ids() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let server = Server::start_with_store(settings(), archive.clone(), directory.clone()).await;
    let ((mut ada, for_ada), (mut ben, for_ben)) = pair(&server).await;
    let room = room_of(&for_ada);
    let unknown = directory.channel(room).await;
    assert_eq!(unknown, Err(DirectoryError::NotFound), "a call in which nothing is said");
    say(&mut ada, "hello").await;
    let heard = ben.until("newMessage").await;
    let pseudonym = &for_ben["remoteUserDetails"]["userId"];
    assert_eq!((&heard["userId"], &heard["name"]), (pseudonym, &json!("Ada")));
    assert_eq!(say(&mut ben, "yes?").await["data"]["seq"], 2);
    let found = directory.channel(room).await.unwrap();
    assert_eq!((found.channel.kind, found.count), (ChannelKind::Call, 2));
    assert!(!found.channel.is_public && found.channel.creator.is_none());
    for (client, kept) in [&ada, &ben].into_iter().zip(newest(&*archive, room).await.messages) {
        let user = kept.user.unwrap();
        assert_eq!(*format_id(user.0), *client.welcome["userId"].as_str().unwrap());
        assert!(directory.member(room, user).await.is_ok());
        let body = kept.body.unwrap();
        assert_eq!(*format_id(body.from.0), *client.welcome["socketId"].as_str().unwrap());
        let said = if user == UserId(parse_id(ada.welcome["userId"].as_str().unwrap()).unwrap()) {
            ("Ada", "hello")
        } else {
            ("Ben", "yes?")
        };
        assert_eq!((&*body.name, &*body.text), said);
    }
}

#[tokio::test]
async fn two_windows_of_one_visitor_are_one_member() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let server = Server::start_with_store(settings(), archive, directory.clone()).await;
    let mut first = server.client().await;
    let token = first.welcome["token"].clone();
    let mut second = server.back(json!({"token": token})).await;
    let (for_first, _) = support::meet(&mut first, &mut second).await;
    assert_eq!(say(&mut first, "me again").await["data"]["seq"], 1);
    assert_eq!(directory.channel(room_of(&for_first)).await.unwrap().count, 1);
}

#[tokio::test]
async fn in_a_group_the_author_is_the_one_whom_all_see() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let server = Server::start_with_store(settings(), archive.clone(), directory).await;
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    let group = support::group(&server, ada.welcome["token"].as_str().unwrap()).await;
    for client in [&mut ada, &mut ben] {
        client.ask("join-room", json!({"roomId": group})).await;
    }
    ada.ask("newMessage", json!({"message": "all?", "roomId": group, "clientId": "c1"})).await;
    let heard = ben.until("newMessage").await;
    let page = newest(&*archive, RoomId(parse_id(&group).unwrap())).await;
    let kept = &page.messages[0];
    assert_eq!(*format_id(kept.user.unwrap().0), *heard["userId"].as_str().unwrap());
    let body = kept.body.as_ref().unwrap();
    assert_eq!(*format_id(body.from.0), *heard["from"].as_str().unwrap());
    assert_eq!((&*body.name, &*body.text), ("Stranger", "all?"));
    assert_eq!(kept.client_id.as_deref(), Some("c1"));
}

#[tokio::test]
async fn what_was_said_in_calls_goes_when_its_time_is_over() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let store = Store { retention_calls: Span::millis(800), ..Store::default() };
    let settings = Settings { store, ..settings() };
    let server = Server::start_with_store(settings, archive.clone(), directory.clone()).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let group = support::group(&server, ada.welcome["token"].as_str().unwrap()).await;
    ada.ask("join-room", json!({"roomId": group})).await;
    say(&mut ada, "soon gone").await;
    ada.ask("newMessage", json!({"message": "to stay", "roomId": group})).await;
    let room = room_of(&for_ada);
    let until_empty = async || {
        while !newest(&*archive, room).await.messages.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_empty()).await.expect("it is removed");
    // The call goes on, longer than what is said in it is kept: what comes later is kept as long.
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert_eq!(say(&mut ada, "and this").await["data"]["seq"], 2);
    assert_eq!(ben.until("newMessage").await["seq"], 1);
    assert_eq!(ben.until("newMessage").await["message"], "and this");
    let page = support::reading::history(&mut ben, json!({"roomId": for_ada["roomId"]})).await;
    assert_eq!(page["messages"][0]["message"], "and this");
    ben.ask("stop-call", json!({})).await;
    let until_forgotten = async {
        until_empty().await;
        while directory.channel(room).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_forgotten).await.expect("it is forgotten");
    let kept = newest(&*archive, RoomId(parse_id(&group).unwrap())).await;
    assert_eq!(kept.messages.len(), 1, "channels are kept");
}

#[tokio::test]
async fn that_the_directory_fails_is_counted_too() {
    let directory = Arc::new(Unhurried::here());
    let server = Server::start_with_directory(settings(), directory.clone()).await;
    let (_, token) = server.user("Ada").await;
    directory.fail(true);
    for request in ["GET /api/rooms", "GET /api/users/me/rooms", "POST /api/users"] {
        let (status, problem) = server.rest(request, Some(&token), "{}").await;
        assert_eq!((status, &problem["code"]), (503, &json!("store-unavailable")));
        assert!(!problem.to_string().contains("/a/file"), "why, only the log is told");
    }
    server.until_metric(r#"liveloop_store_errors_total{cause="io"}"#, 3.0).await;
}
