//! Groups over real sockets: made by REST, joined and spoken in by WebSocket.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use liveloop_gateway::settings::Settings;
use liveloop_ports::{Appending, Archive, MemoryArchive, conformance::HeldArchive};
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{Client, Server, settings, with_limits};
use tokio::{net::TcpListener, runtime::Handle};
use tokio_tungstenite::tungstenite::Message;

async fn post(server: &Server, path: &str, token: Option<&str>, body: &str) -> (u16, Value) {
    server.rest(&format!("POST {path}"), token, body).await
}

async fn user(server: &Server, name: &str) -> (String, String) {
    server.user(name).await
}

async fn group(server: &Server, token: &str, more: Value) -> String {
    let mut body = json!({"kind": "group", "name": "Chess", "public": true});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, room) = post(server, "/api/rooms", Some(token), &body.to_string()).await;
    assert_eq!(status, 201, "{room}");
    room["roomId"].as_str().unwrap().to_owned()
}

/// A client that has signed in, and its visitor's id.
async fn signed_in(server: &Server, name: &str) -> (Client, String) {
    let (user_id, token) = user(server, name).await;
    let mut client = server.client().await;
    client.say("hello", json!({"token": token})).await;
    assert_eq!(client.event("welcome").await["userId"], user_id.as_str());
    (client, user_id)
}

#[tokio::test]
async fn what_one_says_all_others_who_listen_hear_once_and_in_order() {
    let server = Server::start(settings()).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    let mut members = Vec::new();
    for name in ["Ben", "Cyd", "Dan", "Eve"] {
        let (mut client, user_id) = signed_in(&server, name).await;
        let ack = client.ask("join-room", json!({"roomId": room})).await["data"].take();
        assert_eq!(ack["count"], members.len() + 2, "the creator is a member");
        assert_eq!((&ack["kind"], &ack["name"]), (&json!("group"), &json!("Chess")));
        assert_eq!(ack["lastSeq"], 0);
        members.push((client, user_id));
    }
    let (mut ben, ben_id) = members.remove(0);
    for seq in 1..=10 {
        let said =
            json!({"message": format!("move {seq}"), "roomId": room, "clientId": seq.to_string()});
        assert_eq!(ben.ask("newMessage", said.clone()).await["data"]["seq"], seq);
        assert_eq!(ben.ask("newMessage", said).await["data"]["seq"], seq, "a repeat");
    }
    for (client, _) in &mut members {
        for seq in 1..=10 {
            let heard = client.until("newMessage").await;
            assert_eq!(heard["seq"], seq);
            assert_eq!(heard["message"], format!("move {seq}"));
            assert_eq!((&heard["userId"], &heard["name"]), (&json!(ben_id), &json!("Ben")));
            assert_eq!(heard["roomId"], room.as_str());
            assert_ne!(heard["from"], ben.welcome["socketId"], "an id of this group alone");
        }
        client.ask("heartbeat", json!({})).await;
    }
    let (mut late, _) = signed_in(&server, "Fay").await;
    assert_eq!(late.ask("join-room", json!({"roomId": room})).await["data"]["lastSeq"], 10);
    members[0].0.ask("typing", json!({"roomId": room, "typing": true})).await;
    assert_eq!(late.until("typing").await["userId"], members[0].1.as_str());
}

#[tokio::test]
async fn who_has_left_or_gone_hears_and_says_nothing_more() {
    let server = Server::start(settings()).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    let ((mut ben, _), (mut cyd, _)) =
        (signed_in(&server, "Ben").await, signed_in(&server, "Cyd").await);
    assert_eq!(
        ben.refusal("newMessage", json!({"message": "hi", "roomId": room})).await,
        "not-in-room"
    );
    assert_eq!(ben.refusal("typing", json!({"typing": true, "roomId": room})).await, "not-in-room");
    for client in [&mut ben, &mut cyd] {
        client.ask("join-room", json!({"roomId": room})).await;
        client.ask("join-room", json!({"roomId": room})).await;
    }
    // Signals go to the partner of a call only.
    assert_eq!(
        ben.refusal("negotiation-call-offer", json!({"offer": {}, "roomId": room})).await,
        "not-in-room"
    );
    assert_eq!(ben.refusal("stop-call", json!({"roomId": room})).await, "not-in-room");
    cyd.ask("leave-room", json!({"roomId": room})).await;
    assert_eq!(cyd.refusal("leave-room", json!({"roomId": room})).await, "not-in-room");
    ben.ask("newMessage", json!({"message": "alone", "roomId": room})).await;
    cyd.ask("heartbeat", json!({})).await;
    assert_eq!(
        cyd.refusal("newMessage", json!({"message": "hi", "roomId": room})).await,
        "not-in-room"
    );
    let mut members = cyd.ask("join-room", json!({"roomId": room})).await;
    assert_eq!(members["data"]["count"].take(), 3);
    drop(ben);
    server.until_status("activeConnections", 1).await;
    assert_eq!(
        cyd.ask("newMessage", json!({"message": "still", "roomId": room})).await["data"]["seq"],
        2
    );
}

#[tokio::test]
async fn a_call_goes_on_beside_a_group() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (mut ben, _)) = support::pair(&server).await;
    let (_, token) = user(&server, "Cyd").await;
    let room = group(&server, &token, json!({})).await;
    ada.ask("join-room", json!({"roomId": room})).await;
    ada.ask("newMessage", json!({"message": "to the group", "roomId": room})).await;
    ada.ask("newMessage", json!({"message": "to Ben"})).await;
    let heard = ben.event("newMessage").await;
    assert_eq!((&heard["message"], &heard["roomId"]), (&json!("to Ben"), &for_ada["roomId"]));
    assert_eq!(heard["seq"], 1);
}

#[tokio::test]
async fn what_is_not_for_one_is_not_there() {
    let limits = Limits { group_members: 3, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    let (_, token) = user(&server, "Ada").await;
    let private = group(&server, &token, json!({"public": false})).await;
    let small = group(&server, &token, json!({"capacity": 2})).await;
    let ((mut ben, _), (mut cyd, _)) =
        (signed_in(&server, "Ben").await, signed_in(&server, "Cyd").await);
    for room in [private.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no id at all"] {
        assert_eq!(ben.refusal("join-room", json!({"roomId": room})).await, "room-not-found");
    }
    ben.ask("join-room", json!({"roomId": small})).await;
    assert_eq!(cyd.refusal("join-room", json!({"roomId": small})).await, "room-full");
    let (status, problem) = post(&server, "/api/rooms", Some(&token), r#"{"kind":"group"}"#).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")), "two for each visitor");
    let mut owner = server.client().await;
    owner.say("hello", json!({"token": token})).await;
    owner.event("welcome").await;
    assert_eq!(owner.ask("join-room", json!({"roomId": private})).await["data"]["count"], 1);
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let server = Server::start(settings()).await;
    let (_, token) = user(&server, "Ada").await;
    for (path, bearer, body, status, code, field) in [
        ("/api/users", None, "[]", 400, "bad-payload", None),
        ("/api/users", None, "{\"name\":7}", 400, "bad-payload", Some("name")),
        ("/api/users", None, "{\"name\":\"far too long a name\"}", 400, "too-long", Some("name")),
        ("/api/users", None, "{} {}", 400, "bad-payload", None),
        ("/api/rooms", None, "{\"kind\":\"group\"}", 401, "bad-token", None),
        ("/api/rooms", Some("1.forged.token"), "{\"kind\":\"group\"}", 401, "bad-token", None),
        ("/api/rooms", Some(token.as_str()), "{}", 400, "bad-payload", None),
        (
            "/api/rooms",
            Some(token.as_str()),
            "{\"kind\":\"direct\"}",
            400,
            "bad-payload",
            Some("userId"),
        ),
        (
            "/api/rooms",
            Some(token.as_str()),
            "{\"kind\":\"call\"}",
            400,
            "bad-payload",
            Some("kind"),
        ),
        (
            "/api/rooms",
            Some(token.as_str()),
            "{\"kind\":\"group\",\"capacity\":0}",
            400,
            "bad-payload",
            Some("capacity"),
        ),
        (
            "/api/rooms",
            Some(token.as_str()),
            "{\"kind\":\"group\",\"capacity\":-1}",
            400,
            "bad-payload",
            Some("capacity"),
        ),
    ] {
        let (seen, problem) = post(&server, path, bearer, body).await;
        assert_eq!((seen, problem["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(problem["field"].as_str(), field, "{body}");
    }
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(5_000));
    assert_eq!(post(&server, "/api/users", None, &long).await.0, 413);
}

#[tokio::test]
async fn visitors_have_a_rate() {
    let limits = Limits { users_per_address_per_minute_burst: 2, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    user(&server, "Ada").await;
    user(&server, "Ben").await;
    let (status, problem) = post(&server, "/api/users", None, "").await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate-limited")));
    assert!(problem["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 2_000));
}

#[tokio::test]
async fn a_stuck_reader_among_many_is_cut_and_the_others_hear_everything() {
    let limits = Limits {
        outbox_bytes: 100_000,
        messages_per_second: 0,
        events_per_second: 0,
        message_chars: 1_000,
        ..Limits::for_testing()
    };
    let server = Server::start(with_limits(limits)).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    let mut speaker = server.client().await;
    let mut listener = server.client().await;
    let mut stuck = server.client().await;
    for client in [&mut speaker, &mut listener, &mut stuck] {
        client.ask("join-room", json!({"roomId": room})).await;
    }
    let text = "x".repeat(1_000);
    let mut seq = 0;
    while server.json("/api/status").await["node"]["activeConnections"] == 3 {
        for _ in 0..500 {
            seq += 1;
            let said = json!({"message": text, "roomId": room});
            assert_eq!(speaker.ask("newMessage", said).await["data"]["seq"], seq);
            assert_eq!(listener.until("newMessage").await["seq"], seq);
        }
    }
    // It was given time to read why; now it finds what the kernel still had, and the end.
    while let Some(Ok(_)) = stuck.socket.next().await {}
}

#[tokio::test]
async fn what_is_said_before_leaving_is_heard() {
    let server = Server::start(settings()).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    // Whichever thread the two are on.
    let mut listeners = [server.client().await, server.client().await];
    for listener in &mut listeners {
        listener.ask("join-room", json!({"roomId": room})).await;
    }
    let mut speaker = server.client().await;
    for round in 0..3 {
        speaker.ask("join-room", json!({"roomId": room})).await;
        let said = json!({"message": format!("bye {round}"), "roomId": room});
        let events = [("newMessage", said), ("leave-room", json!({"roomId": room}))];
        speaker.say_at_once(&events).await;
        for listener in &mut listeners {
            assert_eq!(listener.until("newMessage").await["message"], format!("bye {round}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_falls_between_joining_and_listening() {
    let limits = Limits { events_per_second: 0, messages_per_second: 0, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    let mut joiners = [server.client().await, server.client().await];
    // One on each thread.
    let mut speaking = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let mut speaker = server.client().await;
        speaker.ask("join-room", json!({"roomId": room})).await;
        let said = json!({"message": "and on", "roomId": room});
        speaking.spawn(async move {
            loop {
                speaker.say_at_once(&vec![("newMessage", said.clone()); 8]).await;
                speaker.ask("heartbeat", json!({})).await;
            }
        });
    }
    for _ in 0..300 {
        for joiner in &mut joiners {
            let ack = joiner.ask("join-room", json!({"roomId": room})).await;
            let last_seq = ack["data"]["lastSeq"].as_u64().unwrap();
            // What is said on two threads at once may come in another order, but all of it comes.
            loop {
                let heard = joiner.until("newMessage").await["seq"].as_u64().unwrap();
                if heard == last_seq + 1 {
                    break;
                }
                assert!(heard < last_seq + 200, "nothing was heard of {}", last_seq + 1);
            }
            joiner.ask("leave-room", json!({"roomId": room})).await;
        }
    }
    speaking.shutdown().await;
}

/// Says a hundred things at once, all with a `ref`, and gives the places in the order in which it hears
/// of them: of its own texts by the ack, of the others' by the event.
async fn talks(mut client: Client, room: String, texts: usize) -> Vec<u64> {
    for reference in 1_001..=1_100 {
        let data = json!({"message": "x", "roomId": room});
        let frame = json!({"event": "newMessage", "data": data, "ref": reference});
        client.socket.feed(Message::Text(frame.to_string().into())).await.unwrap();
    }
    client.socket.flush().await.unwrap();
    let mut places = Vec::new();
    while places.len() < texts {
        let frame = client.frame().await;
        assert_eq!(frame["error"], Value::Null, "{frame}");
        places.extend(frame["data"]["seq"].as_u64());
    }
    places
}

/// Gives places at once, and tells of them later: of some sooner than of those before them.
fn unhurried() -> Arc<dyn Archive> {
    let (asked, runtime) = (AtomicU64::new(0), Handle::current());
    Arc::new(HeldArchive::new(move |answer| {
        let wait = asked.fetch_add(7, Relaxed) % 5;
        if wait == 4 {
            return answer;
        }
        let waiting = runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            answer.answer().await
        });
        Appending::Later(Box::pin(async { waiting.await.unwrap() }))
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_hears_texts_by_their_places_whichever_threads_they_are_on() {
    let memory = || -> Arc<dyn Archive> { Arc::new(MemoryArchive::default()) };
    for (threads, archive) in [(1, memory()), (3, memory()), (1, unhurried()), (3, unhurried())] {
        let limits = Limits { messages_per_second_burst: 100, ..Limits::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { threads, ..with_limits(limits) };
        let server = Server::start_wired(listener, settings, None, archive);
        let (_, token) = user(&server, "Ada").await;
        let room = group(&server, &token, json!({})).await;
        let mut clients = Vec::new();
        for name in ["Ben", "Cyd", "Dan", "Eve", "Fay", "Gus"] {
            let (mut client, _) = signed_in(&server, name).await;
            client.ask("join-room", json!({"roomId": room})).await;
            clients.push(client);
        }
        let texts = 100 * clients.len();
        let all: Vec<_> = clients
            .into_iter()
            .map(|client| tokio::spawn(talks(client, room.clone(), texts)))
            .collect();
        for places in all {
            let places = places.await.unwrap();
            let in_order: Vec<u64> = (1..=texts as u64).collect();
            assert_eq!(places, in_order, "{threads} threads");
        }
    }
}

#[tokio::test]
async fn in_a_call_too_texts_are_heard_and_acknowledged_by_their_places() {
    for threads in [1, 2] {
        let limits = Limits { messages_per_second_burst: 100, ..Limits::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { threads, ..with_limits(limits) };
        let server = Server::start_wired(listener, settings, None, unhurried());
        let ((ada, call), (mut ben, _)) = support::pair(&server).await;
        let room = call["roomId"].as_str().unwrap().to_owned();
        let talking = tokio::spawn(talks(ada, room, 100));
        let in_order: Vec<u64> = (1..=100).collect();
        for place in &in_order {
            assert_eq!(ben.event("newMessage").await["seq"], *place);
        }
        assert_eq!(talking.await.unwrap(), in_order);
    }
}

#[tokio::test]
async fn a_channel_is_counted_while_somebody_listens_and_lasts() {
    let server = Server::start(settings()).await;
    let (_, token) = user(&server, "Ada").await;
    let room = group(&server, &token, json!({})).await;
    let is_listened_to = async || server.metric("liveloop_groups").await > 0.0;
    assert!(!is_listened_to().await);
    let (mut ben, _) = signed_in(&server, "Ben").await;
    ben.ask("join-room", json!({"roomId": room})).await;
    assert!(is_listened_to().await);
    ben.ask("leave-room", json!({"roomId": room})).await;
    assert!(!is_listened_to().await);
    let again = ben.ask("join-room", json!({"roomId": room})).await;
    assert_eq!(again["data"]["count"], 2, "the creator is a member still");
    let said = json!({"message": "here?", "roomId": room});
    assert!(ben.ask("newMessage", said).await["data"]["seq"].is_u64());
}

#[tokio::test]
async fn an_address_makes_so_many_groups_and_no_more() {
    let limits = Limits { groups_per_address_per_minute_burst: 2, ..Limits::default() };
    let server = Server::start(with_limits(limits)).await;
    for name in ["Ada", "Ben"] {
        let (_, token) = user(&server, name).await;
        group(&server, &token, json!({})).await;
    }
    let (_, token) = user(&server, "Cyd").await;
    let body = json!({"kind": "group"}).to_string();
    let (status, problem) = post(&server, "/api/rooms", Some(&token), &body).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate-limited")));
    assert!(problem["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0));
}
