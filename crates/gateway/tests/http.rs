//! The HTTP side over real sockets: health, page, handshake, origins and limits of addresses.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use liveloop_gateway::settings::Settings;
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use support::{Server, settings, with_limits};

const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn status(response: &str) -> u16 {
    response.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line")
}

fn problem(response: &str) -> Value {
    assert!(response.contains("content-type: application/problem+json"), "{response}");
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// The status of a handshake with these further headers. The socket is left at once.
async fn handshake(server: &Server, headers: &str) -> u16 {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request =
        format!("GET /ws HTTP/1.1\r\nHost: {}\r\n{HANDSHAKE}{headers}\r\n", server.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    status(&line)
}

#[tokio::test]
async fn health_says_what_is_on() {
    let server = Server::start(settings()).await;
    let health = server.json("/health").await;
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["node"], "node-under-test");
    let services =
        json!({"store": "off", "redis": "off", "mongodb": "off", "turn": "off", "memory": "ready"});
    assert_eq!(health["services"], services);
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(status(&server.http(&format!("GET {path}"), "").await), 200, "{path}");
    }
}

#[tokio::test]
async fn the_page_and_its_routes() {
    let server = Server::start(settings()).await;
    let room = "/channels/NKl5ZvUuZ3I9FKcKiHGqrw";
    for path in ["/", "/studio", "/call", "/channels", room, "/your-data", "/rules", "/index.html"]
    {
        let response = server.http(&format!("GET {path}"), "").await;
        assert_eq!(status(&response), 200, "{path}");
        assert!(response.contains("<title>Live Loop</title>"), "{path}");
        assert!(response.contains("content-security-policy: default-src 'self'"), "{path}");
        assert!(response.contains("x-content-type-options: nosniff"), "{path}");
    }
    for path in ["/no-such-page", "/channels/", "/channels/a/b"] {
        let missing = server.http(&format!("GET {path}"), "").await;
        assert_eq!(status(&missing), 404, "{path}");
        assert!(missing.contains("<title>Live Loop</title>"), "the page says it itself");
    }
    let head = server.http("HEAD /", "").await;
    assert!(status(&head) == 200 && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(status(&server.http("GET /", "If-None-Match: \"page\"\r\n").await), 304);
    let refused = server.http("POST /", "").await;
    assert_eq!(problem(&refused)["status"], 405);
    assert!(refused.contains("allow: GET,HEAD"), "{refused}");
    for path in ["/api", "/api/", "/api/nothing"] {
        let missing = server.http(&format!("GET {path}"), "").await;
        assert_eq!(problem(&missing)["status"], 404, "{path}");
    }
    assert_eq!(problem(&server.http("DELETE /api/status", "").await)["code"], "not-allowed");
}

#[tokio::test]
async fn the_site_is_as_it_is_configured() {
    let mut settings = settings();
    settings.site.name = "Campus Loop".into();
    settings.site.contact = Some("help@example.org".into());
    let server = Server::start(settings).await;
    let site = server.json("/api/site").await;
    assert_eq!(site["name"], "Campus Loop");
    assert_eq!(site["contact"], "help@example.org");
    assert!(site["rules"].as_array().is_some_and(|rules| !rules.is_empty()));
}

#[tokio::test]
async fn a_bad_handshake_is_told_what_is_wrong() {
    let server = Server::start(settings()).await;
    let plain = server.http("GET /ws", "").await;
    assert_eq!(status(&plain), 426);
    assert!(plain.contains("sec-websocket-version: 13"), "{plain}");
    let key = "Sec-WebSocket-Key: short\r\n";
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    let response = server.http("GET /ws", &format!("{upgrade}{key}")).await;
    assert_eq!(problem(&response)["status"], 400);
    assert_eq!(handshake(&server, "").await, 101);
    assert_eq!(problem(&server.http("POST /ws", HANDSHAKE).await)["status"], 405);
    let head = server.http("HEAD /ws", &HANDSHAKE.replace("keep-alive, ", "")).await;
    assert_eq!(status(&head), 426, "only GET opens a WebSocket (RFC 6455, section 4.1)");
}

#[tokio::test]
async fn pages_of_strange_origins_are_refused_before_the_upgrade() {
    let named = Settings {
        public_url: Some("https://loop.example.org".into()),
        origins: vec!["https://friends.example.org".into()],
        ..settings()
    };
    let server = Server::start(named).await;
    let own = format!("http://{}", server.address);
    for (origin, expected) in [
        (own.as_str(), 101),
        ("https://loop.example.org", 101),
        ("https://friends.example.org", 101),
        ("https://evil.example.org", 403),
        ("null", 403),
        ("http://loop.example.org", 403),
    ] {
        assert_eq!(
            handshake(&server, &format!("Origin: {origin}\r\n")).await,
            expected,
            "{origin}"
        );
    }
    let cors = |origin: &str| format!("Origin: {origin}\r\n");
    let friend = server.http("GET /api/status", &cors("https://friends.example.org")).await;
    assert!(
        friend.contains("access-control-allow-origin: https://friends.example.org"),
        "{friend}"
    );
    let evil = server.http("GET /api/status", &cors("https://evil.example.org")).await;
    assert!(!evil.contains("access-control-allow-origin"), "{evil}");
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_trusted_proxy_says_whose() {
    let limits = Limits { connections_per_address: 1, ..Limits::for_testing() };
    let untrusting = Server::start(with_limits(limits.clone())).await;
    let _first = untrusting.client().await;
    assert_eq!(handshake(&untrusting, "").await, 429);
    let forged = "X-Forwarded-For: 192.0.2.77\r\n";
    assert_eq!(handshake(&untrusting, forged).await, 429, "nobody is believed by default");

    let trusting =
        Settings { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..with_limits(limits) };
    let server = Server::start(trusting).await;
    let _first = server.client().await;
    assert_eq!(handshake(&server, "").await, 429);
    assert_eq!(handshake(&server, forged).await, 101);
    server.until_status("activeConnections", 1).await;
    let https = "X-Forwarded-For: 192.0.2.78\r\nX-Forwarded-Proto: https\r\n";
    let origin = format!("{https}Origin: https://{}\r\n", server.address);
    assert_eq!(handshake(&server, &origin).await, 101, "the proxy ends TLS");
    assert!(server.json("/api/status").await["node"]["connectionFailures"].as_u64() >= Some(1));
}

#[tokio::test]
async fn an_address_cannot_take_every_socket_before_it_says_what_it_wants() {
    use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
    let limits = Limits { connections_per_address: 100, ..Limits::for_testing() };
    let server = Server::start(with_limits(limits)).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    let mut one_more = TcpStream::connect(server.address).await.unwrap();
    let read = timeout(Duration::from_secs(5), one_more.read(&mut [0; 1])).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "closed at once: {read:?}");
    silent.clear();
    // The server hears of it a moment later; until then it closes without an answer.
    let healthy = async {
        while !server.answers().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), healthy).await.expect("they are given back");
    server.client().await.has_nothing().await;
}

#[tokio::test]
async fn upgrades_and_rest_requests_have_rates() {
    let limits = Limits {
        upgrades_per_address_per_second: 3,
        rest_per_address_per_second: 1,
        rest_per_address_per_second_burst: 2,
        ..Limits::for_testing()
    };
    let server = Server::start(with_limits(limits)).await;
    let mut codes = Vec::new();
    for _ in 0..20 {
        codes.push(handshake(&server, "").await);
    }
    assert_eq!(codes[..3], [101, 101, 101]);
    assert!(codes.contains(&429), "{codes:?}");
    let mut last = String::new();
    for _ in 0..20 {
        last = server.http("GET /api/status", "").await;
        if status(&last) == 429 {
            break;
        }
    }
    assert_eq!(problem(&last)["code"], "rate-limited");
    assert!(last.contains("retry-after: 1"), "{last}");
    assert!(problem(&last)["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 1_000), "{last}");
    assert_eq!(status(&server.http("GET /", "").await), 200, "the page is not REST");
}

#[tokio::test]
async fn heads_without_end_and_requests_without_sense_are_survived() {
    let server = Server::start(settings()).await;
    let long = format!("X-Long: {}\r\n", "x".repeat(100_000));
    let response = server.http("GET /", &long).await;
    assert!(
        response.is_empty() || status(&response) == 431 || status(&response) == 400,
        "{response}"
    );
    for junk in ["\0\0\0\0", "GET", "G\u{fffd}T / ", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let _ = server.http(junk, "").await;
    }
    assert_eq!(server.json("/health").await["status"], "healthy");
}
