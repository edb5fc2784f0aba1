//! `POST /api/rooms`: a group.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_core::GroupSpec;
use liveloop_protocol::{ErrorCode, IdText, clean_name, format_id};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Problem, Web, body, peer_of};
use crate::{driver::Post, session::refusal_of};

/// What can be made. Direct and invite rooms come later, and are of no kind until then.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Group,
}

#[derive(Deserialize)]
struct NewRoom {
    #[serde(rename = "kind")]
    _kind: Kind,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    public: Option<bool>,
    #[serde(default)]
    capacity: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    room_id: IdText,
}

pub(super) async fn create(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    let creator = web.visitor(&request)?;
    if let Some(peer) = peer_of(&request) {
        let key = web.door.address_key(peer, request.headers());
        let admitted = web.door.addresses.admit_group(key, web.door.node.clock.moment());
        admitted.map_err(|denied| web.door.denied(denied))?;
    }
    let new: NewRoom = body::read(&web, request).await?;
    let name = clean_name(new.name.map(Cow::Owned), &web.door.node.shared.settings.limits)?;
    if new.capacity == Some(0) {
        let detail = "`capacity` must be 1 or more";
        let problem = Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadPayload, detail);
        return Err(problem.field("capacity".into()));
    }
    let spec = GroupSpec {
        creator,
        name: name.map(Cow::into_owned),
        is_public: new.public.unwrap_or(false),
        capacity: new.capacity,
    };
    let (answer, answered) = oneshot::channel();
    web.threads[0].post(Post::CreateGroup(spec, answer));
    let Ok(outcome) = answered.await else { return Err(Problem::draining()) };
    let room = outcome.map_err(|rejection| Problem::from(refusal_of(rejection)))?;
    let room = Room { room_id: format_id(room.0) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(room)).into_response())
}
