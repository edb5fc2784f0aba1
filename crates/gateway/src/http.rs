//! The HTTP side: the page, the REST interface, and the door to the WebSocket.

mod body;
mod channels;
mod connection;
mod gate;
mod health;
mod io;
mod metrics;
mod observe;
mod page;
mod paging;
mod presence;
mod problem;
mod rooms;
mod status;
mod upgrade;
mod users;
mod visitor;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicUsize},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    routing::{any, get, post},
};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use crate::{door::Door, driver::Post, plane::PlaneLink, system::SystemWatch};

pub(crate) use connection::speak_with_all;
pub use page::{Page, PageFile};
pub(crate) use problem::Problem;

/// What requests are answered from.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) door: Door,
    pub(crate) page: Page,
    /// The event loops, which own every WebSocket.
    pub(crate) threads: Vec<PlaneLink<Post>>,
    /// Which of them the next WebSocket goes to.
    pub(crate) next_thread: Arc<AtomicUsize>,
    pub(crate) system: Arc<SystemWatch>,
}

/// The TCP peer of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What no response lacks. The page loads nothing from elsewhere, and nobody frames it.
const SECURITY_HEADERS: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; \
         media-src 'self' blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; \
         worker-src 'self' blob:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'",
    ),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The routes, and their usual answers.
const ROUTES: [(&str, &str, u16); 17] = [
    ("GET", "/", 200),
    ("GET", "/api/rooms", 200),
    ("POST", "/api/rooms", 201),
    ("GET", "/api/rooms/{id}", 200),
    ("POST", "/api/rooms/{id}/invite", 201),
    ("DELETE", "/api/rooms/{id}/invite", 204),
    ("GET", "/api/rooms/{id}/members", 200),
    ("GET", "/api/site", 200),
    ("GET", "/api/status", 200),
    ("POST", "/api/users", 201),
    ("GET", "/api/users/me/rooms", 200),
    ("GET", "/api/users/{id}/presence", 200),
    ("GET", "/health", 200),
    ("GET", "/health/live", 200),
    ("GET", "/health/ready", 200),
    ("GET", "/metrics", 200),
    ("GET", "/ws", 101),
];

/// Every route of the node.
pub(crate) fn router(web: Web) -> Router {
    observe::announce(&web.door.node.shared.figures.requests, &ROUTES);
    let api = Router::new()
        .route("/status", get(status::status))
        .route("/site", get(status::site))
        .route("/users", post(users::create))
        .route("/users/me/rooms", get(channels::own))
        .route("/users/{id}/presence", get(presence::presence))
        .route("/rooms", get(channels::public).post(rooms::create))
        .route("/rooms/{id}", get(channels::one))
        .route("/rooms/{id}/invite", post(rooms::invite).delete(rooms::revoke))
        .route("/rooms/{id}/members", get(channels::members))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn_with_state(web.clone(), gate::limit_rest));
    let router = Router::new()
        .nest("/api", api)
        .route("/api/", any(|| async { Problem::not_found() }))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .layer(cors(&web))
        .route("/metrics", get(metrics::metrics))
        .route("/ws", get(upgrade::upgrade))
        .fallback(page::serve)
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn_with_state(web.clone(), observe::observe))
        .with_state(web);
    SECURITY_HEADERS.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ))
    })
}

fn cors(web: &Web) -> CorsLayer {
    let web = web.clone();
    CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .allow_origin(AllowOrigin::predicate(move |origin, parts| {
            let door = &web.door;
            parts.extensions.get::<Peer>().is_some_and(|Peer(peer)| {
                let scheme = door.scheme(*peer, &parts.headers);
                door.origins.allows(origin, scheme, &parts.headers)
            })
        }))
}

fn peer_of(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<Peer>().map(|Peer(peer)| *peer)
}
