//! What a request must pass before it is answered: the limits of its address.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Web, peer_of};

/// Refuses REST requests of an address that asks too often.
pub(super) async fn limit_rest(State(web): State<Web>, request: Request, next: Next) -> Response {
    if let Some(peer) = peer_of(&request) {
        let key = web.door.address_key(peer, request.headers());
        if let Err(denied) = web.door.addresses.admit_rest(key, web.door.node.clock.moment()) {
            return web.door.denied(denied).into_response();
        }
    }
    next.run(request).await
}
