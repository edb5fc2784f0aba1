//! `/health`, for load balancers and people.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_ports::Health as Kept;
use serde::Serialize;

use super::Web;
use crate::clock::rfc3339;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    status: &'static str,
    timestamp: String,
    version: &'static str,
    node: &'a str,
    uptime_seconds: u64,
    services: Services,
}

/// Each `off`, `ready` or `down`.
#[derive(Serialize)]
struct Services {
    store: &'static str,
    redis: &'static str,
    mongodb: &'static str,
    turn: &'static str,
    memory: &'static str,
}

pub(super) async fn health(State(web): State<Web>) -> Response {
    let now = web.door.node.clock.now();
    let settings = &web.door.node.shared.settings;
    let node = &web.door.node;
    let is_draining = *node.draining.borrow();
    let kept = node.archive.health();
    let health = Health {
        status: match &kept {
            _ if is_draining => "draining",
            Kept::Ready => "healthy",
            // Calls go on.
            Kept::Checking | Kept::Down(_) => "degraded",
        },
        timestamp: rfc3339(now.wall),
        version: settings.version,
        node: &settings.node,
        uptime_seconds: node.clock.uptime().as_secs(),
        services: Services {
            store: match kept {
                _ if !node.has_store => "off",
                Kept::Ready | Kept::Checking => "ready",
                Kept::Down(_) => "down",
            },
            redis: "off",
            mongodb: "off",
            turn: "off",
            memory: "ready",
        },
    };
    (status(is_draining), [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// The process runs.
pub(super) async fn live() -> Response {
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], "live\n").into_response()
}

/// New visitors may be sent here.
pub(super) async fn ready(State(web): State<Web>) -> Response {
    let is_draining = *web.door.node.draining.borrow();
    let text = if is_draining { "draining\n" } else { "ready\n" };
    (status(is_draining), [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn status(is_draining: bool) -> StatusCode {
    if is_draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}
