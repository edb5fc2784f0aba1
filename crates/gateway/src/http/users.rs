//! `POST /api/users`: a visitor without a connection, for clients that begin with REST.

use std::borrow::Cow;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_core::UserId;
use liveloop_ports::Profile;
use liveloop_protocol::{IdText, clean_name, format_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Problem, Web, body, peer_of};
use crate::{clock::random_id, inquiry::refusal_of_directory, session::shown_name};

/// Who somebody wants to be.
#[derive(Deserialize, JsonSchema)]
pub(super) struct NewUser {
    /// What others see.
    #[serde(default)]
    #[schemars(extend("x-limit" = "name_chars"))]
    name: Option<String>,
}

/// A visitor.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    /// Their lasting id.
    user_id: IdText,
    /// Proves to be them, in `hello` and as a bearer token.
    token: String,
}

pub(super) async fn create(State(web): State<Web>, request: Request) -> Result<Response, Problem> {
    if let Some(peer) = peer_of(&request) {
        let key = web.door.address_key(peer, request.headers());
        let admitted = web.door.addresses.admit_user(key, web.door.node.clock.moment());
        admitted.map_err(|denied| web.door.denied(denied))?;
    }
    let new: NewUser = body::read(&web, request).await?;
    let shared = &web.door.node.shared;
    let name = clean_name(new.name.map(Cow::Owned), &shared.settings.limits)?;
    let (user, now) = (UserId(random_id()), web.door.node.clock.now().wall);
    let shown = shown_name(name.as_deref()).to_owned();
    let profile = Profile { user, name: shown, created_at: now };
    web.door.node.directory.put_visitor(profile).await.map_err(refusal_of_directory)?;
    let token = shared.secret.issue_token(user, name.as_deref(), now);
    let user = User { user_id: format_id(user.0), token };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(user)).into_response())
}
