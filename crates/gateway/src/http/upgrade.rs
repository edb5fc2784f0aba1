//! `GET /ws` on a connection that has spoken HTTP before: the same door as the event loops', then
//! the socket is theirs.

use std::sync::atomic::Ordering::Relaxed;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use liveloop_protocol::Category;

use super::{
    Problem, Web,
    io::{Io, Socket},
    peer_of,
};
use crate::{
    address::ConnectionPermit,
    door::accept_handshake,
    driver::{Adopted, Post, says_hello},
    figures::HandshakeRefused,
};

pub(super) async fn upgrade(State(web): State<Web>, mut request: Request) -> Response {
    match admit(&web, &mut request) {
        Ok((accept, permit, on_upgrade)) => {
            let says_hello = says_hello(request.uri().query());
            tokio::spawn(hand_over(web, permit, on_upgrade, says_hello));
            switching_protocols(&accept)
        }
        Err(problem) => problem.into_response(),
    }
}

type Admitted = (String, ConnectionPermit, OnUpgrade);

fn admit(web: &Web, request: &mut Request) -> Result<Admitted, Problem> {
    let on_upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let refused = &web.door.node.shared.figures.handshakes_refused;
    let no_upgrade = || {
        refused.count(HandshakeRefused::NotAnUpgrade);
        Problem::upgrade_required()
    };
    // Axum lets HEAD in where GET is.
    if request.method() != Method::GET {
        return Err(no_upgrade());
    }
    let (Some(on_upgrade), Some(peer)) = (on_upgrade, peer_of(request)) else {
        return Err(no_upgrade());
    };
    accept_handshake(request.headers()).map_err(|(cause, problem)| {
        refused.count(cause);
        problem
    })?;
    let (accept, permit) = web.door.admit(request.headers(), peer)?;
    Ok((accept, permit, on_upgrade))
}

fn switching_protocols(accept: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(accept).expect("base64 is a header value");
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

async fn hand_over(web: Web, permit: ConnectionPermit, on_upgrade: OnUpgrade, says_hello: bool) {
    let Ok(upgraded) = on_upgrade.await else {
        return web.door.node.shared.figures.count_failure(Category::Network);
    };
    let parts = upgraded.downcast::<TokioIo<Io>>().ok();
    let adopted = parts.and_then(|parts| {
        let Socket { stream, secured, unread } = parts.io.into_inner().into_socket()?;
        let read = [&parts.read_buf[..], &unread].concat();
        Some(Adopted { socket: stream, secured, read, permit, says_hello })
    });
    let thread = web.next_thread.fetch_add(1, Relaxed) % web.threads.len();
    match adopted {
        Some(adopted) => web.threads[thread].post(Post::Adopt(adopted)),
        None => web.door.node.shared.figures.count_failure(Category::System),
    }
}
