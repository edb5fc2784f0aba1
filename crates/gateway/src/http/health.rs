//! `/health`, for load balancers and people.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_ports::Health as Kept;
use schemars::JsonSchema;
use serde::Serialize;

use super::Web;
use crate::clock::rfc3339;

/// How a node is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health<'a> {
    /// `healthy`, `degraded` (an engine is away, calls go on), `draining` or `unhealthy`.
    #[schemars(extend("enum" = ["healthy", "degraded", "draining", "unhealthy"]))]
    status: &'static str,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// Of the software.
    version: &'static str,
    /// Name of the node.
    node: &'a str,
    /// Since its start.
    uptime_seconds: u64,
    /// What it works with.
    services: Services,
}

/// Each `off`, `ready` or `down`.
#[derive(Serialize, JsonSchema)]
struct Services {
    /// What keeps texts and channels.
    store: &'static str,
    /// Other nodes.
    redis: &'static str,
    /// A store for many nodes.
    mongodb: &'static str,
    /// Relays for calls.
    turn: &'static str,
    /// What is kept in memory.
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
