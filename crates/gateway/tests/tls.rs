//! TLS of the node's own, over real sockets: calls, floods, drains, HTTPS, and handshakes that come
//! to nothing.

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use liveloop_gateway::settings::{Settings, Tls};
use liveloop_protocol::Limits;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};
use support::{
    Client, Server, meet,
    secure::{BOTH, Files, SecureClient},
    settings, with_limits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn start(files: &Files, settings: Settings) -> Server {
    Server::start_with(settings, Some(files.tls())).await
}

/// Relays an offer of this many bytes and gives what has arrived.
async fn relay(from: &mut SecureClient, to: &mut SecureClient, bytes: usize) -> Value {
    let sdp = "x".repeat(bytes);
    from.say("negotiation-call-offer", json!({"offer": {"type": "offer", "sdp": sdp}})).await;
    let mut arrived = to.until("negotiation-call-offer").await;
    assert_eq!(arrived["offer"]["sdp"].as_str().map(str::len), Some(bytes));
    arrived["offer"]["sdp"].take()
}

fn roomy() -> Settings {
    with_limits(Limits { frame_bytes: 65_536, events_per_second: 0, ..Limits::for_testing() })
}

#[tokio::test]
async fn two_meet_over_both_versions_in_pieces_of_any_length() {
    let files = Files::new();
    let server = start(&files, roomy()).await;
    for (versions, piece) in [
        (&[&TLS13], usize::MAX),
        (&[&TLS12], usize::MAX),
        (&[&TLS13], 1),
        (&[&TLS12], 7),
        (&[&TLS13], 1_000),
    ] {
        let mut ada = files.client_with(&server, versions, piece).await;
        let mut ben = files.client(&server).await;
        meet(&mut ada, &mut ben).await;
        for bytes in [1, 400, 20_000] {
            relay(&mut ada, &mut ben, bytes).await;
            relay(&mut ben, &mut ada, bytes).await;
        }
        ada.socket.close(None).await.unwrap();
        assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
    }
    server.until_status_over(&files, 0).await;
}

#[tokio::test]
async fn a_session_is_resumed_whichever_loop_the_new_socket_is_on() {
    let files = Files::new();
    let server = start(&files, roomy()).await;
    for others in 0..3 {
        let mut around = Vec::new();
        for _ in 0..others {
            around.push(files.client(&server).await);
        }
        let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
        meet(&mut ada, &mut ben).await;
        let mut back = files.client(&server).await;
        let hello = json!({"resume": ada.welcome["resume"], "after": 1});
        back.say("hello", hello).await;
        back.welcome = back.event("welcome").await;
        assert_eq!(back.welcome["resumed"], true);
        back.set_last_ref();
        assert_eq!(ada.close_code().await, 4001);
        for bytes in [1, 20_000] {
            relay(&mut back, &mut ben, bytes).await;
            relay(&mut ben, &mut back, bytes).await;
        }
        for client in [&mut back, &mut ben] {
            client.ask("stop-call", json!({})).await;
            client.ask("cancel-request", json!({})).await;
        }
    }
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let mut stream = files.dial(&server, BOTH, usize::MAX).await;
    // A masked text frame right behind the request, in the same record.
    let text = br#"{"event":"heartbeat","ref":1}"#;
    let mut bytes = String::from(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    .into_bytes();
    for _ in 0..2 {
        bytes.extend([0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0]);
        bytes.extend(text);
    }
    // The second one comes in a record of its own, of which a part is there.
    let (first, second) = bytes.split_at(bytes.len() - 10);
    stream.write_all(first).await.unwrap();
    stream.flush().await.unwrap();
    stream.write_all(second).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = String::new();
    while answer.matches("serverTime").count() < 2 {
        let mut piece = [0; 4_096];
        let len = stream.read(&mut piece).await.unwrap();
        assert!(len > 0, "it is closed: {answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..len]));
    }
}

#[tokio::test]
async fn a_flood_against_one_who_does_not_read_harms_nobody_else() {
    let files = Files::new();
    let limits = Limits {
        frame_bytes: 65_536,
        outbox_bytes: 200_000,
        events_per_second: 0,
        ..Limits::for_testing()
    };
    let server = start(&files, with_limits(limits)).await;
    let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
    meet(&mut ada, &mut ben).await;
    let (mut eve, mut kim) = (files.client(&server).await, files.client(&server).await);
    meet(&mut eve, &mut kim).await;
    let offer = json!({"event": "negotiation-call-offer", "data": {"offer": "x".repeat(60_000)}});
    let offer = offer.to_string();
    let told = loop {
        ada.send_text(offer.clone()).await;
        ada.send_text("{\"event\":\"heartbeat\",\"ref\":0}").await;
        relay(&mut eve, &mut kim, 300).await;
        let frame = ada.frame().await;
        if frame["event"] == "stop-by-remote-user" {
            break frame;
        }
    };
    assert_eq!(told["data"]["reason"], "disconnected");
    assert_eq!(ben.close_code().await, 1013);
    relay(&mut kim, &mut eve, 20_000).await;
}

#[tokio::test]
async fn a_drain_tells_everybody_and_says_goodbye() {
    let files = Files::new();
    let mut server = start(&files, settings()).await;
    let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
    meet(&mut ada, &mut ben).await;
    server.drain();
    for client in [&mut ada, &mut ben] {
        client.event("draining").await;
        assert_eq!(client.close_code().await, 1012);
        // Without a `close_notify` this would be an error: rustls knows it from a cut line.
        assert!(client.socket.next().await.is_none(), "and nothing after it");
    }
    assert!(server.ended().await.is_ok());
}

#[tokio::test]
async fn an_end_without_a_goodbye_is_an_end() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
    meet(&mut ada, &mut ben).await;
    drop(ada);
    assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
}

#[tokio::test]
async fn a_goodbye_without_a_close_frame_is_an_end() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
    meet(&mut ada, &mut ben).await;
    let (tcp, tls) = ada.socket.get_mut().get_mut();
    tls.send_close_notify();
    let mut goodbye = Vec::new();
    tls.write_tls(&mut goodbye).unwrap();
    // The socket stays open: the word of TLS alone must do.
    tcp.write_all(&goodbye).await.unwrap();
    assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
}

#[tokio::test]
async fn bytes_that_were_tampered_with_end_their_connection_alone() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
    meet(&mut ada, &mut ben).await;
    let (tcp, _) = ada.socket.get_mut().get_mut();
    tcp.write_all(b"\x17\x03\x03\x00\x20................................").await.unwrap();
    assert_eq!(ben.until("stop-by-remote-user").await["reason"], "disconnected");
    assert_eq!(ben.ask("heartbeat", json!({})).await["error"], Value::Null);
}

#[tokio::test]
async fn health_page_and_status_are_there_over_https() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    for path in ["/health", "/health/live", "/", "/api/status", "/metrics"] {
        let answer = files.https(&server, &format!("GET {path}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
    files.until_metric(&server, "liveloop_tls_handshakes_total{outcome=\"done\"} ").await;
}

#[tokio::test]
async fn a_page_of_this_very_node_may_connect_and_its_plain_twin_may_not() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let port = server.address.port();
    for (scheme, expected) in [("https", "101"), ("http", "403")] {
        let mut stream = files.dial(&server, BOTH, usize::MAX).await;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {scheme}://localhost:{port}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status[9..], expected.as_bytes(), "{scheme}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_comes_is_not_waited_for() {
    let files = Files::new();
    // The metrics are asked for over TLS, which has no more time than the silent ones.
    let impatient = Tls { handshake_within: Duration::from_secs(2), ..files.settings() };
    let tls = liveloop_gateway::Tls::load(impatient).unwrap();
    let server = Server::start_with(settings(), Some(tls)).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"\x16\x03\x01\x02").await.unwrap();
    for stream in [&mut silent, &mut slow] {
        // Closed, gently or not.
        assert!(!matches!(stream.read(&mut [0; 16]).await, Ok(1..)));
    }
    let line = "liveloop_tls_handshakes_total{outcome=\"too-late\"} 2";
    files.until_metric(&server, line).await;
}

#[tokio::test]
async fn junk_is_answered_with_an_alert_and_counted() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&[0xff; 300]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer.first(), Some(&0x15), "an alert (RFC 8446, section 5.1): {answer:?}");
    drop(TcpStream::connect(server.address).await.unwrap());
    files.until_metric(&server, "liveloop_tls_handshakes_total{outcome=\"failed\"} 1").await;
    files.until_metric(&server, "liveloop_tls_handshakes_total{outcome=\"ended\"} 1").await;
}

#[tokio::test]
async fn plain_http_is_told_what_is_spoken_here() {
    let files = Files::new();
    let server = start(&files, settings()).await;
    let answer = server.http("GET /", "").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https"), "{answer}");
    files.until_metric(&server, "liveloop_tls_handshakes_total{outcome=\"plain-http\"} 1").await;
}

#[tokio::test]
async fn many_come_and_go_and_all_are_counted_out() {
    let files = Files::new();
    let server = start(&files, roomy()).await;
    for round in 0..20 {
        let (mut ada, mut ben) = (files.client(&server).await, files.client(&server).await);
        meet(&mut ada, &mut ben).await;
        relay(&mut ada, &mut ben, 1 << (round % 15)).await;
        let leaving: [&mut Client<_>; 2] = [&mut ada, &mut ben];
        for client in leaving {
            client.socket.send(tokio_tungstenite::tungstenite::Message::Close(None)).await.unwrap();
        }
    }
    server.until_status_over(&files, 0).await;
}
