//! What a client asks of what was said, and how it changes its own.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use ts_rs::TS;

use crate::{
    Limits, Refusal,
    fields::{ID_BYTES_MAX, bounded_id, parse},
    whole,
};

use super::room::clean_message;

/// `history`: `before` and `after` are exclusive, and not both may be there.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("not" = both_positions()))]
#[ts(rename = "History", optional_fields)]
pub struct History<'a> {
    /// The call or channel.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
    /// The newest below this `seq`.
    #[serde(default, deserialize_with = "whole::optional")]
    #[ts(optional, type = "number")]
    pub before: Option<u64>,
    /// The oldest above this `seq`.
    #[serde(default, deserialize_with = "whole::optional")]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// How many at most: 1 to 200, 50 where absent.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = History::LIMIT_MAX))]
    #[ts(optional, type = "number")]
    pub limit: Option<u64>,
}

/// Not both: `null` counts as absent.
fn both_positions() -> Value {
    let position = json!({"type": "integer"});
    json!({
        "required": ["before", "after"],
        "properties": {"before": position, "after": position},
    })
}

impl<'a> History<'a> {
    /// The most messages of one answer.
    pub const LIMIT_MAX: u64 = 200;

    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        Self::check(event.before, event.after, event.limit)?;
        Ok(event)
    }

    /// Checks what is asked for, wherever it comes from.
    ///
    /// # Errors
    /// `bad-payload` that names the field.
    pub fn check(
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u64>,
    ) -> Result<(), Refusal> {
        if before.is_some() && after.is_some() {
            return Err(Refusal::bad_field("after", "absent where `before` is there"));
        }
        if limit.is_some_and(|limit| !(1..=Self::LIMIT_MAX).contains(&limit)) {
            return Err(Refusal::bad_field("limit", "1 to 200"));
        }
        Ok(())
    }
}

/// `read`: one has read up to here.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Read")]
pub struct Read<'a> {
    /// The channel, or the present call.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
    /// The place of the last message that was read.
    #[serde(deserialize_with = "whole::required")]
    #[ts(type = "number")]
    pub seq: u64,
}

impl<'a> Read<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        Ok(event)
    }
}

/// `edit-message`: another text for a message of one's own.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "EditMessage")]
pub struct EditMessage<'a> {
    /// Where it was said.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
    /// Which message.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub message_id: Cow<'a, str>,
    /// The text; trimmed, and something must be left.
    #[serde(borrow)]
    #[schemars(extend("x-limit" = "message_chars"))]
    pub message: Cow<'a, str>,
}

impl<'a> EditMessage<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut event: Self = parse(data)?;
        event.message = clean_message(event.message, limits)?;
        bounded_id("roomId", Some(&event.room_id))?;
        bounded_id("messageId", Some(&event.message_id))?;
        Ok(event)
    }
}

/// `delete-message`: a message of one's own is to say nothing any more.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "DeleteMessage")]
pub struct DeleteMessage<'a> {
    /// Where it was said.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Cow<'a, str>,
    /// Which message.
    #[serde(borrow)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub message_id: Cow<'a, str>,
}

impl<'a> DeleteMessage<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        bounded_id("messageId", Some(&event.message_id))?;
        Ok(event)
    }
}

/// `watch-presence`: whose coming and going one wants to hear of from now on, instead of those before.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "WatchPresence")]
pub struct WatchPresence<'a> {
    /// Fellow members of a lasting channel.
    #[serde(borrow)]
    #[schemars(extend("x-limit" = "watched_visitors"), inner(length(max = ID_BYTES_MAX)))]
    pub user_ids: Vec<Cow<'a, str>>,
}

impl<'a> WatchPresence<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        if limits.watched_visitors > 0 && event.user_ids.len() > limits.watched_visitors {
            return Err(Refusal::too_long("userIds", limits.watched_visitors, "visitors"));
        }
        for (index, id) in event.user_ids.iter().enumerate() {
            bounded_id(&format!("userIds[{index}]"), Some(id))?;
        }
        Ok(event)
    }
}
