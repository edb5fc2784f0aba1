//! The door to the WebSocket: who may come in (RFC 6455, section 4.2), asked of the event loops and
//! of HTTP alike.

use std::{net::SocketAddr, sync::Arc};

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use liveloop_protocol::{Category, ErrorCode};
use sha1::{Digest, Sha1};

use crate::{
    address::{AddressBook, AddressKey, ConnectionPermit, Denied, client_address, is_trusted},
    figures::HandshakeRefused,
    http::Problem,
    node::Node,
    origin::OriginPolicy,
};

/// What whoever comes in passes.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) node: Node,
    pub(crate) addresses: Arc<AddressBook>,
    pub(crate) origins: Arc<OriginPolicy>,
    /// Whether connections come over TLS of our own.
    pub(crate) is_secure: bool,
}

impl Door {
    /// Lets one more connection in, whatever it will speak. Behind a trusted proxy nobody knows yet
    /// whose it is.
    pub(crate) fn admit_connection(
        &self,
        peer: SocketAddr,
    ) -> Result<Option<ConnectionPermit>, Denied> {
        if is_trusted(peer.ip(), &self.node.shared.settings.trusted_proxies) {
            return Ok(None);
        }
        let key = AddressKey::of(peer.ip());
        self.addresses.admit_http(key, self.node.clock.moment()).map(Some)
    }

    /// Lets a WebSocket in: its `Sec-WebSocket-Accept`, and its place in the address book.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> Result<(String, ConnectionPermit), Problem> {
        let refused = &self.node.shared.figures.handshakes_refused;
        let accept = accept_handshake(headers).map_err(|(cause, problem)| {
            // The others HTTP hears of too, and counts.
            if !problem.is_for_http() {
                refused.count(cause);
            }
            problem
        })?;
        if *self.node.draining.borrow() {
            refused.count(HandshakeRefused::Draining);
            return Err(Problem::draining());
        }
        if let Some(origin) = headers.get(header::ORIGIN)
            && !self.origins.allows(origin, self.scheme(peer, headers), headers)
        {
            let figures = &self.node.shared.figures;
            refused.count(HandshakeRefused::Origin);
            figures.count_failure(Category::Validation);
            figures.count_refusal(ErrorCode::NotAllowed);
            let detail =
                "pages of that origin may not connect: the operator can add it to `origins`";
            return Err(Problem::new(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, detail));
        }
        let permit = self
            .addresses
            .admit(self.address_key(peer, headers), self.node.clock.moment())
            .map_err(|denied| {
                refused.count(match denied {
                    Denied::TooManyConnections => HandshakeRefused::AddressFull,
                    Denied::TooFast(_) => HandshakeRefused::AddressRate,
                    Denied::Busy(_) => HandshakeRefused::Busy,
                });
                self.denied(denied)
            })?;
        Ok((accept, permit))
    }

    /// The key that a request's address counts by.
    pub(crate) fn address_key(&self, peer: SocketAddr, headers: &HeaderMap) -> AddressKey {
        let trusted = &self.node.shared.settings.trusted_proxies;
        AddressKey::of(client_address(peer.ip(), headers, trusted))
    }

    /// `https` over our own TLS, and where a trusted proxy says so.
    pub(crate) fn scheme(&self, peer: SocketAddr, headers: &HeaderMap) -> &'static str {
        let is_forwarded = is_trusted(peer.ip(), &self.node.shared.settings.trusted_proxies);
        match headers.get("x-forwarded-proto") {
            _ if self.is_secure => "https",
            Some(proto) if is_forwarded && proto.as_bytes().eq_ignore_ascii_case(b"https") => {
                "https"
            }
            _ => "http",
        }
    }

    /// What an address is told that wants too much.
    pub(crate) fn denied(&self, denied: Denied) -> Problem {
        let figures = &self.node.shared.figures;
        figures.count_failure(Category::Network);
        figures.count_refusal(ErrorCode::RateLimited);
        let problem = |status, detail| Problem::new(status, ErrorCode::RateLimited, detail);
        match denied {
            Denied::TooManyConnections => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "too many connections from your address: close some of them first",
            ),
            Denied::TooFast(wait) => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "too many requests from your address: wait a moment and try again",
            )
            .retry_after(wait),
            Denied::Busy(wait) => problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "many people are arriving at once: try again in a moment",
            )
            .retry_after(wait),
        }
    }
}

/// The `Sec-WebSocket-Accept` of an opening handshake, or what is wrong with it.
pub(crate) fn accept_handshake(headers: &HeaderMap) -> Result<String, (HandshakeRefused, Problem)> {
    handshake_key(headers).map(accept_of)
}

fn handshake_key(headers: &HeaderMap) -> Result<&[u8], (HandshakeRefused, Problem)> {
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
        return Err((HandshakeRefused::NotAnUpgrade, Problem::upgrade_required()));
    }
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadFrame, detail);
    // Its bytes would be read as frames.
    if has_body(headers) {
        let detail = "a handshake has no body: leave `Content-Length` and `Transfer-Encoding` out";
        return Err((HandshakeRefused::HasBody, bad(detail).last_word()));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if is_nonce(key.as_bytes()) => Ok(key.as_bytes()),
        _ => {
            let detail = "`Sec-WebSocket-Key` must be 16 bytes in base64";
            Err((HandshakeRefused::BadKey, bad(detail)))
        }
    }
}

/// Whether a body follows a head (RFC 9112, section 6.3).
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0")
}

/// 16 bytes in base64: 22 digits and the padding.
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_digit)
}

/// `Sec-WebSocket-Accept` (RFC 6455, section 4.2.2).
fn accept_of(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_16_bytes() {
        assert!(is_nonce(b"dGhlIHNhbXBsZSBub25jZQ=="));
        for key in
            ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ Q=", "dGhlIHNhbXBsZSBub25j"]
        {
            assert!(!is_nonce(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn the_accept_of_the_standard_s_example() {
        assert_eq!(accept_of(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
