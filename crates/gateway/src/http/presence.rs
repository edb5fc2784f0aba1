//! `GET /api/users/{id}/presence`: whether a fellow member of a channel is online.

use axum::{
    Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use liveloop_protocol::{IdText, format_id};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{
    Problem, Web,
    paging::{Named, user_named},
};
use crate::{
    driver::{Post, home_of},
    inquiry::{is_fellow, not_a_fellow},
};

/// Whether somebody is here.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Presence {
    /// Who.
    user_id: IdText,
    /// Whether any connection of theirs lives.
    online: bool,
}

pub(super) async fn presence(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<Response, Problem> {
    let user = web.visitor(request.headers()).await?.user;
    let fellow = match user_named(named) {
        Some(other) if is_fellow(&*web.door.node.directory, user, other).await? => Some(other),
        _ => None,
    };
    let other = fellow.ok_or_else(not_a_fellow)?;
    let home = home_of(other.0, web.threads.len());
    let (answer, answered) = oneshot::channel();
    web.threads[home].post(Post::IsOnline(other, answer));
    let online = answered.await.map_err(|_| Problem::draining())?;
    let presence = Presence { user_id: format_id(other.0), online };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(presence)).into_response())
}
