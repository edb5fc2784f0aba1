//! `GET /api/rooms/{id}/messages`: what was said, in pages, as `history` gives it.

use axum::{
    extract::{Request, State},
    response::Response,
};
use liveloop_core::UserId;
use liveloop_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Problem, Web,
    channels::{is_in_call, told},
    paging::{Named, fields, room_named, whole_number},
};
use crate::reading::{self, Asked, Told};

/// Which messages: the newest, those before a place, or those after one.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "MessagesAsked", extend("not" = {"required": ["before", "after"]}))]
pub(super) struct Fields {
    /// The newest below this `seq`.
    #[schemars(with = "Option<u64>")]
    before: Option<String>,
    /// The oldest above this `seq`; not beside `before`.
    #[schemars(with = "Option<u64>")]
    after: Option<String>,
    /// How many at most; 50 where absent.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200))]
    limit: Option<String>,
}

pub(super) async fn messages(
    State(web): State<Web>,
    named: Named,
    request: Request,
) -> Result<Response, Problem> {
    let room = room_named(named)?;
    let reader = web.visitor_if_any(request.headers()).await?;
    let Fields { before, after, limit } = fields(request.uri())?;
    let before = whole_number("before", before.as_deref())?;
    let after = whole_number("after", after.as_deref())?;
    let limit = whole_number("limit", limit.as_deref())?;
    let page = read(&web, reader, Asked::new(room, before, after, limit)?).await?;
    Ok(page.with(|page| told(page)))
}

async fn read(web: &Web, reader: Option<UserId>, asked: Asked) -> Result<Told, Problem> {
    match reading::read(&web.door.node, reader, asked).await {
        // Of a call the directory knows nothing before its first text.
        Err(refusal) if refusal.code == ErrorCode::RoomNotFound => {
            if let Some(reader) = reader
                && is_in_call(web, reader, asked.room).await?
            {
                return Ok(Told::default());
            }
            Err(refusal.into())
        }
        told => Ok(told?),
    }
}
