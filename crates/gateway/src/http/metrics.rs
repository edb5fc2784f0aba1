//! `/metrics`, for Prometheus: every name there is, from the first scrape.
//!
//! This file alone spells the names. Told to peers of this machine and of private networks; never
//! to a request that somebody has forwarded, for nobody knows whose it is.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering::Relaxed,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_ports::Health;
use liveloop_protocol::ErrorCode;

use super::{Problem, Web, peer_of};
use crate::{
    exposition::{CONTENT_TYPE, Exposition},
    figures::{Figures, MOMENTS, QUANTILES, Requested, Snapshot},
};

/// The bounds of `ws_message_latency_seconds`, in nanoseconds; all are among [`MOMENTS`].
const WS_MESSAGE_LATENCY: [u64; 6] =
    [100_000_000, 500_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000, 10_000_000_000];

pub(super) async fn metrics(State(web): State<Web>, request: Request) -> Response {
    if let Err(problem) = admit(&web, &request) {
        return problem.into_response();
    }
    let node = &web.door.node;
    let now = node.clock.moment();
    let figures = &node.shared.figures;
    let mut out = Exposition::default();
    tell_http(&mut out, &figures.requests.snapshot(now));
    tell_websockets(&mut out, figures);
    let cpu = web.system.cpu_percent(now);
    out.gauge(("cpu_usage_percent", "CPU of the system in use, 0 to 100."), cpu);
    let memory = web.system.memory_percent();
    out.gauge(("memory_usage_percent", "Memory of the system in use, 0 to 100."), memory);
    tell_lobby(&mut out, figures);
    tell_trouble(&mut out, figures);
    tell_turned_away(&mut out, figures);
    tell_tls(&mut out, figures);
    tell_engines(&mut out, figures, &node.archive.health());
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, out.into_text()).into_response()
}

/// Whether a request may read them.
fn admit(web: &Web, request: &Request) -> Result<(), Problem> {
    let peer = peer_of(request);
    let is_near = peer.is_some_and(|peer| is_private(peer.ip()));
    if is_near && !is_forwarded(request.headers()) {
        return Ok(());
    }
    match peer {
        Some(peer) if web.door.node.shared.settings.metrics.public => {
            limit_rest(web, peer, request.headers())
        }
        _ => {
            let detail = "metrics are told to this machine and its private network alone: the \
                          operator can set `metrics.public`";
            Err(Problem::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, detail))
        }
    }
}

fn limit_rest(web: &Web, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Problem> {
    let key = web.door.address_key(peer, headers);
    let admitted = web.door.addresses.admit_rest(key, web.door.node.clock.moment());
    admitted.map_err(|denied| web.door.denied(denied))
}

/// Loopback, and the networks that nobody routes (RFC 1918; RFC 4193).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// Whether a proxy says that the request is somebody else's.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().map(header::HeaderName::as_str).any(|name| {
        name.starts_with("x-forwarded-") || ["forwarded", "x-real-ip", "via"].contains(&name)
    })
}

fn tell_http(out: &mut Exposition, requested: &Requested) {
    out.counters(("http_requests_total", "HTTP requests answered."), |counters| {
        for (kind, count) in &requested.counts {
            let status = kind.status.to_string();
            let labels = [
                ("method", kind.method),
                ("endpoint", kind.endpoint.as_ref()),
                ("status_code", &status),
            ];
            counters.add(&labels, *count);
        }
    });
    out.summary(
        (
            "http_request_duration_seconds",
            "From an HTTP request to its answer; quantiles of the last minute or two.",
        ),
        QUANTILES.into_iter().zip(requested.quantiles),
        (requested.count, requested.sum_nanos),
    );
}

fn tell_websockets(out: &mut Exposition, figures: &Figures) {
    let active = figures.active_connections.load(Relaxed);
    out.gauge(("ws_connections_active", "WebSocket connections open."), active);
    let connections = figures.counts().connections;
    out.counter(("ws_connections_total", "WebSocket connections opened."), connections);
    let delivery = figures.delivery();
    out.histogram_with(
        (
            "ws_message_latency_seconds",
            "From reading a client's frame to handing it to its last local receiver's socket.",
        ),
        &delivery,
        &WS_MESSAGE_LATENCY,
    );
    out.counter(("ws_messages_total", "WebSocket messages sent."), figures.frames_sent());
    let help = "Event loops that send in batches through io_uring.";
    out.gauge(("liveloop_io_uring_loops", help), figures.rings.count());
    out.histogram(
        ("liveloop_delivery_latency_seconds", "The same as ws_message_latency_seconds, finer."),
        &delivery,
    );
}

fn tell_lobby(out: &mut Exposition, figures: &Figures) {
    let counts = figures.counts();
    out.counter(("liveloop_rooms_created_total", "Matches made."), counts.rooms_created);
    let rooms = figures.rooms.load(Relaxed);
    out.gauge(("liveloop_rooms_active", "Rooms of two at present."), rooms);
    let groups = figures.groups.load(Relaxed);
    out.gauge(("liveloop_groups", "Channels that somebody listens to."), groups);
    let waiting = figures.waiting.load(Relaxed);
    out.gauge(("liveloop_waiting", "Visitors who wait for a partner."), waiting);
    let help = "How long the longer one waited, of each two who met.";
    out.histogram(("liveloop_match_wait_seconds", help), &figures.match_wait.snapshot());
    let help = "Texts exchanged.";
    out.counter(("liveloop_messages_exchanged_total", help), counts.messages_exchanged);
}

fn tell_trouble(out: &mut Exposition, figures: &Figures) {
    let help = "Connections refused, or ended otherwise than by the client's wish.";
    out.counters(("liveloop_connection_failures_total", help), |counters| {
        for (category, count) in figures.failures() {
            counters.add(&[("category", category.as_str())], count);
        }
    });
    let help = "Lost sessions resumed, by whether nothing was lost on the way.";
    out.counters(("liveloop_sessions_resumed_total", help), |counters| {
        for (is_recovered, count) in figures.resumed() {
            counters.add(&[("recovered", if is_recovered { "true" } else { "false" })], count);
        }
    });
    let in_grace = figures.in_grace.load(Relaxed);
    let help = "Sessions that have lost their socket and may still come back.";
    out.gauge(("liveloop_sessions_in_grace", help), in_grace);
    out.counters(("liveloop_refusals_total", "What clients were refused."), |counters| {
        for (code, count) in figures.refusals() {
            counters.add(&[("code", code)], count);
        }
    });
    let help = "WebSocket connections ended, by the close code that the server sent.";
    out.counters(("liveloop_closes_total", help), |counters| {
        for (reason, count) in figures.closes() {
            let code = reason.code().map_or_else(|| "none".into(), |code| code.to_string());
            counters.add(&[("code", &code), ("reason", reason.as_str())], count);
        }
    });
}

fn tell_turned_away(out: &mut Exposition, figures: &Figures) {
    let help = "WebSocket handshakes refused.";
    out.counters(("liveloop_handshakes_refused_total", help), |counters| {
        for (reason, count) in figures.handshakes_refused.counts() {
            counters.add(&[("reason", reason)], count);
        }
    });
    let help = "Connections given up before they became a WebSocket, or while they spoke HTTP.";
    out.counters(("liveloop_connections_given_up_total", help), |counters| {
        for (reason, count) in figures.given_up.counts() {
            counters.add(&[("reason", reason)], count);
        }
    });
    let help = "Times that no connection could be accepted.";
    let failures = figures.accept_failures.load(Relaxed);
    out.counter(("liveloop_accept_failures_total", help), failures);
}

fn tell_tls(out: &mut Exposition, figures: &Figures) {
    let help = "TLS handshakes, by how they ended.";
    out.counters(("liveloop_tls_handshakes_total", help), |counters| {
        for (outcome, count) in figures.tls.handshakes() {
            counters.add(&[("outcome", outcome)], count);
        }
    });
    let help = "Times that certificate and key were read again, by whether they came into use.";
    out.counters(("liveloop_tls_reloads_total", help), |counters| {
        for (outcome, count) in figures.tls.reloads() {
            counters.add(&[("outcome", outcome)], count);
        }
    });
    let help = "When the certificate in use ends, in seconds since 1970; 0 without TLS.";
    let expiry = figures.tls.expiry();
    out.gauge(("liveloop_tls_certificate_expiry_timestamp_seconds", help), expiry);
}

/// The store and Redis, which there is none of yet.
fn tell_engines(out: &mut Exposition, figures: &Figures, store: &Health) {
    let is_up = u64::from(!matches!(store, Health::Down(_)));
    out.gauge(("liveloop_store_up", "Whether the store works: 1 or 0."), is_up);
    let help = "From asking the store to its answer.";
    out.histogram(("liveloop_store_latency_seconds", help), &figures.store_latency.snapshot());
    let help = "Times that the store answered that it does not work.";
    out.counters(("liveloop_store_errors_total", help), |counters| {
        for (cause, count) in figures.store_failures.counts() {
            counters.add(&[("cause", cause)], count);
        }
    });
    let help = "From asking Redis to its answer.";
    out.histogram(("liveloop_redis_latency_seconds", help), &Snapshot::empty(&MOMENTS));
    out.counter(("liveloop_redis_errors_total", "Times Redis failed."), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_bounds_are_among_the_fine_ones() {
        assert!(WS_MESSAGE_LATENCY.iter().all(|bound| MOMENTS.contains(bound)));
    }

    #[test]
    fn what_is_near() {
        for (address, expected) in [
            ("127.0.0.9", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.168.4.4", true),
            ("::ffff:192.168.4.4", true),
            ("fd12::1", true),
            ("100.64.0.1", false),
            ("169.254.1.1", false),
            ("fe80::1", false),
            ("2001:db8::1", false),
            ("203.0.113.4", false),
            ("::ffff:203.0.113.4", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn what_is_forwarded() {
        for (name, expected) in [
            ("x-forwarded-for", true),
            ("x-forwarded-proto", true),
            ("forwarded", true),
            ("x-real-ip", true),
            ("via", true),
            ("accept", false),
        ] {
            let name = header::HeaderName::from_static(name);
            let headers = [(name.clone(), header::HeaderValue::from_static(""))];
            assert_eq!(is_forwarded(&headers.into_iter().collect()), expected, "{name}");
        }
    }
}
