//! Channels that last, over real sockets: invitations, channels of two, what is told of them and to
//! whom, and who has come and gone.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_core::UserId;
use liveloop_gateway::settings::{Heartbeat, Settings, Span};
use liveloop_ports::{Directory, MemoryDirectory};
use liveloop_protocol::{Limits, parse_id};
use serde_json::{Value, json};
use support::{Client, Server, group, pair, settings, unhurried::Unhurried, with_limits};

async fn made(server: &Server, token: &str, body: Value) -> Value {
    let (status, room) = server.rest("POST /api/rooms", Some(token), &body.to_string()).await;
    assert_eq!(status, 201, "{room}");
    room
}

/// A group by invitation: its id, and the secret of its link.
async fn private(server: &Server, token: &str, body: Value) -> (String, String) {
    let room = made(server, token, body).await;
    let id = room["roomId"].as_str().unwrap().to_owned();
    let url = room["inviteUrl"].as_str().unwrap();
    let start = format!("http://{}/channels/{id}#invite=", server.address);
    (id, url.strip_prefix(&start).unwrap_or_else(|| panic!("{url}")).to_owned())
}

async fn get(server: &Server, path: &str, token: Option<&str>) -> (u16, Value) {
    server.rest(&format!("GET {path}"), token, "").await
}

async fn told(server: &Server, path: &str, token: &str) -> Value {
    let (status, body) = get(server, path, Some(token)).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

#[track_caller]
fn assert_not_found((status, problem): (u16, Value)) {
    assert_eq!((status, &problem["code"]), (404, &json!("room-not-found")), "{problem}");
}

async fn join(client: &mut Client, room: &str, invite: &str) -> Value {
    client.ask("join-room", json!({"roomId": room, "invite": invite})).await
}

#[tokio::test]
async fn an_invitation_lets_in_until_it_is_revoked() {
    let server = Server::start(settings()).await;
    let (_, ada) = server.user("Ada").await;
    let (room, secret) = private(&server, &ada, json!({"kind": "group"})).await;
    assert!(secret.len() >= 22, "128 bits and more");
    let mut ben = server.client().await;
    for forged in ["", "AAECAwQFBgcICQoLDA0ODw", &secret[1..], &secret.to_lowercase(), &room] {
        assert_eq!(join(&mut ben, &room, forged).await["error"]["code"], "room-not-found");
    }
    assert_eq!(ben.refusal("join-room", json!({"roomId": room})).await, "room-not-found");
    assert_eq!(join(&mut ben, &room, &secret).await["data"]["count"], 2);
    // It is good for many.
    let mut cyd = server.client().await;
    assert_eq!(join(&mut cyd, &room, &secret).await["data"]["count"], 3);
    let path = format!("/api/rooms/{room}/invite");
    let (status, renewed) = server.rest(&format!("POST {path}"), Some(&ada), "").await;
    assert_eq!(status, 201, "{renewed}");
    let (_, fresh) = renewed["inviteUrl"].as_str().unwrap().split_once("#invite=").unwrap();
    let mut dan = server.client().await;
    assert_eq!(join(&mut dan, &room, &secret).await["error"]["code"], "room-not-found");
    assert_eq!(join(&mut dan, &room, fresh).await["data"]["count"], 4);
    assert_eq!(server.rest(&format!("DELETE {path}"), Some(&ada), "").await.0, 204);
    let mut eve = server.client().await;
    assert_eq!(join(&mut eve, &room, fresh).await["error"]["code"], "room-not-found");
    // A member needs none.
    assert_eq!(join(&mut ben, &room, fresh).await["data"]["count"], 4);
}

#[tokio::test]
async fn only_who_has_made_a_group_invites() {
    let server = Server::start(settings()).await;
    let ((_, ada), (_, ben)) = (server.user("Ada").await, server.user("Ben").await);
    let (room, secret) = private(&server, &ada, json!({"kind": "group"})).await;
    let path = format!("/api/rooms/{room}/invite");
    for method in ["POST", "DELETE"] {
        let request = format!("{method} {path}");
        assert_not_found(server.rest(&request, Some(&ben), "").await);
        assert_eq!(server.rest(&request, None, "").await.1["code"], "bad-token");
        let nowhere = format!("{method} /api/rooms/AAECAwQFBgcICQoLDA0ODw/invite");
        assert_not_found(server.rest(&nowhere, Some(&ada), "").await);
    }
    join(&mut server.comes(&ben).await, &room, &secret).await;
    for method in ["POST", "DELETE"] {
        let (status, problem) = server.rest(&format!("{method} {path}"), Some(&ben), "").await;
        assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")));
    }
    assert_eq!(join(&mut server.client().await, &room, &secret).await["data"]["count"], 3);
}

#[tokio::test]
async fn a_room_by_link_is_for_two() {
    let server = Server::start(settings()).await;
    let (_, ada) = server.user("Ada").await;
    let (room, secret) = private(&server, &ada, json!({"kind": "invite", "public": true})).await;
    let (mut ben, mut cyd) = (server.client().await, server.client().await);
    assert_eq!(join(&mut ben, &room, &secret).await["data"]["kind"], "group");
    assert_eq!(join(&mut cyd, &room, &secret).await["error"]["code"], "room-full");
    assert_eq!(join(&mut cyd, &room, "forged").await["error"]["code"], "room-not-found");
}

#[tokio::test]
async fn nobody_comes_over_the_capacity_when_a_hundred_join_at_once() {
    let server = Server::start(with_limits(Limits::default())).await;
    let (_, ada) = server.user("Ada").await;
    let body = json!({"kind": "group", "public": true, "capacity": 11});
    let room = made(&server, &ada, body).await["roomId"].as_str().unwrap().to_owned();
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(server.client().await);
    }
    let all: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let asked = json!({"roomId": room});
            tokio::spawn(async move { client.ask("join-room", asked).await })
        })
        .collect();
    let (mut came, mut full) = (0, 0);
    for answer in all {
        let answer = answer.await.unwrap();
        came += usize::from(answer["data"]["count"].as_u64().is_some_and(|count| count <= 11));
        full += usize::from(answer["error"]["code"] == "room-full");
    }
    assert_eq!((came, full), (10, 90));
    assert_eq!(told(&server, &format!("/api/rooms/{room}"), &ada).await["count"], 11);
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there() {
    let server = Server::start(settings()).await;
    let ((_, ada), (_, ben)) = (server.user("Ada").await, server.user("Ben").await);
    let (hidden, _) = private(&server, &ada, json!({"kind": "group", "name": "Go"})).await;
    let public = group(&server, &ada).await;
    for room in [hidden.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no-id", "%ff", "%00"] {
        for token in [None, Some(ben.as_str())] {
            assert_not_found(get(&server, &format!("/api/rooms/{room}"), token).await);
        }
        let members = format!("/api/rooms/{room}/members");
        assert_not_found(get(&server, &members, Some(&ben)).await);
    }
    // All may see a public one, and only its members who they are.
    let (status, seen) = get(&server, &format!("/api/rooms/{public}"), None).await;
    assert_eq!((status, &seen["name"], &seen["status"]), (200, &json!("Chess"), &json!("active")));
    assert_eq!((&seen["kind"], &seen["count"]), (&json!("group"), &json!(1)));
    assert!(seen["createdAt"].as_str().unwrap().ends_with('Z') && seen["user1"].is_null());
    assert_not_found(get(&server, &format!("/api/rooms/{public}/members"), Some(&ben)).await);
    let (status, problem) = get(&server, &format!("/api/rooms/{public}"), Some("forged")).await;
    assert_eq!((status, &problem["code"]), (401, &json!("bad-token")));
    let own = told(&server, &format!("/api/rooms/{hidden}"), &ada).await;
    assert_eq!(own["name"], "Go");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let limits = Limits { groups_per_visitor: 0, ..Limits::default() };
    let server = Server::start(with_limits(limits)).await;
    let (ada_id, ada) = server.user("Ada").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(group(&server, &ada).await);
    }
    let (hidden, secret) = private(&server, &ada, json!({"kind": "group"})).await;
    let mut seen = Vec::new();
    let mut path = "/api/rooms?limit=2".to_owned();
    loop {
        let (status, page) = get(&server, &path, None).await;
        assert_eq!(status, 200);
        let rooms = page["rooms"].as_array().unwrap();
        assert!(rooms.len() <= 2);
        seen.extend(rooms.iter().map(|room| room["id"].as_str().unwrap().to_owned()));
        let Some(after) = page["nextAfter"].as_str() else { break };
        path = format!("/api/rooms?limit=2&after={after}");
    }
    seen.sort_unstable();
    ids.sort_unstable();
    assert_eq!(seen, ids, "each public one once");
    let own = told(&server, "/api/users/me/rooms", &ada).await;
    assert_eq!(own["rooms"].as_array().unwrap().len(), 6);
    assert!(own["rooms"].as_array().unwrap().iter().all(|room| room["isCreator"] == true));
    let mut ben = server.comes(&server.user("Ben").await.1).await;
    join(&mut ben, &hidden, &secret).await;
    ben.ask("newMessage", json!({"message": "hi", "roomId": hidden})).await;
    let token = ben.welcome["token"].as_str().unwrap();
    let own = told(&server, "/api/users/me/rooms", token).await["rooms"][0].take();
    assert_eq!((&own["id"], &own["isCreator"]), (&json!(hidden), &json!(false)));
    assert_eq!((&own["lastSeq"], &own["lastRead"]), (&json!(1), &json!(0)));
    let path = format!("/api/rooms/{hidden}/members");
    let first = told(&server, &format!("{path}?limit=1"), token).await;
    let after = first["nextAfter"].as_str().unwrap();
    let rest = told(&server, &format!("{path}?after={after}"), token).await;
    assert!(rest["nextAfter"].is_null());
    let all = [&first["members"][0], &rest["members"][0]];
    let mut names: Vec<_> = all.iter().map(|it| it["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Ada", "Ben"]);
    assert!(all.iter().any(|it| it["userId"] == ada_id.as_str() && it["lastRead"] == 0));
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=1000000000000000000000", "limit"),
        ("after=x", "after"),
    ] {
        for path in ["/api/rooms", "/api/users/me/rooms", &path] {
            let (status, problem) = get(&server, &format!("{path}?{query}"), Some(token)).await;
            assert_eq!((status, &problem["code"]), (400, &json!("bad-payload")), "{query}");
            assert_eq!(problem["field"], field, "{query}");
        }
    }
    assert_eq!(get(&server, "/api/rooms?limit=1&limit=2", None).await.0, 400);
}

#[tokio::test]
async fn two_who_share_a_channel_have_one_of_their_own() {
    let server = Server::start(settings()).await;
    let ((ada_id, ada), (ben_id, ben)) = (server.user("Ada").await, server.user("Ben").await);
    let wanted = |user: &str| json!({"kind": "direct", "userId": user}).to_string();
    let ask = async |token: &str, user: &str| {
        server.rest("POST /api/rooms", Some(token), &wanted(user)).await
    };
    for user in [&ben_id, &ada_id, "AAECAwQFBgcICQoLDA0ODw", "no id"] {
        let (status, problem) = ask(&ada, user).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")), "{user}");
    }
    let room = group(&server, &ada).await;
    let mut of_ben = server.comes(&ben).await;
    of_ben.ask("join-room", json!({"roomId": room})).await;
    let (status, first) = ask(&ada, &ben_id).await;
    assert_eq!(status, 201, "{first}");
    assert_eq!(ask(&ben, &ada_id).await, (201, first.clone()), "the same again");
    let direct = first["roomId"].as_str().unwrap();
    assert!(first["inviteUrl"].is_null());
    // Both listen, and nobody else.
    let mut of_ada = server.comes(&ada).await;
    for client in [&mut of_ada, &mut of_ben] {
        let ack = client.ask("join-room", json!({"roomId": direct})).await;
        assert_eq!((&ack["data"]["kind"], &ack["data"]["count"]), (&json!("direct"), &json!(2)));
    }
    of_ada.ask("newMessage", json!({"message": "psst", "roomId": direct})).await;
    assert_eq!(of_ben.until("newMessage").await["message"], "psst");
    let mut eve = server.client().await;
    assert_eq!(eve.refusal("join-room", json!({"roomId": direct})).await, "room-not-found");
    // It is of two for ever: whoever leaves it listens no more.
    assert!(of_ben.ask("leave-room", json!({"roomId": direct})).await["error"].is_null());
    let seen = told(&server, &format!("/api/rooms/{direct}"), &ben).await;
    let mut two = [seen["user1"].as_str().unwrap(), seen["user2"].as_str().unwrap()];
    two.sort_unstable();
    let mut expected = [ada_id.as_str(), ben_id.as_str()];
    expected.sort_unstable();
    assert_eq!((two, &seen["count"]), (expected, &json!(2)));
    let own = told(&server, "/api/users/me/rooms", &ben).await;
    let own = own["rooms"].as_array().unwrap().iter().find(|it| it["id"] == direct).unwrap();
    assert_eq!(own["with"], json!({"userId": ada_id, "name": "Ada"}));
}

#[tokio::test]
async fn nobody_writes_to_whom_they_have_blocked_or_who_has_blocked_them() {
    let directory = Arc::new(MemoryDirectory::default());
    let server = Server::start_with_directory(settings(), directory.clone()).await;
    let ((ada_id, ada), (ben_id, ben)) = (server.user("Ada").await, server.user("Ben").await);
    let room = group(&server, &ada).await;
    server.comes(&ben).await.ask("join-room", json!({"roomId": room})).await;
    let user = |id: &str| UserId(parse_id(id).unwrap());
    directory.block(user(&ben_id), user(&ada_id), true).await.unwrap();
    for (token, other) in [(&ada, &ben_id), (&ben, &ada_id)] {
        let body = json!({"kind": "direct", "userId": other}).to_string();
        let (status, problem) = server.rest("POST /api/rooms", Some(token), &body).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")));
    }
}

#[tokio::test]
async fn two_in_a_call_have_a_channel_once_both_want_it() {
    let server = Server::start(settings()).await;
    let ((ada, for_ada), (ben, for_ben)) = pair(&server).await;
    let ask = async |client: &Client, matched: &Value| {
        let pseudonym = &matched["remoteUserDetails"]["userId"];
        let body = json!({"kind": "direct", "userId": pseudonym}).to_string();
        let token = client.welcome["token"].as_str();
        server.rest("POST /api/rooms", token, &body).await
    };
    for _ in 0..2 {
        let (status, problem) = ask(&ada, &for_ada).await;
        assert_eq!((status, &problem["code"]), (403, &json!("not-allowed")));
    }
    let (status, room) = ask(&ben, &for_ben).await;
    assert_eq!(status, 201, "{room}");
    assert_eq!(ask(&ada, &for_ada).await, (201, room));
    // A stranger has nobody of that pseudonym in a call.
    let eve = server.client().await;
    assert_eq!(ask(&eve, &for_ada).await.0, 403);
}

#[tokio::test]
async fn members_hear_who_has_come_and_gone_once_a_second() {
    let server = Server::start(settings()).await;
    let (_, token) = server.user("Ada").await;
    let room = group(&server, &token).await;
    let mut ada = server.comes(&token).await;
    ada.ask("join-room", json!({"roomId": room})).await;
    let (mut ben, mut cyd) = (server.client().await, server.client().await);
    ben.ask("join-room", json!({"roomId": room})).await;
    let heard = ada.event("room-members").await;
    let expected = json!({"roomId": room, "count": 2, "joined": [ben.welcome["userId"]]});
    assert_eq!(heard, expected);
    cyd.ask("join-room", json!({"roomId": room})).await;
    ben.ask("leave-room", json!({"roomId": room})).await;
    let heard = ada.event("room-members").await;
    assert_eq!((&heard["count"], &heard["left"]), (&json!(2), &json!([ben.welcome["userId"]])));
    assert_eq!(heard["joined"], json!([cyd.welcome["userId"]]));
    ada.has_nothing().await;
}

#[tokio::test]
async fn who_leaves_hears_nothing_more_at_any_of_their_connections() {
    for threads in [1, 3] {
        let server = Server::start(Settings { threads, ..settings() }).await;
        let (_, token) = server.user("Ada").await;
        let room = group(&server, &token).await;
        let mut ada = server.comes(&token).await;
        let (_, token) = server.user("Ben").await;
        let (mut here, mut there) = (server.comes(&token).await, server.comes(&token).await);
        for client in [&mut ada, &mut here, &mut there] {
            client.ask("join-room", json!({"roomId": room})).await;
        }
        here.ask("leave-room", json!({"roomId": room})).await;
        let said = json!({"message": "me too", "roomId": room});
        // It is told by post.
        while there.refusal("newMessage", said.clone()).await != "not-in-room" {
            tokio::task::yield_now().await;
        }
        ada.ask("newMessage", json!({"message": "gone?", "roomId": room})).await;
        ada.ask("newMessage", json!({"message": "gone!", "roomId": room})).await;
        for client in [&mut here, &mut there] {
            client.ask("heartbeat", json!({})).await;
            client.has_nothing().await;
        }
    }
}

#[tokio::test]
async fn the_link_of_an_invitation_leads_to_where_the_site_is() {
    let heartbeat = Heartbeat { interval: Span::seconds(60), timeout: Span::seconds(60) };
    let public_url = Some("https://chat.example.org".to_owned());
    let settings = Settings { heartbeat, public_url, ..Settings::for_testing() };
    let server = Server::start(settings).await;
    let (_, token) = server.user("Ada").await;
    let room = made(&server, &token, json!({"kind": "group"})).await;
    let start =
        format!("https://chat.example.org/channels/{}#invite=", room["roomId"].as_str().unwrap());
    assert!(room["inviteUrl"].as_str().unwrap().starts_with(&start));
}

#[tokio::test]
async fn one_who_was_erased_has_no_token() {
    let directory = Arc::new(MemoryDirectory::default());
    let server = Server::start_with_directory(settings(), directory.clone()).await;
    let (id, token) = server.user("Ada").await;
    directory.erase(UserId(parse_id(&id).unwrap())).await.unwrap();
    for request in ["GET /api/users/me/rooms", "POST /api/rooms"] {
        let (status, problem) = server.rest(request, Some(&token), "").await;
        assert_eq!((status, &problem["code"]), (401, &json!("bad-token")));
    }
}

#[tokio::test]
async fn what_one_does_acts_in_order_though_the_store_answers_in_another() {
    for threads in [1, 3] {
        let limits = Limits { messages_per_second: 0, ..Limits::for_testing() };
        let settings = Settings { threads, ..with_limits(limits) };
        let server = Server::start_with_directory(settings, Arc::new(Unhurried::here())).await;
        let (_, token) = server.user("Ada").await;
        let room = group(&server, &token).await;
        let mut ada = server.comes(&token).await;
        ada.ask("join-room", json!({"roomId": room})).await;
        let mut ben = server.comes(&server.user("Ben").await.1).await;
        let said = |text: &str| ("newMessage", json!({"roomId": room, "message": text}));
        let named = |event| (event, json!({"roomId": room}));
        for round in 0..10 {
            let (first, second) = (format!("1 of {round}"), format!("2 of {round}"));
            let events = [
                named("join-room"),
                said(&first),
                named("leave-room"),
                said("never heard"),
                named("join-room"),
                said(&second),
            ];
            ben.say_at_once(&events).await;
            for text in [first, second] {
                assert_eq!(ada.until("newMessage").await["message"], text, "{threads} threads");
            }
            assert_eq!(ben.until("error").await["code"], "not-in-room");
            // In the end he listens.
            ada.ask("newMessage", json!({"roomId": room, "message": "well?"})).await;
            assert_eq!(ben.until("newMessage").await["message"], "well?");
        }
        let ben_id = ben.welcome["userId"].as_str().unwrap();
        let watched = ada.ask("watch-presence", json!({"userIds": [ben_id]})).await;
        assert_eq!(watched["data"]["online"], json!({ben_id: true}));
        ben.ask("leave-room", json!({"roomId": room})).await;
        while ada.until("room-members").await["count"] != 1 {}
    }
}

#[tokio::test]
async fn those_who_were_in_a_call_see_it_by_their_pseudonyms() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (ben, for_ben)) = pair(&server).await;
    let room = for_ada["roomId"].as_str().unwrap();
    let tokens = [&ada, &ben].map(|it| it.welcome["token"].as_str().unwrap().to_owned());
    let path = format!("/api/rooms/{room}");
    assert_not_found(get(&server, &path, Some(&tokens[0])).await);
    ada.ask("newMessage", json!({"message": "kept", "roomId": room})).await;
    let ids = [&for_ada, &for_ben].map(|it| it["remoteUserDetails"]["userId"].clone());
    for token in &tokens {
        let seen = told(&server, &path, token).await;
        assert_eq!((&seen["kind"], &seen["status"]), (&json!("call"), &json!("active")));
        assert!(ids.contains(&seen["user1"]) && ids.contains(&seen["user2"]), "{seen}");
        assert_ne!(seen["user1"], seen["user2"]);
        let members = told(&server, &format!("{path}/members"), token).await;
        let members = members["members"].as_array().unwrap();
        assert!(members.len() == 2 && members.iter().all(|it| ids.contains(&it["userId"])));
        assert_eq!(told(&server, "/api/users/me/rooms", token).await["rooms"], json!([]));
    }
    // It is no channel that one could listen to, not even as one of the two.
    assert_eq!(ada.refusal("join-room", json!({"roomId": room})).await, "room-not-found");
    let stranger = server.user("Eve").await.1;
    for path in [path.clone(), format!("{path}/members")] {
        assert_not_found(get(&server, &path, Some(&stranger)).await);
    }
    assert_not_found(get(&server, &path, None).await);
    ada.ask("stop-call", json!({"roomId": room})).await;
    assert_eq!(told(&server, &path, &tokens[1]).await["status"], "ended");
}
