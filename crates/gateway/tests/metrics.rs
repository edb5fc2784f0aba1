//! `/metrics` over real sockets: what it says, how it says it, and whom.

#![allow(clippy::unwrap_used)]

mod support;

use std::{collections::BTreeMap, time::Duration};

use liveloop_gateway::settings::{IoUring, Metrics, Settings};
use serde_json::json;
use support::{Server, has_io_uring, pair, settings};
use tokio::net::TcpListener;

/// What one scrape said.
#[derive(Debug, Default)]
struct Scrape {
    /// The type of each name.
    kinds: BTreeMap<String, String>,
    /// Each sample as it is written, labels and all, with its value.
    samples: BTreeMap<String, f64>,
}

impl Scrape {
    async fn of(server: &Server) -> Self {
        let response = server.http("GET /metrics", "").await;
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        Self::read(body)
    }

    /// Waits until a sample is at this value: an event loop counts a turn after it has written.
    async fn until(server: &Server, sample: &str, value: f64) -> Self {
        let scrape = async {
            loop {
                let scrape = Self::of(server).await;
                if scrape.value(sample) >= value {
                    return scrape;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), scrape)
            .await
            .expect("it is counted in the end")
    }

    /// Reads the exposition format strictly: HELP and TYPE once before the samples of each name,
    /// nothing twice, nothing else.
    fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        let mut name = String::new();
        assert!(text.ends_with('\n'), "the last line ends too");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (of, words) = help.split_once(' ').expect("a name and words");
                assert!(is_name(of) && !words.is_empty(), "{line}");
                let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
                let kind = kind.and_then(|kind| kind.strip_prefix(of)).expect("TYPE follows HELP");
                assert!(
                    ["counter", "gauge", "histogram", "summary"].contains(&kind.trim()),
                    "{line}"
                );
                name = of.to_owned();
                let before = scrape.kinds.insert(name.clone(), kind.trim().to_owned());
                assert_eq!(before, None, "{name} comes once");
                continue;
            }
            let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
            let of = sample.split('{').next().unwrap();
            let suffix = of.strip_prefix(name.as_str()).expect("samples stand under their name");
            let allowed: &[&str] = match scrape.kinds[&name].as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                "summary" => &["", "_sum", "_count"],
                _ => &[""],
            };
            assert!(allowed.contains(&suffix), "{line}");
            let labels = &sample[of.len()..];
            assert!(labels.is_empty() || (labels.starts_with('{') && labels.ends_with("\"}")));
            let before = scrape.samples.insert(sample.to_owned(), value.parse().expect("a number"));
            assert_eq!(before, None, "{sample} comes once");
        }
        scrape
    }

    #[track_caller]
    fn value(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("{sample} is not there: {self:#?}"))
    }

    #[track_caller]
    fn check(&self, sample: &str, expected: f64) {
        let value = self.value(sample);
        assert!((value - expected).abs() < f64::EPSILON, "{sample}: {value}, not {expected}");
    }

    /// The bounds of a histogram, as they are written, in order of their size.
    fn bounds(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}_bucket{{le=\"");
        let mut bounds: Vec<String> = self
            .samples
            .keys()
            .filter_map(|sample| {
                Some(sample.strip_prefix(&prefix)?.strip_suffix("\"}")?.to_owned())
            })
            .collect();
        bounds.sort_by(|a, b| {
            let number = |text: &str| text.parse::<f64>().unwrap();
            number(a).total_cmp(&number(b))
        });
        bounds
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[tokio::test]
async fn every_name_is_there_from_the_first_scrape_and_at_zero() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start_as_set(listener, settings(), None);
    let scrape = Scrape::of(&server).await;
    let kinds: Vec<_> =
        scrape.kinds.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("cpu_usage_percent", "gauge"),
            ("http_request_duration_seconds", "summary"),
            ("http_requests_total", "counter"),
            ("liveloop_accept_failures_total", "counter"),
            ("liveloop_closes_total", "counter"),
            ("liveloop_connection_failures_total", "counter"),
            ("liveloop_connections_given_up_total", "counter"),
            ("liveloop_delivery_latency_seconds", "histogram"),
            ("liveloop_groups", "gauge"),
            ("liveloop_handshakes_refused_total", "counter"),
            ("liveloop_io_uring_loops", "gauge"),
            ("liveloop_match_wait_seconds", "histogram"),
            ("liveloop_messages_exchanged_total", "counter"),
            ("liveloop_redis_errors_total", "counter"),
            ("liveloop_redis_latency_seconds", "histogram"),
            ("liveloop_refusals_total", "counter"),
            ("liveloop_rooms_active", "gauge"),
            ("liveloop_rooms_created_total", "counter"),
            ("liveloop_sessions_in_grace", "gauge"),
            ("liveloop_sessions_resumed_total", "counter"),
            ("liveloop_store_errors_total", "counter"),
            ("liveloop_store_latency_seconds", "histogram"),
            ("liveloop_store_up", "gauge"),
            ("liveloop_tls_certificate_expiry_timestamp_seconds", "gauge"),
            ("liveloop_tls_handshakes_total", "counter"),
            ("liveloop_tls_reloads_total", "counter"),
            ("liveloop_waiting", "gauge"),
            ("memory_usage_percent", "gauge"),
            ("ws_connections_active", "gauge"),
            ("ws_connections_total", "counter"),
            ("ws_message_latency_seconds", "histogram"),
            ("ws_messages_total", "counter"),
        ]
    );
    let bounds = scrape.bounds("ws_message_latency_seconds");
    assert_eq!(bounds, ["0.1", "0.5", "1", "2", "5", "10", "+Inf"]);
    let fine = scrape.bounds("liveloop_delivery_latency_seconds");
    assert_eq!((fine.first().unwrap().as_str(), fine.len()), ("0.0001", 32));
    for label in
        ["category=\"webrtc\"", "recovered=\"false\"", "code=\"rate-limited\"", "code=\"1013\""]
    {
        assert!(scrape.samples.keys().any(|sample| sample.contains(label)), "{label}");
    }
    scrape.check(r#"http_requests_total{method="GET",endpoint="/ws",status_code="101"}"#, 0.0);
    for (sample, value) in &scrape.samples {
        let is_as_expected = match sample.as_str() {
            "liveloop_store_up" => *value == 1.0,
            name if name.ends_with("_usage_percent") => (0.0..=100.0).contains(value),
            _ => *value == 0.0,
        };
        assert!(is_as_expected, "{sample}");
    }
    if cfg!(target_os = "linux") {
        assert!(scrape.value("memory_usage_percent") > 0.0);
    }
}

#[tokio::test]
async fn every_name_is_explained() {
    let server = Server::start(settings()).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    for name in Scrape::of(&server).await.kinds.keys() {
        assert!(document.contains(&format!("`{name}`")), "docs/metrics.md lacks {name}");
    }
}

#[tokio::test]
async fn a_call_is_counted() {
    let server = Server::start(settings()).await;
    let ((mut ada, for_ada), (mut ben, _)) = pair(&server).await;
    ada.say("negotiation-call-offer", json!({"offer": {"sdp": "v=0"}})).await;
    ben.event("negotiation-call-offer").await;
    ada.ask("newMessage", json!({"message": "hello"})).await;
    ben.event("newMessage").await;
    assert_eq!(ada.refusal("typing", json!({"roomId": "x", "typing": true})).await, "not-in-room");
    let stop = json!({"roomId": for_ada["roomId"]});
    ada.ask("stop-call", stop).await;
    ben.event("stop-by-remote-user").await;
    ada.ask("heartbeat", json!({})).await;

    ben.has_nothing().await;
    let scrape = Scrape::until(&server, "ws_messages_total", 13.0).await;
    for (sample, expected) in [
        ("ws_connections_active", 2.0),
        ("ws_connections_total", 2.0),
        // Two greetings; an ack and a match for one, a match for the other; a signal; an ack and a
        // text; a refusal; an ack and a farewell; two heartbeats.
        ("ws_messages_total", 13.0),
        ("ws_message_latency_seconds_count", 2.0),
        (r#"ws_message_latency_seconds_bucket{le="+Inf"}"#, 2.0),
        ("liveloop_delivery_latency_seconds_count", 2.0),
        ("liveloop_rooms_created_total", 1.0),
        ("liveloop_rooms_active", 0.0),
        ("liveloop_waiting", 1.0),
        ("liveloop_match_wait_seconds_count", 1.0),
        ("liveloop_messages_exchanged_total", 1.0),
        ("liveloop_store_latency_seconds_count", 1.0),
        ("liveloop_store_up", 1.0),
        (r#"liveloop_store_errors_total{cause="full"}"#, 0.0),
        (r#"liveloop_refusals_total{code="not-in-room"}"#, 1.0),
        (r#"http_requests_total{method="GET",endpoint="/ws",status_code="101"}"#, 2.0),
    ] {
        scrape.check(sample, expected);
    }
    let requests = scrape.samples.iter().filter(|(it, _)| it.starts_with("http_requests_total"));
    let requests = requests.map(|(_, count)| count).sum();
    scrape.check("http_request_duration_seconds_count", requests);
    assert!(scrape.value("ws_message_latency_seconds_sum") > 0.0);
    assert!(scrape.value("liveloop_match_wait_seconds_sum") > 0.0);

    drop(ada);
    ben.socket.close(None).await.unwrap();
    server.until_status("activeConnections", 0).await;
    let scrape = Scrape::of(&server).await;
    scrape.check("ws_connections_active", 0.0);
    scrape.check(r#"liveloop_closes_total{code="none",reason="closed by client"}"#, 1.0);
    scrape.check(r#"liveloop_closes_total{code="none",reason="connection lost"}"#, 1.0);
    scrape.check(r#"liveloop_connection_failures_total{category="network"}"#, 1.0);
}

#[tokio::test]
async fn frames_are_timed_whichever_loops_the_two_are_on() {
    let server = Server::start(Settings { threads: 3, ..settings() }).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let ((mut ada, _), (mut ben, _)) = pair(&server).await;
        ada.say("typing", json!({"typing": true})).await;
        ben.event("typing").await;
        clients.extend([ada, ben]);
    }
    let scrape = Scrape::until(&server, "ws_message_latency_seconds_count", 3.0).await;
    scrape.check("ws_message_latency_seconds_count", 3.0);
    scrape.check(r#"ws_message_latency_seconds_bucket{le="10"}"#, 3.0);
    let sum = scrape.value("ws_message_latency_seconds_sum");
    assert!(sum > 0.0 && sum < 30.0, "{sum}");
}

#[tokio::test]
async fn what_is_said_in_a_group_is_timed_once_and_counted_for_each_who_hears_it() {
    let server = Server::start(Settings { threads: 3, ..settings() }).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(server.client().await);
    }
    let token = clients[0].welcome["token"].as_str().unwrap();
    let body = json!({"kind": "group", "public": true}).to_string();
    let head = format!(
        "Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    let response = server.http_with_body("POST /api/rooms", &head, &body).await;
    let (_, made) = response.split_once("\r\n\r\n").unwrap();
    let made: serde_json::Value = serde_json::from_str(made).unwrap();
    let room = &made["roomId"];
    for client in &mut clients {
        client.ask("join-room", json!({"roomId": room})).await;
    }
    clients[0].say("newMessage", json!({"roomId": room, "message": "hello"})).await;
    for client in &mut clients[1..] {
        client.until("newMessage").await;
    }
    let scrape = Scrape::until(&server, "ws_message_latency_seconds_count", 1.0).await;
    scrape.check("ws_message_latency_seconds_count", 1.0);
    scrape.check("liveloop_messages_exchanged_total", 1.0);
    scrape.check(
        r#"http_requests_total{method="POST",endpoint="/api/rooms",status_code="201"}"#,
        1.0,
    );
    // Greetings, acks and texts, and what was told of the members meanwhile.
    assert!(scrape.value("ws_messages_total") >= 14.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let server = Server::start(settings()).await;
    for (request, headers) in [
        ("GET /", ""),
        ("GET /health?token=secret", ""),
        ("GET /api/status", ""),
        ("GET /api/status/secret", ""),
        ("GET /api/secret", ""),
        ("POST /api/site", ""),
        ("GET /secret", ""),
        ("GET /index.html", ""),
        ("BREW /secret", ""),
        ("GET /ws", ""),
        (
            "GET /ws",
            "Origin: https://secret.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ),
    ] {
        server.http(request, headers).await;
    }
    let scrape = Scrape::of(&server).await;
    let requests: Vec<_> = scrape
        .samples
        .iter()
        .filter(|(_, count)| **count > 0.0)
        .filter_map(|(sample, count)| Some((sample.strip_prefix("http_requests_total")?, *count)))
        .collect();
    let expected = [
        (r#"{method="GET",endpoint="/",status_code="200"}"#, 1.0),
        (r#"{method="GET",endpoint="/api/status",status_code="200"}"#, 1.0),
        (r#"{method="GET",endpoint="/health",status_code="200"}"#, 1.0),
        (r#"{method="GET",endpoint="/index.html",status_code="200"}"#, 1.0),
        (r#"{method="GET",endpoint="/ws",status_code="403"}"#, 1.0),
        (r#"{method="GET",endpoint="/ws",status_code="426"}"#, 1.0),
        (r#"{method="GET",endpoint="unknown",status_code="404"}"#, 3.0),
        (r#"{method="POST",endpoint="/api/site",status_code="405"}"#, 1.0),
        (r#"{method="other",endpoint="unknown",status_code="405"}"#, 1.0),
    ];
    assert_eq!(requests, expected);
    scrape.check("http_request_duration_seconds_count", 11.0);
    assert!(scrape.value("http_request_duration_seconds_sum") > 0.0);
    scrape.check(r#"liveloop_connection_failures_total{category="validation"}"#, 1.0);
}

#[tokio::test]
async fn what_was_forwarded_is_told_nothing_unless_everybody_may_read() {
    let forwarded = ["X-Forwarded-For: 10.0.0.9", "Forwarded: for=10.0.0.9", "X-Real-IP: 10.0.0.9"];
    let trusted = vec!["127.0.0.0/8".parse().unwrap()];
    let closed = Server::start(Settings { trusted_proxies: trusted, ..settings() }).await;
    let open = Settings { metrics: Metrics { public: true }, ..settings() };
    let open = Server::start(open).await;
    for header in forwarded {
        let header = format!("{header}\r\n");
        let refused = closed.http("GET /metrics", &header).await;
        assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
        assert!(refused.contains("application/problem+json"), "{refused}");
        assert!(!refused.contains("ws_connections"), "{refused}");
        let told = open.http("GET /metrics", &header).await;
        assert!(told.starts_with("HTTP/1.1 200 ") && told.contains("\nws_connections_active "));
    }
    Scrape::of(&closed).await;
}

#[tokio::test]
async fn the_loops_that_send_through_io_uring_are_counted() {
    let mut ways = vec![(IoUring::Off, 0.0)];
    if has_io_uring() {
        // Those of the test's settings.
        ways.extend([(IoUring::On, 2.0), (IoUring::Auto, 2.0)]);
    }
    for (io_uring, loops) in ways {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start_as_set(listener, Settings { io_uring, ..settings() }, None);
        let _clients = pair(&server).await;
        Scrape::until(&server, "liveloop_io_uring_loops", loops).await;
        let scrape = Scrape::of(&server).await;
        assert_eq!(scrape.value("liveloop_io_uring_loops").to_bits(), f64::to_bits(loops));
    }
}
