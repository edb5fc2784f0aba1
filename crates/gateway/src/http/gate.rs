//! What a request must pass before it is answered: the limits of its address.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use liveloop_protocol::ErrorCode;

use super::{Peer, Problem, Web, peer_of};
use crate::address::{AddressKey, Denied, client_address};

impl Web {
    /// The key that this request's address counts by.
    pub(super) fn address_key(&self, Peer(peer): Peer, headers: &HeaderMap) -> AddressKey {
        let trusted = &self.node.shared.settings.trusted_proxies;
        AddressKey::of(client_address(peer.ip(), headers, trusted))
    }

    pub(super) fn denied(&self, denied: Denied) -> Problem {
        let figures = &self.node.shared.figures;
        figures.count_failure();
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

/// Refuses REST requests of an address that asks too often.
pub(super) async fn limit_rest(State(web): State<Web>, request: Request, next: Next) -> Response {
    if let Some(peer) = peer_of(&request) {
        let key = web.address_key(peer, request.headers());
        if let Err(denied) = web.addresses.admit_rest(key, web.node.clock.moment()) {
            return web.denied(denied).into_response();
        }
    }
    next.run(request).await
}
