//! The HTTP side: the page, the REST interface, and the door to the WebSocket.

mod body;
mod channels;
mod connection;
mod documents;
mod gate;
mod health;
mod io;
mod messages;
mod metrics;
mod observe;
mod operation;
mod own;
mod page;
mod paging;
mod presence;
mod problem;
mod rooms;
mod routes;
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
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
    routing::{any, get},
};
use tower::{Layer, ServiceExt};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use tokio::sync::mpsc;

use crate::{door::Door, driver::Post, erasing::Wanted, plane::PlaneLink, system::SystemWatch};

pub(crate) use connection::speak_with_all;
pub(crate) use documents::Documents;
pub use page::{Page, PageFile};
pub(crate) use problem::Problem;

use routes::{Zone, of_zone, routes};

/// What requests are answered from.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) door: Door,
    pub(crate) page: Page,
    pub(crate) documents: Documents,
    /// The event loops, which own every WebSocket.
    pub(crate) threads: Vec<PlaneLink<Post>>,
    /// Which of them the next WebSocket goes to.
    pub(crate) next_thread: Arc<AtomicUsize>,
    pub(crate) system: Arc<SystemWatch>,
    /// Takes who is to be erased.
    pub(crate) erasing: mpsc::Sender<Wanted>,
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

/// Every route of the node.
pub(crate) fn router(web: Web) -> Router {
    let routes = routes();
    observe::announce(&web.door.node.shared.figures.requests, &routes);
    let api = of_zone(&routes, Zone::Api)
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn_with_state(web.clone(), gate::limit_rest));
    let router = of_zone(&routes, Zone::Shared)
        .nest(routes::API, api)
        .route("/api/", any(|| async { Problem::not_found() }))
        .layer(middleware::from_fn_with_state(cors(&web), share))
        .merge(of_zone(&routes, Zone::Own))
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

/// Says whose pages may ask. An OPTIONS that asks nothing of the kind is a method like any other.
async fn share(State(cors): State<CorsLayer>, request: Request, next: Next) -> Response {
    let is_asked = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && !is_asked {
        return next.run(request).await;
    }
    let Ok(response) = cors.layer(next).oneshot(request).await;
    response
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
