//! Counts every request that HTTP answers, by labels that are few whatever clients send.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use super::{Web, routes::Route};
use crate::figures::{RequestKind, Requests};

/// What a path is counted as that leads to nothing of ours.
const UNKNOWN: &str = "unknown";

/// Counts a request and times its answer.
pub(super) async fn observe(State(web): State<Web>, request: Request, next: Next) -> Response {
    let node = &web.door.node;
    let asked_at = node.clock.moment();
    let method = method(request.method());
    let endpoint = match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned().into(),
        None => web.page.endpoint(request.uri().path()).unwrap_or(UNKNOWN).into(),
    };
    let response = next.run(request).await;
    let now = node.clock.moment();
    let kind = RequestKind { method, endpoint, status: response.status().as_u16() };
    node.shared.figures.requests.count(kind, now.since(asked_at), now);
    response
}

/// Shows the usual answer of each route from the first scrape, so that a rate is known from the
/// first request.
pub(super) fn announce(requests: &Requests, routes: &[Route]) {
    let usual = routes.iter().filter_map(|route| {
        let answer = route.operation.answers.first()?;
        Some((method(&route.method), route.path, answer.status.as_u16()))
    });
    for (method, endpoint, status) in usual.chain([("GET", "/ws", 101)]) {
        requests.announce(RequestKind { method, endpoint: endpoint.into(), status });
    }
}

fn method(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.into_iter().find(|(each, _)| each == method).map_or("other", |(_, name)| name)
}
