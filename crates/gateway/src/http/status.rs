//! `/api/status`: how many are here; `/api/site`: what the page says of the site.

use std::sync::atomic::Ordering::Relaxed;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use schemars::JsonSchema;
use serde::Serialize;

use super::Web;
use crate::{figures::Counts, settings::Site};

/// How many are here.
#[derive(Serialize, JsonSchema)]
pub(super) struct Status {
    /// On this node.
    node: NodeFigures,
    /// On all nodes.
    cluster: ClusterFigures,
    /// Since midnight (UTC), on this node.
    today: Counts,
}

/// What a node counts.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NodeFigures {
    /// WebSocket connections open.
    active_connections: u64,
    /// Matches made since the start.
    rooms_created: u64,
    /// Texts since the start.
    messages_exchanged: u64,
    /// Connections refused, or ended otherwise than by the client's wish, since the start.
    connection_failures: u64,
    /// Visitors who wait for a partner.
    waiting: u64,
    /// Calls at present.
    rooms: u64,
}

/// The same of all nodes.
#[derive(Serialize, JsonSchema)]
struct ClusterFigures {
    /// How many there are.
    nodes: u64,
    #[serde(flatten)]
    all: NodeFigures,
}

pub(super) async fn status(State(web): State<Web>) -> impl IntoResponse {
    let figures = &web.door.node.shared.figures;
    let counts = figures.counts();
    let node = NodeFigures {
        active_connections: figures.active_connections.load(Relaxed),
        rooms_created: counts.rooms_created,
        messages_exchanged: counts.messages_exchanged,
        connection_failures: counts.connection_failures,
        waiting: figures.waiting.load(Relaxed),
        rooms: figures.rooms.load(Relaxed),
    };
    let status = Status {
        node,
        cluster: ClusterFigures { nodes: 1, all: node },
        today: figures.counts_today(web.door.node.clock.now().wall),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(status))
}

pub(super) async fn site(State(web): State<Web>) -> impl IntoResponse {
    let site: Site = web.door.node.shared.settings.site.clone();
    ([(header::CACHE_CONTROL, "no-cache")], Json(site))
}
