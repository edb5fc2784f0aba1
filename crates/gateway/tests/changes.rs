//! How far one has read, and what one has said changed or deleted, over real sockets; and texts that
//! are not what they should be.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use liveloop_gateway::settings::{Settings, Span};
use liveloop_ports::{Appending, Archive, MemoryArchive, conformance::HeldArchive};
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{
    Client, Server, group, pair,
    reading::{history, member, seqs},
    unhurried::Unhurried,
    with_limits,
};
use tokio::{net::TcpListener, runtime::Handle};

/// Settings with the limits of a server that is run, but for the rates.
fn unlimited() -> Settings {
    with_limits(Limits { messages_per_second: 0, events_per_second: 0, ..Limits::default() })
}

async fn chess(server: &Server) -> String {
    let (_, token) = server.user("Ada").await;
    group(server, &token).await
}

/// Says it, and gives its id.
async fn say(client: &mut Client, room: &str, text: &str) -> String {
    let ack = client.ask("newMessage", json!({"roomId": room, "message": text})).await;
    ack["data"]["messageId"].as_str().unwrap_or_else(|| panic!("{ack}")).to_owned()
}

fn edit(room: &str, id: &str, text: &str) -> Value {
    json!({"roomId": room, "messageId": id, "message": text})
}

#[track_caller]
fn assert_done(ack: &Value) {
    assert_eq!(ack["data"], json!({}), "{ack}");
}

#[tokio::test]
async fn in_a_channel_all_who_listen_hear_how_far_one_has_read() {
    let server = Server::start(unlimited()).await;
    let room = chess(&server).await;
    let (mut ben, mut cyd) = (member(&server, &room).await, member(&server, &room).await);
    for _ in 0..5 {
        say(&mut ben, &room, "hi").await;
    }
    let ben_id = ben.welcome["userId"].clone();
    for (seq, now, is_heard) in
        [(3, 3, true), (2, 3, false), (3, 3, false), (u64::MAX, 5, true), (0, 5, false)]
    {
        let ack = ben.ask("read", json!({"roomId": room, "seq": seq})).await;
        assert_eq!(ack["data"], json!({"seq": now}), "it never falls, nor passes the last text");
        if is_heard {
            let heard = cyd.until("read").await;
            assert_eq!(heard, json!({"roomId": room, "userId": ben_id, "seq": now}));
        }
    }
    // What was no news nobody has heard of.
    say(&mut ben, &room, "the last").await;
    assert_eq!(cyd.event("newMessage").await["message"], "the last");
    let path = format!("GET /api/rooms/{room}/members");
    let token = ben.welcome["token"].as_str();
    let (_, members) = server.rest(&path, token, "").await;
    let members = members["members"].as_array().unwrap();
    let of_ben = members.iter().find(|it| it["userId"] == ben_id).unwrap();
    assert_eq!(of_ben["lastRead"], 5, "it is kept");
    let mut eve = server.client().await;
    for room in [room.as_str(), "AAECAwQFBgcICQoLDA0ODw", "no-id", "\0"] {
        let code = eve.refusal("read", json!({"roomId": room, "seq": 1})).await;
        assert_eq!(code, "not-in-room", "she does not listen");
    }
    for seq in [json!(-1), json!(1.5), json!("1"), json!(null), json!([1])] {
        let code = ben.refusal("read", json!({"roomId": room, "seq": seq})).await;
        assert_eq!(code, "bad-payload", "{seq}");
    }
}

#[tokio::test]
async fn in_a_call_the_partner_hears_it_of_a_pseudonym() {
    for threads in [1, 2] {
        let server = Server::start(Settings { threads, ..unlimited() }).await;
        let ((mut ada, for_ada), (mut ben, for_ben)) = pair(&server).await;
        let room = for_ada["roomId"].as_str().unwrap().to_owned();
        let ack = ben.ask("read", json!({"roomId": room, "seq": 1})).await;
        assert_eq!(ack["data"], json!({"seq": 0}), "nothing is said yet");
        let id = say(&mut ada, &room, "helo").await;
        let ack = ben.ask("read", json!({"roomId": room, "seq": 1})).await;
        assert_eq!(ack["data"], json!({"seq": 1}));
        let pseudonym = &for_ada["remoteUserDetails"]["userId"];
        let heard = ada.event("read").await;
        assert_eq!(heard, json!({"roomId": room, "userId": pseudonym, "seq": 1}));
        assert_done(&ada.ask("edit-message", edit(&room, &id, "hello")).await);
        let heard = ben.until("message-changed").await;
        assert_eq!((&heard["message"], &heard["seq"]), (&json!("hello"), &json!(1)));
        assert_eq!((&heard["messageId"], &heard["roomId"]), (&json!(id), &json!(room)));
        assert_eq!(ben.refusal("delete-message", edit(&room, &id, "")).await, "not-allowed");
        assert_done(&ada.ask("delete-message", json!({"roomId": room, "messageId": id})).await);
        let heard = ben.until("message-changed").await;
        assert_eq!((&heard["deleted"], &heard["message"]), (&json!(true), &Value::Null));
        let page = history(&mut ben, json!({"roomId": room})).await;
        let tombstone = &page["messages"][0];
        assert_eq!((&tombstone["seq"], &tombstone["deleted"]), (&json!(1), &json!(true)));
        assert_eq!(tombstone["userId"], for_ben["remoteUserDetails"]["userId"]);
        // Over, it is no room in which one says or reads anything.
        ada.ask("stop-call", json!({"roomId": room})).await;
        assert_eq!(ada.refusal("read", json!({"roomId": room, "seq": 1})).await, "not-in-room");
        assert_eq!(ada.refusal("edit-message", edit(&room, &id, "x")).await, "not-in-room");
    }
}

#[tokio::test]
async fn one_changes_and_deletes_what_one_has_said_and_nobody_else_does() {
    let server = Server::start(unlimited()).await;
    let room = chess(&server).await;
    let (mut ben, mut cyd) = (member(&server, &room).await, member(&server, &room).await);
    let (first, second) = (say(&mut ben, &room, "helo").await, say(&mut ben, &room, "psst").await);
    say(&mut cyd, &room, "hi").await;
    assert_done(&ben.ask("edit-message", edit(&room, &first, "  hello ")).await);
    let heard = cyd.until("message-changed").await;
    assert_eq!((&heard["message"], &heard["seq"]), (&json!("hello"), &json!(1)));
    assert!(heard["editedAt"].as_str().unwrap().ends_with('Z') && heard["deleted"].is_null());
    assert_done(&ben.ask("delete-message", json!({"roomId": room, "messageId": second})).await);
    let heard = cyd.event("message-changed").await;
    let gone = json!({"roomId": room, "messageId": second, "seq": 2, "deleted": true});
    assert_eq!(heard, gone);
    // The answer may be lost: asked again it is the same, and nobody hears of it again.
    assert_done(&ben.ask("delete-message", json!({"roomId": room, "messageId": second})).await);
    cyd.has_nothing().await;
    // The tombstone keeps its place, and nothing of what it said.
    let page = history(&mut cyd, json!({"roomId": room})).await;
    assert_eq!(seqs(&page), [1, 2, 3]);
    assert_eq!(
        (&page["messages"][0]["message"], &page["messages"][1]["message"]),
        (&json!("hello"), &Value::Null)
    );
    assert!(!page.to_string().contains("psst"));
    assert_eq!(page["messages"][0]["editedAt"].as_str().map(str::len), Some(24));
    let (_, token) = server.user("Eve").await;
    let mut eve = server.comes(&token).await;
    let other = chess(&server).await;
    eve.ask("join-room", json!({"roomId": other})).await;
    let refused = async |who: &mut Client, room: &str, id: &str, code: &str| {
        assert_eq!(who.refusal("edit-message", edit(room, id, "mine")).await, code);
        assert_eq!(who.refusal("delete-message", edit(room, id, "")).await, code);
    };
    refused(&mut cyd, &room, &first, "not-allowed").await;
    assert_eq!(ben.refusal("edit-message", edit(&room, &second, "x")).await, "not-allowed");
    refused(&mut cyd, &room, &second, "not-allowed").await;
    refused(&mut eve, &other, &first, "not-allowed").await;
    refused(&mut eve, &room, &first, "not-in-room").await;
    for id in ["AAECAwQFBgcICQoLDA0ODw", "no-id", "\0"] {
        assert_eq!(ben.refusal("edit-message", edit(&room, id, "x")).await, "not-allowed");
    }
    for bad in [json!(null), json!(1), json!({})] {
        let data = json!({"roomId": room, "messageId": bad, "message": "x"});
        assert_eq!(ben.refusal("edit-message", data).await, "bad-payload");
        let data = json!({"roomId": room, "messageId": first, "message": bad});
        assert_eq!(ben.refusal("edit-message", data).await, "bad-payload");
    }
    assert_eq!(history(&mut cyd, json!({"roomId": room})).await, page, "nothing was changed");
}

#[tokio::test]
async fn what_is_too_old_stays_as_it_is() {
    let mut settings = unlimited();
    settings.messages.change_within = Span::millis(1);
    let server = Server::start(settings).await;
    let room = chess(&server).await;
    let mut ben = member(&server, &room).await;
    let id = say(&mut ben, &room, "hello").await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(ben.refusal("edit-message", edit(&room, &id, "bye")).await, "not-allowed");
    assert_eq!(ben.refusal("delete-message", edit(&room, &id, "")).await, "not-allowed");
    let page = history(&mut ben, json!({"roomId": room})).await;
    assert_eq!(page["messages"][0]["message"], "hello");
}

#[tokio::test]
async fn changes_count_as_texts() {
    let limits =
        Limits { messages_per_second: 1, messages_per_second_burst: 3, ..Limits::default() };
    let server = Server::start(with_limits(limits)).await;
    let room = chess(&server).await;
    let mut ben = member(&server, &room).await;
    let id = say(&mut ben, &room, "hello").await;
    for text in ["one", "two"] {
        assert_done(&ben.ask("edit-message", edit(&room, &id, text)).await);
    }
    let refused = ben.ask("edit-message", edit(&room, &id, "three")).await;
    assert_eq!(refused["error"]["code"], "rate-limited", "{refused}");
    assert!(refused["error"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0));
}

/// Gives places at once, and tells of them later.
fn held() -> Arc<dyn Archive> {
    let runtime = Handle::current();
    Arc::new(HeldArchive::new(move |answer| {
        let waiting = runtime.spawn(async move {
            tokio::task::yield_now().await;
            answer.answer().await
        });
        Appending::Later(Box::pin(async { waiting.await.unwrap() }))
    }))
}

/// Hears `texts` texts, each with two changes after it.
async fn hears(mut client: Client, texts: usize) {
    let (mut last, mut changes) = (0, 0);
    while changes < 2 * texts {
        let frame = client.frame().await;
        let seq = frame["data"]["seq"].as_u64();
        match frame["event"].as_str() {
            Some("newMessage") => {
                assert_eq!(seq, Some(last + 1));
                last += 1;
            }
            Some("message-changed") => {
                assert!(seq.unwrap() <= last, "{frame} comes before its text");
                changes += 1;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_of_a_change_before_the_text_whichever_threads_they_are_on() {
    let memory = || -> Arc<dyn Archive> { Arc::new(MemoryArchive::default()) };
    for (threads, archive) in [(1, memory()), (3, memory()), (3, held())] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { threads, ..unlimited() };
        let server = Server::start_wired(listener, settings, None, archive);
        let room = chess(&server).await;
        let mut hearing = Vec::new();
        for _ in 0..4 {
            hearing.push(tokio::spawn(hears(member(&server, &room).await, 200)));
        }
        let mut writing = Vec::new();
        for _ in 0..4 {
            let (mut writer, room) = (member(&server, &room).await, room.clone());
            writing.push(tokio::spawn(async move {
                for n in 0..50 {
                    let id = say(&mut writer, &room, &n.to_string()).await;
                    assert_done(&writer.ask("edit-message", edit(&room, &id, "changed")).await);
                    let data = json!({"roomId": room, "messageId": id});
                    assert_done(&writer.ask("delete-message", data).await);
                }
            }));
        }
        for task in writing.into_iter().chain(hearing) {
            task.await.unwrap();
        }
    }
}

#[tokio::test]
async fn with_a_slow_directory_all_of_it_is_the_same() {
    let directory = Arc::new(Unhurried::here());
    let server = Server::start_with_directory(unlimited(), directory).await;
    let room = chess(&server).await;
    let (mut ben, mut cyd) = (member(&server, &room).await, member(&server, &room).await);
    let id = say(&mut ben, &room, "hello").await;
    assert_eq!(ben.ask("read", json!({"roomId": room, "seq": 1})).await["data"]["seq"], 1);
    assert_eq!(cyd.until("read").await["seq"], 1);
    assert_done(&ben.ask("edit-message", edit(&room, &id, "bye")).await);
    assert_eq!(cyd.event("message-changed").await["message"], "bye");
    assert_eq!(history(&mut cyd, json!({"roomId": room})).await["messages"][0]["message"], "bye");
}

#[tokio::test]
async fn texts_are_counted_in_characters_and_kept_as_they_were_sent() {
    let server = Server::start(unlimited()).await;
    let room = chess(&server).await;
    let (mut ben, mut cyd) = (member(&server, &room).await, member(&server, &room).await);
    let id = say(&mut ben, &room, "the first").await;
    cyd.until("newMessage").await;
    let mut kept = 1;
    // Each of one, two, seven characters (Unicode scalar values), and of 1,000 in the end.
    for unit in
        ["x", "e\u{301}", "👩\u{200d}👩\u{200d}👧\u{fe0f}👍", "\u{200f}א", "\u{202e}z", "\0\u{7}"]
    {
        let of = |chars: usize| unit.chars().cycle().take(chars).collect::<String>();
        for text in [of(1), of(1_000)] {
            say(&mut ben, &room, &text).await;
            kept += 1;
            let heard = cyd.until("newMessage").await;
            assert_eq!((&heard["message"], &heard["seq"]), (&json!(text), &json!(kept)));
            assert_done(&ben.ask("edit-message", edit(&room, &id, &text)).await);
            assert_eq!(cyd.until("message-changed").await["message"], json!(text));
        }
        let text = of(1_001);
        let said = json!({"roomId": room, "message": text});
        assert_eq!(ben.refusal("newMessage", said).await, "too-long");
        assert_eq!(ben.refusal("edit-message", edit(&room, &id, &text)).await, "too-long");
    }
    let before = history(&mut cyd, json!({"roomId": room})).await;
    assert_eq!(before["messages"].as_array().unwrap().len(), kept);
    for blank in ["", " ", "\n\t\u{3000}\u{2029}"] {
        let said = json!({"roomId": room, "message": blank});
        assert_eq!(ben.refusal("newMessage", said).await, "bad-payload");
        assert_eq!(ben.refusal("edit-message", edit(&room, &id, blank)).await, "bad-payload");
    }
    for lone in [r"\ud800", r"\udc00", r"a\ud83dz", r"\udc00\ud800"] {
        for event in ["newMessage", "edit-message"] {
            let data = format!(r#"{{"roomId":"{room}","messageId":"{id}","message":"{lone}"}}"#);
            ben.send_text(format!(r#"{{"event":"{event}","data":{data}}}"#)).await;
            let code = ben.until("error").await["code"].take();
            assert!(code == "bad-payload" || code == "bad-frame", "{event} {lone}: {code}");
        }
    }
    assert_eq!(history(&mut cyd, json!({"roomId": room})).await, before, "nothing was stored");
}
