//! `GET /ws`: the opening handshake (RFC 6455, section 4.2). After the 101 the socket leaves HTTP.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use liveloop_core::{SessionKey, SocketId, UserId};
use liveloop_protocol::ErrorCode;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Problem, Web, peer_of};
use crate::{
    address::ConnectionPermit,
    clock::{random_below, random_id},
    connection,
    figures::Figures,
    inbox::inbox,
    session::{Origin, Session},
};

/// Bytes that are read at once from a client; held per connection until the data plane is built.
const READ_BUFFER_BYTES: usize = 4_096;
/// The longest frame where `limits.frame_bytes` is off: memory is reserved for the length that a
/// client names before its bytes have come, and one that nobody has would end the node.
const FRAME_BYTES_CEILING: usize = 64 << 20;

static NEXT_SESSION: AtomicU64 = AtomicU64::new(1);

pub(super) async fn upgrade(State(web): State<Web>, mut request: Request) -> Response {
    match admit(&web, &mut request) {
        Ok((key, permit, on_upgrade)) => {
            web.connections.clone().spawn(converse(web, permit, on_upgrade));
            switching_protocols(&key)
        }
        Err(problem) => problem.into_response(),
    }
}

type Admitted = (HeaderValue, ConnectionPermit, OnUpgrade);

fn admit(web: &Web, request: &mut Request) -> Result<Admitted, Problem> {
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
    // Axum lets HEAD in where GET is.
    if request.method() != Method::GET {
        return Err(Problem::upgrade_required());
    }
    let key = handshake_key(request.headers())?;
    let (Some(on_upgrade), Some(peer)) = (on_upgrade, peer_of(request)) else {
        return Err(Problem::upgrade_required());
    };
    let headers = request.headers();
    if *web.node.draining.borrow() {
        return Err(Problem::draining());
    }
    if let Some(origin) = headers.get(header::ORIGIN)
        && !web.origins.allows(origin, web.scheme(Some(peer), headers), headers)
    {
        web.node.shared.figures.count_failure();
        web.node.shared.figures.count_refusal(ErrorCode::NotAllowed);
        let detail = "pages of that origin may not connect: the operator can add it to `origins`";
        return Err(Problem::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, detail));
    }
    let address = web.address_key(peer, headers);
    let permit = web
        .addresses
        .admit(address, web.node.clock.moment())
        .map_err(|denied| web.denied(denied))?;
    Ok((key, permit, on_upgrade))
}

fn handshake_key(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let has_token = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|word| word.trim().eq_ignore_ascii_case(token)))
    };
    let is_upgrade =
        has_token(header::UPGRADE, "websocket") && has_token(header::CONNECTION, "upgrade");
    let is_version = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|v| v == "13");
    if !is_upgrade || !is_version {
        return Err(Problem::upgrade_required());
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if is_nonce(key.as_bytes()) => Ok(key.clone()),
        _ => {
            let detail = "`Sec-WebSocket-Key` must be 16 bytes in base64";
            Err(Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadFrame, detail))
        }
    }
}

/// 16 bytes in base64: 22 digits and the padding.
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_digit)
}

fn switching_protocols(key: &HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept.expect("base64 is a header value"));
    response
}

/// A connection that is counted as long as it lives.
struct Counted<'a>(&'a Figures);

impl<'a> Counted<'a> {
    fn new(figures: &'a Figures) -> Self {
        figures.count_connection();
        figures.active_connections.fetch_add(1, Ordering::Relaxed);
        Self(figures)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.active_connections.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn converse(web: Web, permit: ConnectionPermit, on_upgrade: OnUpgrade) {
    let figures = web.node.shared.figures.clone();
    let Some((stream, read)) = socket_of(on_upgrade).await else {
        figures.count_failure();
        return;
    };
    let _counted = Counted::new(&figures);
    let shared = web.node.shared.clone();
    let frame_bytes_max = match shared.settings.limits.frame_bytes {
        0 => FRAME_BYTES_CEILING,
        bytes => bytes,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(frame_bytes_max))
        .max_frame_size(Some(frame_bytes_max));
    let socket =
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await;
    let (outlet, inbox) = inbox(shared.settings.limits.outbox_bytes);
    let now = web.node.clock.now();
    let interval = shared.settings.heartbeat.interval.as_millis();
    let origin = Origin {
        key: SessionKey(NEXT_SESSION.fetch_add(1, Ordering::Relaxed)),
        socket: SocketId(random_id()),
        user: UserId(random_id()),
        outlet,
        first_ping: now.moment + std::time::Duration::from_millis(random_below(interval)),
    };
    let session = Session::open(shared, origin, now);
    connection::run(web.node, session, inbox, socket).await;
    drop(permit);
}

/// The bare socket, and what hyper had read of it beyond the handshake.
async fn socket_of(on_upgrade: OnUpgrade) -> Option<(TcpStream, Vec<u8>)> {
    let upgraded = on_upgrade.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf.into()))
}

#[cfg(test)]
mod tests {
    use super::is_nonce;

    #[test]
    fn a_nonce_is_16_bytes() {
        assert!(is_nonce(b"dGhlIHNhbXBsZSBub25jZQ=="));
        for key in
            ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ Q=", "dGhlIHNhbXBsZSBub25j"]
        {
            assert!(!is_nonce(key.as_bytes()), "{key}");
        }
    }
}
