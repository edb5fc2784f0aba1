//! What a client says in a room, in calls and channels alike.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use ts_rs::TS;

use crate::{
    Limits, Refusal,
    fields::{self, ID_BYTES_MAX, bounded_id, parse},
};

/// `newMessage`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NewMessage", optional_fields)]
pub struct NewMessage<'a> {
    /// The text; trimmed, and something must be left.
    #[serde(borrow)]
    #[schemars(extend("x-limit" = "message_chars"))]
    pub message: Cow<'a, str>,
    /// The room; the present call where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// The client's own id of this message: a repeat stores nothing.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub client_id: Option<Cow<'a, str>>,
}

impl<'a> NewMessage<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut event: Self = parse(data)?;
        event.message = clean_message(event.message, limits)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("clientId", event.client_id.as_deref())?;
        Ok(event)
    }
}

/// `typing`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Typing", optional_fields)]
pub struct Typing<'a> {
    /// The room; the present call where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// Whether the visitor is writing.
    pub typing: bool,
}

impl<'a> Typing<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        Ok(event)
    }
}

/// `join-room`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "JoinRoom", optional_fields)]
pub struct JoinRoom<'a> {
    /// The channel.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
    /// The secret of an invitation, where the channel is not public.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub invite: Option<Cow<'a, str>>,
}

impl<'a> JoinRoom<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        bounded_id("invite", event.invite.as_deref())?;
        Ok(event)
    }
}

/// `leave-room`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "LeaveRoom", optional_fields)]
pub struct LeaveRoom<'a> {
    /// The channel.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
}

impl<'a> LeaveRoom<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        Ok(event)
    }
}

/// A text as it is kept: trimmed, not blank, no longer than it may be.
pub(super) fn clean_message<'a>(
    message: Cow<'a, str>,
    limits: &Limits,
) -> Result<Cow<'a, str>, Refusal> {
    let message = fields::trimmed(message);
    if message.is_empty() {
        return Err(Refusal::bad_field("message", "a text that is not blank"));
    }
    fields::bounded_chars("message", &message, limits.message_chars)?;
    Ok(message)
}
