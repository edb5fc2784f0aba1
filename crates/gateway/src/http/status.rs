//! `/api/status`: how many are here; `/api/site`: what the page says of the site.

use std::sync::atomic::Ordering::Relaxed;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde::Serialize;

use super::Web;
use crate::{figures::Counts, settings::Site};

#[derive(Serialize)]
struct Status {
    node: NodeFigures,
    cluster: ClusterFigures,
    today: Counts,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeFigures {
    active_connections: u64,
    rooms_created: u64,
    messages_exchanged: u64,
    connection_failures: u64,
    waiting: u64,
    rooms: u64,
}

#[derive(Serialize)]
struct ClusterFigures {
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
