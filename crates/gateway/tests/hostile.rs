//! Hostile clients over real sockets: each cause is counted under its own name, and nobody else is
//! harmed. What takes many of them, or a machine of its own, is in `liveloop-bench hostile`.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use liveloop_gateway::settings::Settings;
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{Client, Server, pair, settings, with_limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{MaybeTlsStream, tungstenite::Message};

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn refused(reason: &str) -> String {
    format!("liveloop_handshakes_refused_total{{reason=\"{reason}\"}}")
}

fn given_up(reason: &str) -> String {
    format!("liveloop_connections_given_up_total{{reason=\"{reason}\"}}")
}

fn closed(code: u16, reason: &str) -> String {
    format!("liveloop_closes_total{{code=\"{code}\",reason=\"{reason}\"}}")
}

/// The text of the response, and that the connection has ended.
async fn say_raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // A server that has heard enough may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut response = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut response))
        .await
        .expect("it ends");
    String::from_utf8_lossy(&response).into_owned()
}

#[tokio::test]
async fn refused_handshakes_are_counted_by_reason() {
    let server = Server::start(settings()).await;
    for (headers, status, reason) in [
        (String::new(), 426, "not an upgrade"),
        (UPGRADE.replace("13", "12"), 426, "not an upgrade"),
        (UPGRADE.replace("dGhlI", "dGhl"), 400, "bad key"),
        (format!("{UPGRADE}Content-Length: 6\r\n"), 400, "has a body"),
        (format!("{UPGRADE}Transfer-Encoding: chunked\r\n"), 400, "has a body"),
        (format!("{UPGRADE}Origin: https://elsewhere.example\r\n"), 403, "origin"),
    ] {
        let before = server.metric(&refused(reason)).await;
        // What could be a body, and an empty text frame.
        let response = server.http_with_body("GET /ws", &headers, "\u{1}\0\0\0\0\0").await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{reason}: {response}");
        let after = server.metric(&refused(reason)).await;
        assert!((after - before - 1.0).abs() < f64::EPSILON, "{reason}: {before}, then {after}");
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{UPGRADE}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101", "no bytes are no body");
}

#[tokio::test]
async fn handshakes_over_a_limit_are_counted_by_the_limit() {
    let none = Limits::for_testing();
    for (limits, reason) in [
        (Limits { connections_per_address: 1, ..none.clone() }, "address full"),
        (Limits { upgrades_per_address_per_second: 1, ..none.clone() }, "address too fast"),
        (Limits { upgrades_per_second: 1, ..none.clone() }, "busy"),
    ] {
        let server = Server::start(with_limits(limits)).await;
        let _first = server.client().await;
        let response = server.http("GET /ws", UPGRADE).await;
        assert!(response.starts_with("HTTP/1.1 429 ") || reason == "busy", "{reason}: {response}");
        assert!(server.metric(&refused(reason)).await >= 1.0, "{reason}");
    }
    let mut server = Server::start(settings()).await;
    // Keeps the drain open, for it never answers the close frame.
    let _deaf = server.client().await;
    server.drain();
    while server.json("/health").await["status"] != "draining" {
        tokio::task::yield_now().await;
    }
    assert!(server.http("GET /ws", UPGRADE).await.starts_with("HTTP/1.1 503 "));
    assert!(server.metric(&refused("draining")).await >= 1.0);
}

#[tokio::test]
async fn junk_is_counted_by_what_is_wrong_with_it() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    let client_hello = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let long_header = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(65_536));
    let long_handshake = format!("GET /ws HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(65_536));
    for (bytes, reason) in [
        (&client_hello[..], "no HTTP"),
        (b"\0\x01\x02\x03\xff\xfe\r\n\r\n", "no HTTP"),
        (b"EHLO example.org\r\n\r\n", "no HTTP"),
        (long_header.as_bytes(), "head too long"),
        (long_handshake.as_bytes(), "head too long"),
    ] {
        let before = server.metric(&given_up(reason)).await;
        let response = say_raw(&server, bytes).await;
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 4"), "{response}");
        server.until_metric(&given_up(reason), before + 1.0).await;
    }
    for bytes in [&b""[..], b"GE", b"GET /ws HTTP/1.1\r\nHo", b"GET / HTTP/1.1\r\nHo"] {
        let before = server.metric(&given_up("abandoned")).await;
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        drop(stream);
        server.until_metric(&given_up("abandoned"), before + 1.0).await;
    }
    ada.ask("newMessage", json!({"message": "still here?"})).await;
    assert_eq!(ben.until("newMessage").await["message"], "still here?");
}

#[tokio::test]
async fn an_address_with_too_many_connections_is_let_go_and_counted() {
    let limits = Limits { connections_per_address: 1, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    let mut held = Vec::new();
    // A browser's worth of connections is always granted.
    for _ in 0..64 {
        held.push(TcpStream::connect(server.address).await.unwrap());
    }
    for _ in 0..6 {
        assert_eq!(say_raw(&server, b"").await, "");
    }
    drop(held);
    let mut refused = 6.0;
    while !server.answers().await {
        refused += 1.0;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.until_metric(&given_up("abandoned"), 64.0).await;
    let counted = server.metric(&given_up("address full")).await;
    assert!((counted - refused).abs() < f64::EPSILON, "{counted}, not {refused}");
}

#[tokio::test]
async fn whoever_is_slow_is_given_up_in_time_and_counted() {
    let server = Server::start(settings()).await;
    let mut slow = Vec::new();
    for bytes in [
        &b""[..],
        b"GET /w",
        b"GET /ws HTTP/1.1\r\nUpgrade",
        b"GET / HTTP/1.1\r\nHost",
        b"POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{\"na",
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        slow.push(stream);
    }
    // One that is done asking is not slow, however long it keeps its connection.
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answers = Vec::new();
    for stream in &mut slow {
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer));
        ended.await.expect("it is given up").unwrap();
        answers.push(String::from_utf8_lossy(&answer).into_owned());
    }
    assert!(answers[4].starts_with("HTTP/1.1 408 "), "{answers:?}");
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), idle.read_to_end(&mut rest))
        .await
        .expect("it ends too")
        .unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 200 "));
    server.until_metric(&given_up("head timeout"), 4.0).await;
    assert!((server.metric(&given_up("head timeout")).await - 4.0).abs() < f64::EPSILON);
    assert!((server.metric(&given_up("body timeout")).await - 1.0).abs() < f64::EPSILON);
}

/// The codes of all `error` events up to the close, and its code.
async fn errors_until_closed(client: &mut Client, more: &[u8]) -> (Vec<Value>, u16) {
    let mut errors = Vec::new();
    let MaybeTlsStream::Plain(stream) = client.socket.get_mut() else { panic!("a plain socket") };
    stream.write_all(more).await.unwrap();
    loop {
        let next = tokio::time::timeout(Duration::from_millis(100), client.socket.next()).await;
        match next {
            Ok(Some(Ok(Message::Text(text)))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                errors.push(frame["data"]["code"].clone());
            }
            Ok(Some(Ok(Message::Close(Some(frame))))) => return (errors, frame.code.into()),
            Ok(Some(Ok(_))) => {}
            Ok(other) => panic!("a close frame is expected, got {other:?}"),
            Err(_) => {
                let MaybeTlsStream::Plain(stream) = client.socket.get_mut() else { panic!() };
                // Once the server has closed, the farewell is still to be read.
                let _ = stream.write_all(more).await;
            }
        }
    }
}

#[tokio::test]
async fn a_flood_of_tiny_frames_is_told_once_to_wait_and_cut_as_a_flood() {
    let server = Server::start(settings()).await;
    let mut client = server.client().await;
    // Empty texts, each of which is a bad frame: 64 KiB are 10,922 of them.
    let frames = b"\x81\x80\0\0\0\0".repeat((64 << 10) / 6);
    let (errors, code) = errors_until_closed(&mut client, &frames).await;
    assert_eq!(code, 1008, "{} answers", errors.len());
    let first = errors.iter().position(|code| code == "rate-limited").unwrap();
    assert!(errors[..first].iter().all(|code| code == "bad-frame"));
    assert_eq!(first, 400, "the burst");
    assert_ne!(errors.get(first + 1), Some(&json!("rate-limited")), "it is told once");
    server.until_metric(&closed(1008, "flood"), 1.0).await;
    assert!(server.metric(&closed(1013, "slow reader")).await < 1.0);
    assert!(server.metric("liveloop_refusals_total{code=\"rate-limited\"}").await > 10_000.0);
}

#[tokio::test]
async fn what_is_owed_to_one_who_has_said_all_is_written_before_the_end() {
    // A kernel that takes little at once: most of the answers wait in the outbox.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(4_096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = Server::start_on(socket.listen(64).unwrap(), settings(), None);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    let mut said = format!("GET /ws HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n").into_bytes();
    for reference in 1..=300 {
        let text = format!("{{\"event\":\"heartbeat\",\"ref\":{reference}}}");
        said.extend_from_slice(&[0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0]);
        said.extend_from_slice(text.as_bytes());
    }
    stream.write_all(&said).await.unwrap();
    stream.shutdown().await.unwrap();
    // It reads nothing before the server has seen its end.
    let lost = "liveloop_closes_total{code=\"none\",reason=\"connection lost\"}";
    server.until_metric(lost, 1.0).await;
    let mut heard = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard))
        .await
        .expect("the server ends it")
        .expect("and does so in order");
    let heard = String::from_utf8_lossy(&heard);
    assert_eq!(heard.matches("\"ack\":").count(), 300);
}

/// A group with a member who listens, and a client that has yet to join.
async fn group_with_listener(server: &Server) -> (String, Client, Client) {
    let (mut ada, ben) = (server.client().await, server.client().await);
    let token = ada.welcome["token"].as_str().unwrap().to_owned();
    let body = json!({"kind": "group", "public": true}).to_string();
    let head = format!(
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let response = server.http_with_body("POST /api/rooms", &head, &body).await;
    let (_, room) = response.split_once("\r\n\r\n").unwrap();
    let room: Value = serde_json::from_str(room).unwrap();
    let room = room["roomId"].as_str().unwrap().to_owned();
    ada.ask("join-room", json!({"roomId": room})).await;
    (room, ada, ben)
}

#[tokio::test]
async fn what_follows_a_join_without_waiting_for_it_acts_after_it() {
    for threads in [1, 2] {
        let server = Server::start(Settings { threads, ..settings() }).await;
        let (room, mut ada, mut ben) = group_with_listener(&server).await;
        let said = |n: u32| ("newMessage", json!({"roomId": room, "message": format!("no. {n}")}));
        let leave = || ("leave-room", json!({"roomId": room}));
        let join = || ("join-room", json!({"roomId": room}));
        ben.say_at_once(&[join(), said(1), said(2), leave(), said(3), join(), said(4)]).await;
        for n in [1, 2, 4] {
            let heard = ada.until("newMessage").await;
            assert_eq!(heard["message"], format!("no. {n}"), "{threads} threads");
        }
        let refused = ben.until("error").await;
        assert_eq!(
            (&refused["code"], &refused["event"]),
            (&json!("not-in-room"), &json!("newMessage"))
        );
        // In the end it listens.
        ada.ask("newMessage", json!({"roomId": room, "message": "welcome back"})).await;
        assert_eq!(ben.until("newMessage").await["message"], "welcome back");
        // Into a group that there is not, it says nothing.
        let nowhere = json!({"roomId": "AAAAAAAAAAAAAAAAAAAAAA", "message": "?"});
        ben.say_at_once(&[("join-room", nowhere.clone()), ("newMessage", nowhere)]).await;
        assert_eq!(ben.until("error").await["code"], "room-not-found");
        assert_eq!(ben.until("error").await["code"], "not-in-room");
    }
}

#[tokio::test]
async fn what_waits_for_a_join_is_bounded() {
    let server = Server::start(settings()).await;
    let (room, _ada, mut ben) = group_with_listener(&server).await;
    let mut all = vec![("join-room", json!({"roomId": room}))];
    all.extend((0..100).map(|_| ("typing", json!({"roomId": room, "typing": true}))));
    for (event, data) in &all {
        let text = json!({"event": event, "data": data}).to_string();
        ben.socket.feed(Message::Text(text.into())).await.unwrap();
    }
    ben.socket.flush().await.unwrap();
    ben.ask("heartbeat", json!({})).await;
    let refused = server.metric("liveloop_refusals_total{code=\"rate-limited\"}").await;
    assert!(refused <= 36.0, "64 of a hundred at least have waited: {refused}");
}
