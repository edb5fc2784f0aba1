//! Who is silent is cut off; a node that goes away says so and ends in time.

mod support;

use futures_util::StreamExt;
use liveloop_gateway::settings::{Heartbeat, Settings, Span};
use serde_json::json;
use support::{Server, pair, settings};
use tokio_tungstenite::tungstenite::Message;

fn watchful() -> Settings {
    Settings { heartbeat: Heartbeat::for_testing(), ..settings() }
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let server = Server::start(watchful()).await;
    let mut client = server.client().await;
    // The library answers each Ping while it reads.
    for _ in 0..4 {
        assert!(matches!(client.message().await, Message::Ping(_)));
    }
    let ack = client.ask("heartbeat", json!({})).await;
    assert!(ack["data"]["serverTime"].as_str().is_some_and(|time| time.ends_with('Z')));
}

#[tokio::test]
async fn a_silent_client_is_cut_with_4000_and_its_partner_told() {
    let server = Server::start(watchful()).await;
    let ((mut ada, _), (ben, _)) = pair(&server).await;
    // Ben does not read, and so answers no Ping.
    assert_eq!(ada.until("stop-by-remote-user").await["reason"], "disconnected");
    let mut ben = ben;
    assert_eq!(ben.close_code().await, 4000);
}

#[tokio::test]
async fn a_drain_tells_everybody_and_takes_no_partner_away() {
    let mut server = Server::start(settings()).await;
    let ((mut ada, _), (mut ben, _)) = pair(&server).await;
    server.drain();
    for client in [&mut ada, &mut ben] {
        let draining = client.event("draining").await;
        assert!(draining["reconnectInMs"].as_u64().is_some_and(|wait| wait <= 500));
        assert_eq!(client.close_code().await, 1012);
        assert!(client.socket.next().await.is_none(), "and nothing after it");
    }
    assert!(server.ended().await.is_ok());
}

#[tokio::test]
async fn a_drain_ends_although_a_client_never_answers() {
    let mut settings = settings();
    settings.drain.deadline = Span::millis(300);
    let mut server = Server::start(settings).await;
    let _deaf = server.client().await;
    let _half_open = tokio::net::TcpStream::connect(server.address).await.unwrap();
    server.drain();
    assert!(server.ended().await.is_ok());
}

#[tokio::test]
async fn while_it_drains_it_takes_nobody_and_says_so() {
    let mut settings = settings();
    settings.drain.deadline = Span::seconds(5);
    let mut server = Server::start(settings).await;
    // Keeps the drain open, for it never answers the close frame.
    let _deaf = server.client().await;
    server.drain();
    while server.json("/health").await["status"] != "draining" {
        tokio::task::yield_now().await;
    }
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/ws", server.address)).await;
    let tokio_tungstenite::tungstenite::Error::Http(response) = refused.unwrap_err() else {
        panic!("an HTTP response")
    };
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(server.http("GET /health/ready", "").await.starts_with("HTTP/1.1 503"));
    assert!(server.ended().await.is_ok());
}
