//! What is a visitor's own: taken along as one file, and erased, over real sockets.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_core::UserId;
use liveloop_gateway::settings::Settings;
use liveloop_ports::{
    Archive, Directory, Lasting, MemoryArchive, MemoryDirectory, Span, conformance,
};
use liveloop_protocol::{Limits, format_id, parse_id};
use serde_json::{Value, json};
use support::{
    Client, PATIENCE, Server, group, meet, pair,
    reading::{history, member, seqs},
    unhurried::Unhurried,
    with_limits,
};

const EXPORT: &str = "GET /api/users/me/export";
const ERASE: &str = "DELETE /api/users/me";

fn unlimited() -> Settings {
    with_limits(Limits {
        messages_per_second: 0,
        events_per_second: 0,
        exports_per_address_per_minute: 0,
        rest_per_address_per_second: 0,
        ..Limits::default()
    })
}

fn token(client: &Client) -> String {
    client.welcome["token"].as_str().unwrap().to_owned()
}

fn user_of(id: &Value) -> UserId {
    UserId(parse_id(id.as_str().unwrap()).unwrap())
}

async fn export(server: &Server, token: &str) -> (String, Value) {
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let response = server.http(EXPORT, &bearer).await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), serde_json::from_str(&whole(body)).unwrap())
}

/// The chunks of a body together (RFC 9112, section 7.1).
fn whole(mut chunked: &str) -> String {
    let mut body = String::new();
    loop {
        let (size, rest) = chunked.split_once("\r\n").expect("a chunk has a size");
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.push_str(&rest[..size]);
        chunked = &rest[size + 2..];
    }
}

async fn say(client: &mut Client, room: &Value, text: &str) -> Value {
    let said = json!({"roomId": room, "message": text, "clientId": text});
    client.ask("newMessage", said).await["data"].clone()
}

#[tokio::test]
async fn an_export_is_all_that_is_ones_own_and_nobody_elses() {
    let server = Server::start(unlimited()).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    let (call, ada_token) = (for_ada["roomId"].clone(), token(&ada));
    let chess = json!(group(&server, &ada_token).await);
    ada.ask("join-room", json!({"roomId": chess})).await;
    ben.ask("join-room", json!({"roomId": chess})).await;
    let first = say(&mut ada, &call, "in the call").await;
    say(&mut ben, &call, "a partner's").await;
    say(&mut ada, &chess, "helo").await;
    say(&mut ben, &chess, "a member's").await;
    let gone = say(&mut ada, &chess, "gone").await;
    ada.ask("delete-message", json!({"roomId": chess, "messageId": gone["messageId"]})).await;
    ada.ask("read", json!({"roomId": chess, "seq": 2})).await;
    ada.ask("block-user", json!({"roomId": call})).await;
    let (head, whole) = export(&server, &ada_token).await;
    assert!(head.contains("content-disposition: attachment; filename="), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    assert_eq!(whole["userId"], ada.welcome["userId"]);
    assert_eq!(whole["blocked"], json!([for_ada["remoteUserDetails"]["userId"]]));
    let ben_id = ben.welcome["userId"].as_str().unwrap();
    assert!(!whole.to_string().contains(ben_id), "a partner's lasting id is theirs alone");
    assert!(!whole.to_string().contains("'s\""), "what others said is not one's own: {whole}");
    let rooms = whole["rooms"].as_array().unwrap();
    let of = |id: &Value| rooms.iter().find(|room| room["roomId"] == *id).unwrap().clone();
    let (in_chess, in_call) = (of(&chess), of(&call));
    assert_eq!(
        (rooms.len(), &in_call["kind"], &in_chess["kind"]),
        (2, &json!("call"), &json!("group"))
    );
    assert_eq!((&in_chess["lastRead"], &in_chess["isCreator"]), (&json!(2), &json!(true)));
    let messages = whole["messages"].as_array().unwrap();
    let texts: Vec<_> =
        messages.iter().map(|it| (&it["roomId"], &it["seq"], &it["message"])).collect();
    let (seqs, null) = ([json!(1), json!(3)], Value::Null);
    let (said, helo) = (json!("in the call"), json!("helo"));
    let mut expected =
        [(&call, &seqs[0], &said), (&chess, &seqs[0], &helo), (&chess, &seqs[1], &null)];
    expected.sort_by_key(|(room, seq, _)| (user_of(room), seq.as_u64()));
    assert_eq!(texts, expected);
    let own = messages.iter().find(|it| it["message"] == "in the call").unwrap();
    assert_eq!((&own["messageId"], &own["clientId"]), (&first["messageId"], &said));
    assert_eq!(own["timestamp"], first["timestamp"]);
    assert!(messages.iter().any(|it| it["deleted"] == json!(true) && it["changedAt"].is_string()));
}

#[tokio::test]
async fn one_who_has_said_nothing_has_an_export_too_and_others_have_none() {
    let server = Server::start(unlimited()).await;
    let (id, token) = server.user("Ada").await;
    let (_, whole) = export(&server, &token).await;
    let keys = ["rooms", "messages", "blocked"];
    assert!(keys.iter().all(|key| whole[key] == json!([])), "{whole}");
    assert_eq!((&whole["userId"], &whole["name"]), (&json!(id), &json!("Ada")));
    for (request, token) in
        [(EXPORT, None), (ERASE, None), (EXPORT, Some("no")), (ERASE, Some("no"))]
    {
        let (status, problem) = server.rest(request, token, "").await;
        assert_eq!((status, &problem["code"]), (401, &json!("bad-token")), "{request}");
    }
}

#[tokio::test]
async fn an_export_of_many_messages_is_whole() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let server = Server::start_with_store(unlimited(), archive.clone(), directory).await;
    let (id, token) = server.user("Ada").await;
    let user = user_of(&json!(id));
    let rooms = [3, 7, 9].map(liveloop_core::RoomId);
    for room in rooms {
        archive.open_room(room, Lasting::Channel).await.unwrap();
        for n in 1..=401 {
            for user in [user, UserId(5)] {
                archive.append(conformance::message(room, user, n)).answer().await.unwrap();
            }
        }
    }
    let (_, whole) = export(&server, &token).await;
    let messages = whole["messages"].as_array().unwrap();
    let places = messages.iter().map(|it| (it["roomId"].clone(), it["seq"].as_u64().unwrap()));
    let expected = rooms
        .into_iter()
        .flat_map(|room| (0..401).map(move |n| (json!(&*format_id(room.0)), 2 * n + 1)));
    assert!(places.eq(expected), "each once, in its order");
}

#[tokio::test]
async fn whoever_is_erased_is_nobody_here_and_others_see_it() {
    let server = Server::start(unlimited()).await;
    let (id, ada_token) = server.user("Ada").await;
    let chess = group(&server, &ada_token).await;
    let (mut ada, mut ben) = (server.comes(&ada_token).await, member(&server, &chess).await);
    ada.ask("join-room", json!({"roomId": chess})).await;
    let mut cyd = member(&server, &chess).await;
    let room = json!(chess);
    say(&mut ada, &room, "one").await;
    say(&mut ben, &room, "two").await;
    say(&mut ada, &room, "three").await;
    for client in [&mut ben, &mut cyd] {
        while client.until("newMessage").await["message"] != "three" {}
    }
    let watched = ben.ask("watch-presence", json!({"userIds": [id]})).await;
    assert_eq!(watched["data"]["online"][&id], true);
    let mut away = server.comes(&ada_token).await;
    away.ask("join-room", json!({"roomId": chess})).await;
    let resume = away.welcome["resume"].clone();
    away.lose();
    server.until_metric("liveloop_sessions_in_grace", 1.0).await;
    let mut partner = server.client().await;
    meet(&mut ada, &mut partner).await;

    assert_eq!(server.rest(ERASE, Some(&ada_token), "").await, (204, Value::Null));
    assert_eq!(ada.until("error").await["code"], "bad-token");
    assert_eq!(ada.close_code().await, 1000);
    assert_eq!(partner.until("stop-by-remote-user").await["reason"], "disconnected");
    server.until_metric("liveloop_sessions_in_grace", 0.0).await;
    assert_eq!(ben.until("presence").await, json!({"userId": id, "online": false}));
    for client in [&mut ben, &mut cyd] {
        let (mut has_left, mut gone) = (false, Vec::new());
        while !has_left || gone.len() < 2 {
            let frame = client.frame().await;
            match frame["event"].as_str() {
                Some("room-members") => {
                    let left = frame["data"]["left"].as_array();
                    has_left |= left.is_some_and(|left| left.contains(&json!(id)));
                }
                Some("message-changed") => {
                    assert_eq!(frame["data"]["deleted"], true);
                    gone.push(frame["data"]["seq"].as_u64().unwrap());
                }
                _ => {}
            }
        }
        gone.sort_unstable();
        assert_eq!(gone, [1, 3]);
    }
    let page = history(&mut ben, json!({"roomId": chess})).await;
    assert_eq!(seqs(&page), [1, 2, 3], "the places stay");
    let texts = page["messages"].as_array().unwrap().iter().map(|it| it["message"].as_str());
    assert!(texts.eq([None, Some("two"), None]));
    assert!(!page.to_string().contains(&id) && !page.to_string().contains("Ada"));

    for request in [EXPORT, "GET /api/users/me/rooms", "POST /api/rooms"] {
        let (status, problem) = server.rest(request, Some(&ada_token), "{}").await;
        assert_eq!((status, &problem["code"]), (401, &json!("bad-token")), "{request}");
    }
    let mut back = server.announced().await;
    back.say("hello", json!({"token": ada_token, "resume": resume})).await;
    while back.event("error").await["code"] != "bad-token" {}
    assert_ne!(back.event("welcome").await["userId"], json!(id));
    let again = server.rest(ERASE, Some(&ada_token), "").await;
    assert_eq!(again, (204, Value::Null), "the answer may have been lost");
}

#[tokio::test]
async fn an_erasure_that_was_interrupted_is_finished_by_the_next_start() {
    let (archive, directory) =
        (Arc::new(MemoryArchive::default()), Arc::new(MemoryDirectory::default()));
    let (user, room) = (UserId(7), liveloop_core::RoomId(9));
    archive.open_room(room, Lasting::Channel).await.unwrap();
    archive.append(conformance::message(room, user, 1)).answer().await.unwrap();
    directory.erase(user).await.unwrap();
    let _server = Server::start_with_store(unlimited(), archive.clone(), directory.clone()).await;
    let limit = liveloop_ports::PageLimit::default();
    let until_finished = async {
        while !directory.unfinished_erasures(limit).await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until_finished).await.expect("it is finished");
    let page = archive.page(room, Span::Newest, limit).await.unwrap();
    assert!(page.messages.iter().all(|kept| kept.body.is_none() && kept.user.is_none()));
}

#[tokio::test]
async fn while_the_store_fails_nobody_is_erased_and_one_asks_again() {
    let directory = Arc::new(Unhurried::here());
    let server = Server::start_with_directory(unlimited(), directory.clone()).await;
    let (_, token) = server.user("Ada").await;
    let mut ada = server.comes(&token).await;
    directory.fail(true);
    for request in [ERASE, EXPORT] {
        let (status, problem) = server.rest(request, Some(&token), "").await;
        assert_eq!((status, &problem["code"]), (503, &json!("store-unavailable")), "{request}");
    }
    ada.ask("heartbeat", json!({})).await;
    directory.fail(false);
    assert_eq!(server.rest(ERASE, Some(&token), "").await.0, 204);
    assert_eq!(ada.close_code().await, 1000);
}

/// Whoever is looked up while they are erased is nobody, on every event loop.
#[tokio::test]
async fn nobody_comes_in_while_they_are_erased() {
    let directory = Arc::new(Unhurried::here());
    let server =
        Server::start_with_directory(Settings { threads: 3, ..unlimited() }, directory).await;
    for _ in 0..10 {
        let (id, token) = server.user("Ada").await;
        let mut clients = Vec::new();
        for _ in 0..6 {
            clients.push(server.client().await);
        }
        let erased = server.rest(ERASE, Some(&token), "");
        let come = async {
            for client in &mut clients {
                client.say("hello", json!({"token": token})).await;
                tokio::task::yield_now().await;
            }
        };
        let ((status, _), ()) = tokio::join!(erased, come);
        assert_eq!(status, 204);
        for mut client in clients {
            // In before that, and out; or refused.
            assert_eq!(client.until("error").await["code"], "bad-token");
            let mut other = server.client().await;
            other.say("hello", json!({"token": token})).await;
            assert_eq!(other.event("error").await["code"], "bad-token", "{id}");
        }
    }
}

#[tokio::test]
async fn an_address_may_do_so_so_often() {
    let limits = Limits {
        exports_per_address_per_minute: 1,
        exports_per_address_per_minute_burst: 3,
        ..Limits::default()
    };
    let server = Server::start(with_limits(limits)).await;
    let (_, token) = server.user("Ada").await;
    for request in [EXPORT, EXPORT, EXPORT] {
        let response = server.http(request, &format!("Authorization: Bearer {token}\r\n")).await;
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    }
    for request in [EXPORT, ERASE] {
        let (status, problem) = server.rest(request, Some(&token), "").await;
        assert_eq!((status, &problem["code"]), (429, &json!("rate-limited")), "{request}");
    }
}
