//! What was said, read again over real sockets: by `history` and by REST, by those who may and by
//! nobody else.

#![allow(clippy::unwrap_used)]

mod support;

use liveloop_gateway::settings::Settings;
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{
    Client, Server, group, pair,
    reading::{history, member, seqs},
    with_limits,
};

/// The status and the body of a read, by the holder of this token.
async fn read(server: &Server, token: Option<&str>, room: &str, query: &str) -> (u16, Value) {
    server.rest(&format!("GET /api/rooms/{room}/messages{query}"), token, "").await
}

fn token_of(client: &Client) -> String {
    client.welcome["token"].as_str().unwrap().to_owned()
}

/// Settings with the limits of a server that is run, but for the rates.
fn unhurried() -> Settings {
    with_limits(Limits {
        messages_per_second: 0,
        events_per_second: 0,
        rest_per_address_per_second: 0,
        ..Limits::default()
    })
}

#[tokio::test]
async fn those_who_were_in_a_call_read_its_texts_and_know_each_other_by_pseudonyms() {
    let server = Server::start(unhurried()).await;
    let ((mut ada, for_ada), (mut ben, for_ben)) = pair(&server).await;
    let room = for_ada["roomId"].as_str().unwrap().to_owned();
    for who in [&mut ada, &mut ben] {
        assert_eq!(history(who, json!({"roomId": room})).await, json!({"messages": []}));
        let token = token_of(who);
        let (status, page) = read(&server, Some(&token), &room, "").await;
        assert_eq!((status, page), (200, json!({"messages": []})), "nothing is said yet");
    }
    for n in 1..=5 {
        let who = if n % 2 == 1 { &mut ada } else { &mut ben };
        let text = json!({"message": format!("text {n}"), "clientId": format!("c{n}")});
        for _ in 0..2 {
            who.ask("newMessage", text.clone()).await;
        }
    }
    let during = history(&mut ben, json!({"roomId": room})).await;
    ada.ask("stop-call", json!({"roomId": room})).await;
    for who in [&mut ada, &mut ben] {
        let token = token_of(who);
        let (status, page) = read(&server, Some(&token), &room, "").await;
        assert_eq!((status, &page), (200, &during), "REST and the socket say the same");
        assert_eq!(history(who, json!({"roomId": room})).await, during);
    }
    assert_eq!(seqs(&during), [1, 2, 3, 4, 5]);
    let text = during.to_string();
    for who in [&ada, &ben] {
        assert!(!text.contains(who.welcome["userId"].as_str().unwrap()), "{text}");
    }
    let of = |index: usize| &during["messages"][index];
    assert_eq!(of(0)["userId"], for_ben["remoteUserDetails"]["userId"]);
    assert_eq!(of(1)["userId"], for_ada["remoteUserDetails"]["userId"]);
    assert_eq!(of(0)["from"], ada.welcome["socketId"]);
    assert_eq!((&of(0)["message"], &of(0)["clientId"]), (&json!("text 1"), &json!("c1")));
    let token = token_of(&ada);
    for (query, data, expected) in [
        ("?limit=2", json!({"limit": 2}), json!([[4, 5], 4, null])),
        ("?before=4&limit=200", json!({"before": 4, "limit": 200}), json!([[1, 2, 3], null, 3])),
        ("?after=3&limit=1", json!({"after": 3, "limit": 1}), json!([[4], 4, 4])),
        ("?after=5", json!({"after": 5}), json!([[], null, null])),
        ("?after=18446744073709551615", json!({"after": u64::MAX}), json!([[], null, null])),
        ("?before=0", json!({"before": 0}), json!([[], null, null])),
        ("?before=1", json!({"before": 1}), json!([[], null, null])),
        (
            "?before=9223372036854775808&limit=1",
            json!({"before": 1_u64 << 63, "limit": 1}),
            json!([[5], 5, null]),
        ),
    ] {
        let (status, page) = read(&server, Some(&token), &room, query).await;
        assert_eq!(status, 200, "{query}: {page}");
        let mut data = data;
        data["roomId"] = json!(room);
        assert_eq!(history(&mut ada, data).await, page, "{query}");
        assert_eq!(
            json!([seqs(&page), page["nextBefore"], page["nextAfter"]]),
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn nobody_else_learns_even_that_there_is_such_a_room() {
    let server = Server::start(unhurried()).await;
    let ((mut ada, for_ada), _ben) = pair(&server).await;
    let call = for_ada["roomId"].as_str().unwrap().to_owned();
    let mut eve = server.client().await;
    let token = token_of(&eve);
    let mut answers = Vec::new();
    for is_said in [false, true] {
        if is_said {
            ada.ask("newMessage", json!({"message": "secret"})).await;
        }
        for (token, room) in [
            (Some(&token), call.as_str()),
            (Some(&token), "AAECAwQFBgcICQoLDA0ODw"),
            (Some(&token), "no-id"),
            (None, call.as_str()),
        ] {
            let (status, mut problem) = read(&server, token.map(String::as_str), room, "").await;
            assert_eq!((status, &problem["code"]), (404, &json!("room-not-found")), "{problem}");
            answers.push(problem["detail"].take());
        }
        for room in [call.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no-id"] {
            let mut ack = eve.ask("history", json!({"roomId": room})).await;
            assert_eq!(ack["error"]["code"], "room-not-found", "{ack}");
            answers.push(ack["error"]["message"].take());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all are told the same: {answers:?}");
    let (status, problem) = read(&server, Some("nonsense"), &call, "").await;
    assert_eq!((status, &problem["code"]), (401, &json!("bad-token")));
}

#[tokio::test]
async fn channels_are_read_by_their_members_and_public_ones_by_all() {
    let server = Server::start(unhurried()).await;
    let (ada_id, ada) = server.user("Ada").await;
    let open = group(&server, &ada).await;
    let body = json!({"kind": "group"}).to_string();
    let (_, made) = server.rest("POST /api/rooms", Some(&ada), &body).await;
    let hidden = made["roomId"].as_str().unwrap();
    let (_, secret) = made["inviteUrl"].as_str().unwrap().split_once("#invite=").unwrap();
    let mut of_ada = server.comes(&ada).await;
    for room in [open.as_str(), hidden] {
        of_ada.ask("join-room", json!({"roomId": room})).await;
        of_ada.ask("newMessage", json!({"message": "hi", "roomId": room})).await;
    }
    let mut eve = server.client().await;
    let token = token_of(&eve);
    for reader in [None, Some(token.as_str())] {
        let (status, page) = read(&server, reader, &open, "").await;
        assert_eq!((status, seqs(&page)), (200, vec![1]));
        assert_eq!(page["messages"][0]["userId"], ada_id.as_str());
        assert_eq!(read(&server, reader, hidden, "").await.0, 404);
    }
    assert_eq!(seqs(&history(&mut eve, json!({"roomId": open})).await), [1]);
    assert_eq!(eve.refusal("history", json!({"roomId": hidden})).await, "room-not-found");
    // Sent with the frame that makes one a member, it is answered after that.
    let join = json!({"roomId": hidden, "invite": secret});
    eve.ask_later("join-room", join).await;
    assert_eq!(seqs(&history(&mut eve, json!({"roomId": hidden})).await), [1]);
    eve.ask("leave-room", json!({"roomId": hidden})).await;
    assert_eq!(eve.refusal("history", json!({"roomId": hidden})).await, "room-not-found");
}

#[tokio::test]
async fn bad_positions_and_limits_are_refused_by_name() {
    let server = Server::start(unhurried()).await;
    let ((mut ada, for_ada), _ben) = pair(&server).await;
    let room = for_ada["roomId"].as_str().unwrap();
    ada.ask("newMessage", json!({"message": "hello"})).await;
    let token = token_of(&ada);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=201", "limit"),
        ("limit=1000000000", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=%2B5", "limit"),
        ("before=-1", "before"),
        ("before=1.0", "before"),
        ("before=%2B1", "before"),
        ("before=+1", "before"),
        ("before=x", "before"),
        ("before=%00", "before"),
        ("after=-5", "after"),
        ("after=1e3", "after"),
        ("after=18446744073709551616", "after"),
        ("before=1&after=1", "after"),
    ] {
        let (status, problem) = read(&server, Some(&token), room, &format!("?{query}")).await;
        assert_eq!((status, &problem["code"]), (400, &json!("bad-payload")), "{query}");
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
    assert_eq!(read(&server, Some(&token), room, "?limit=1&limit=2").await.0, 400);
    for (data, field) in [
        (r#""limit":0"#, "limit"),
        (r#""limit":-1"#, "limit"),
        (r#""limit":201"#, "limit"),
        (r#""limit":1000000000"#, "limit"),
        (r#""limit":1.5"#, "limit"),
        (r#""limit":"5""#, "limit"),
        (r#""before":-1"#, "before"),
        (r#""after":-5"#, "after"),
        (r#""after":18446744073709551616"#, "after"),
        (r#""after":[]"#, "after"),
        (r#""before":1,"after":1"#, "after"),
    ] {
        let data = format!(r#"{{"roomId":"{room}",{data}}}"#);
        ada.send_text(format!(r#"{{"event":"history","data":{data}}}"#)).await;
        let error = ada.event("error").await;
        assert_eq!(
            (&error["code"], &error["event"]),
            (&json!("bad-payload"), &json!("history")),
            "{data}"
        );
        assert!(error["message"].as_str().unwrap().contains(field), "{data}: {error}");
    }
    assert_eq!(seqs(&history(&mut ada, json!({"roomId": room})).await), [1]);
}

/// Pages from one end to the other, and gives every place that came by.
async fn walk(client: &mut Client, room: &str, forwards: bool, limit: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let mut data = json!({"roomId": room, "limit": limit});
    if forwards {
        data["after"] = json!(0);
    }
    loop {
        let page = history(client, data.clone()).await;
        let mut places = seqs(&page);
        let (next, name) = if forwards {
            found.append(&mut places);
            (page["nextAfter"].clone(), "after")
        } else {
            places.append(&mut found);
            found = places;
            (page["nextBefore"].clone(), "before")
        };
        if next.is_null() {
            return found;
        }
        data[name] = next;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_pages_both_ways_without_hole_or_double_while_others_write() {
    let server = Server::start(unhurried()).await;
    let (_, token) = server.user("Ada").await;
    let room = group(&server, &token).await;
    let mut writers = Vec::new();
    for _ in 0..4 {
        let (mut writer, room) = (member(&server, &room).await, room.clone());
        writers.push(tokio::spawn(async move {
            for n in 0..125 {
                writer.ask("newMessage", json!({"roomId": room, "message": n.to_string()})).await;
            }
        }));
    }
    let mut reader = server.client().await;
    let mut last = 0;
    while last < 500 {
        for (forwards, limit) in [(true, 7), (false, 7), (true, 200), (false, 50)] {
            let found = walk(&mut reader, &room, forwards, limit).await;
            let all: Vec<u64> = (1..=found.len() as u64).collect();
            assert_eq!(found, all, "forwards: {forwards}");
            assert!(all.len() as u64 >= last, "what was there is there still");
            last = all.len() as u64;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(last, 500);
}
