//! `POST /api/rooms`: a group.

use std::{borrow::Cow, num::NonZeroU32};

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_core::GroupSpec;
use liveloop_protocol::{IdText, clean_name, format_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Problem, Web, body, peer_of};
use crate::{driver::Post, session::refusal_of};

/// What can be made. Direct and invite rooms come later, and are of no kind until then.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    Group,
}

/// The group to make.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewRoom {
    /// What it is.
    #[serde(rename = "kind")]
    _kind: Kind,
    /// What it is called.
    #[serde(default)]
    #[schemars(extend("x-limit" = "name_chars"))]
    name: Option<String>,
    /// Whether anybody may join; false where absent.
    #[serde(default)]
    public: Option<bool>,
    /// How many members it may have; the node's own bound holds as well.
    #[serde(default)]
    capacity: Option<NonZeroU32>,
}

/// A group that was made.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    /// Its id, for ever.
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
    let spec = GroupSpec {
        creator,
        name: name.map(Cow::into_owned),
        is_public: new.public.unwrap_or(false),
        capacity: new.capacity.map(|most| usize::try_from(most.get()).unwrap_or(usize::MAX)),
    };
    let (answer, answered) = oneshot::channel();
    web.threads[0].post(Post::CreateGroup(spec, answer));
    let Ok(outcome) = answered.await else { return Err(Problem::draining()) };
    let room = outcome.map_err(|rejection| Problem::from(refusal_of(rejection)))?;
    let room = Room { room_id: format_id(room.0) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(room)).into_response())
}
