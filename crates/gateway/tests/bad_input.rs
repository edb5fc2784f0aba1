//! Bad input through a real socket: the documented error or close code, the room unharmed, the
//! server alive.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use support::{Client, Server, pair, settings, with_limits};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    MaybeTlsStream,
    tungstenite::{Bytes, Message},
};

/// Both are still in their call, and it works.
async fn assert_unharmed(ada: &mut Client, ben: &mut Client) {
    ada.ask("newMessage", json!({"message": "still here?"})).await;
    assert_eq!(ben.until("newMessage").await["message"], "still here?");
}

#[tokio::test]
async fn every_bad_fixture_is_refused_as_it_says() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    let fixtures = include_str!("../../protocol/fixtures/client.json");
    let fixtures: Value = serde_json::from_str(fixtures).unwrap();
    let bad = fixtures["cases"].as_array().unwrap().iter().filter(|case| case["valid"] == false);
    let mut tried = 0;
    for case in bad {
        ada.send_text(case["frame"].to_string()).await;
        let error = ada.event("error").await;
        assert_eq!(error["code"], case["error"], "{}", case["name"]);
        assert_eq!(error["field"], case["field"], "{}", case["name"]);
        assert_eq!(error["category"], "validation", "{}", case["name"]);
        tried += 1;
    }
    assert!(tried >= 50, "only {tried} cases");
    ben.has_nothing().await;
    assert_unharmed(&mut ada, &mut ben).await;
}

#[tokio::test]
async fn what_is_no_frame_is_refused_and_harms_nobody() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    for text in ["", "not JSON", "[]", "7", "{\"event\":", "{\"event\":\"\\ud800\",\"data\":{}}"] {
        ada.send_text(text).await;
        assert_eq!(ada.event("error").await["code"], "bad-frame", "{text}");
    }
    ada.socket.send(Message::Binary(Bytes::from_static(b"\0\x01"))).await.unwrap();
    assert_eq!(ada.event("error").await["code"], "bad-frame");
    ada.ask("heartbeat", json!({})).await;
    ada.send_text(json!({"event": "heartbeat", "ref": 1}).to_string()).await;
    assert_eq!(ada.event("error").await["code"], "bad-frame", "a `ref` must rise");
    assert_unharmed(&mut ada, &mut ben).await;
}

#[tokio::test]
async fn a_signal_to_somebody_outside_the_room_reaches_nobody() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    let mut outsider = server.client().await;
    let target = outsider.welcome["socketId"].clone();
    for (event, data) in [
        ("negotiation-call-offer", json!({"offer": {}, "remoteSocketId": target})),
        ("negotiation-call-answer", json!({"ans": {}, "remoteSocketId": target})),
        ("send-new-ice-candidates", json!({"candidate": {}, "to": target})),
        ("send-new-ice-candidates", json!({"candidate": {}, "to": "nobody"})),
        ("send-new-ice-candidates", json!({"candidate": {}, "to": ada.welcome["socketId"]})),
    ] {
        let error = ada.ask(event, data).await["error"].take();
        assert_eq!((&error["code"], &error["category"]), (&json!("not-in-room"), &json!("webrtc")));
    }
    assert_eq!(
        outsider.refusal("negotiation-call-offer", json!({"offer": {}})).await,
        "not-in-room"
    );
    assert_eq!(outsider.refusal("newMessage", json!({"message": "hi"})).await, "not-in-room");
    assert_eq!(outsider.refusal("typing", json!({"typing": true})).await, "not-in-room");
    outsider.has_nothing().await;
    ben.has_nothing().await;
    assert_unharmed(&mut ada, &mut ben).await;
}

#[tokio::test]
async fn an_over_long_frame_closes_with_1009_and_the_partner_is_told() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    let frame = json!({"event": "newMessage", "data": {"message": "x".repeat(5_000)}});
    ada.send_text(frame.to_string()).await;
    assert_eq!(ada.close_code().await, 1009);
    assert_eq!(ben.event("stop-by-remote-user").await["reason"], "disconnected");
    assert_eq!(server.json("/health").await["status"], "healthy");
}

/// Writes bytes beneath the client library.
async fn write_raw(client: &mut Client, bytes: &[u8]) {
    let MaybeTlsStream::Plain(stream) = client.socket.get_mut() else { panic!("a plain socket") };
    stream.write_all(bytes).await.unwrap();
}

#[tokio::test]
async fn violations_of_the_protocol_close_with_their_code() {
    let server = Server::start(settings()).await;
    for (bytes, code) in [
        (&b"\x81\x05hello"[..], 1002),            // not masked
        (&b"\xf1\x80\0\0\0\0"[..], 1002),         // reserved bits
        (&b"\x83\x80\0\0\0\0"[..], 1002),         // reserved opcode
        (&b"\x09\x80\0\0\0\0"[..], 1002),         // fragmented Ping
        (&b"\x80\x80\0\0\0\0"[..], 1002),         // continuation of nothing
        (&b"\x81\x82\0\0\0\0\xff\xfe"[..], 1007), // no UTF-8
        (&b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"[..], 1009),
    ] {
        let mut client = server.client().await;
        write_raw(&mut client, bytes).await;
        assert_eq!(client.close_code().await, code, "{bytes:?}");
    }
    let mut client = server.client().await;
    client.has_nothing().await;
}

#[tokio::test]
async fn a_boundless_length_harms_nobody_where_the_limit_is_off() {
    let limits =
        liveloop_protocol::Limits { frame_bytes: 0, ..liveloop_protocol::Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    for length in [1_u64 << 45, 1 << 62] {
        let mut client = server.client().await;
        let head = [&b"\x81\xff"[..], &length.to_be_bytes(), &[0; 4]].concat();
        write_raw(&mut client, &head).await;
        assert_eq!(client.close_code().await, 1009);
    }
    server.client().await.has_nothing().await;
}

#[tokio::test]
async fn a_thousand_messages_in_a_second() {
    let server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    for n in 0..1_000 {
        let frame = json!({"event": "newMessage", "data": {"message": n.to_string()}});
        ada.socket.feed(Message::Text(frame.to_string().into())).await.unwrap();
    }
    ada.socket.flush().await.unwrap();
    let mut refused = 0;
    let (mut ack, probe) = (Value::Null, json!({"event": "heartbeat", "ref": 1_000}));
    ada.send_text(probe.to_string()).await;
    while ack.is_null() {
        let mut frame = ada.frame().await;
        if frame["event"] == "error" {
            assert_eq!(frame["data"]["code"], "rate-limited");
            assert_eq!(frame["data"]["category"], "network");
            assert!(frame["data"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0));
            refused += 1;
        }
        ack = frame["ack"].take();
    }
    // 20 at once, then 5 a second: however slow the machine, most were refused.
    assert!((500..=980).contains(&refused), "{refused} refused");
    let mut heard = 0;
    for seq in 1..=1_000 - refused {
        assert_eq!(ben.event("newMessage").await["seq"], seq, "those that passed are in order");
        heard += 1;
    }
    assert_eq!(heard + refused, 1_000);
    ben.has_nothing().await;
}

#[tokio::test]
async fn a_flood_is_closed_with_1008() {
    let mut settings = settings();
    settings.limits.messages_per_second = 1;
    settings.limits.events_per_second = 0;
    let server = Server::start(settings).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    let frame = json!({"event": "newMessage", "data": {"message": "flood"}}).to_string();
    let flood = async {
        // More than ten a second, until the server has had enough of it. It reads between, for a
        // write that fails would hide the close frame behind its error.
        loop {
            ada.send_text(frame.clone()).await;
            while let Some(next) = ada.socket.next().now_or_never() {
                match next.expect("a close frame first").unwrap() {
                    Message::Close(close) => return close.map(|close| u16::from(close.code)),
                    _ => continue,
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let code = tokio::time::timeout(Duration::from_secs(20), flood).await.expect("a flood ends");
    assert_eq!(code, Some(1008));
    assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
}

#[tokio::test]
async fn requests_for_a_partner_have_a_rate() {
    let server = Server::start(settings()).await;
    let mut client = server.client().await;
    for _ in 0..20 {
        assert_eq!(client.ask("request-room", json!({})).await["data"], json!({}));
    }
    let error = client.ask("request-room", json!({})).await["error"].take();
    assert_eq!(error["code"], "rate-limited");
    assert!(error["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 1_000));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_the_partner_goes_on() {
    let limits = liveloop_protocol::Limits {
        frame_bytes: 65_536,
        outbox_bytes: 200_000,
        events_per_second: 0,
        ..liveloop_protocol::Limits::for_testing()
    };
    let server = Server::start(with_limits(limits)).await;
    let ((mut ada, _), (ben, _)) = pair(&server).await;
    // Ben's socket is open, and nobody reads from it.
    let offer = json!({"event": "negotiation-call-offer", "data": {"offer": "x".repeat(60_000)}});
    let offer = offer.to_string();
    let told = loop {
        ada.send_text(offer.clone()).await;
        ada.send_text("{\"event\":\"heartbeat\",\"ref\":0}").await;
        let frame = ada.frame().await;
        if frame["event"] == "stop-by-remote-user" {
            break frame;
        }
    };
    assert_eq!(told["data"]["reason"], "disconnected");
    let mut ben = ben;
    assert_eq!(ben.close_code().await, 1013);
}
