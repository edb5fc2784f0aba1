//! What was said, as it is read later and as it changes; and who is here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

/// A message in its place; of a tombstone only the place, and who it was of.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "KeptMessage", optional_fields)]
pub struct KeptMessage<'a> {
    /// Id of the message, for ever.
    pub message_id: &'a str,
    /// Its place in the room, from 1, without holes.
    #[ts(type = "number")]
    pub seq: u64,
    /// The sender's connection, as the room knows it; absent in a tombstone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'a str>,
    /// The sender, in a call their pseudonym; absent once they have had it erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a str>,
    /// What the sender was called; absent in a tombstone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// The text; absent in a tombstone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// When it was said, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub timestamp: &'a str,
    /// The sender's own id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
    /// When its text was last changed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub edited_at: Option<&'a str>,
    /// True for a tombstone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

/// The ack of a `history`, ascending by `seq`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "HistoryPage", optional_fields)]
pub struct HistoryPage<'a> {
    /// The messages; none past either end.
    pub messages: Vec<KeptMessage<'a>>,
    /// What to send as `before` for those before these; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_before: Option<u64>,
    /// What to send as `after` for those after these; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_after: Option<u64>,
}

/// `message-changed`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "MessageChanged", optional_fields)]
pub struct MessageChanged<'a> {
    /// Where it was said.
    pub room_id: &'a str,
    /// Which message.
    pub message_id: &'a str,
    /// Its place, which stays.
    #[ts(type = "number")]
    pub seq: u64,
    /// Its text from now on; absent where it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// When it was changed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub edited_at: Option<&'a str>,
    /// True where it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

/// `read` as it arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "ReadRelayed")]
pub struct ReadRelayed<'a> {
    /// The room.
    pub room_id: &'a str,
    /// Who has read; in a call their pseudonym.
    pub user_id: &'a str,
    /// Up to which place.
    #[ts(type = "number")]
    pub seq: u64,
}

/// The ack of a `read`: it never falls.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "ReadAck")]
pub struct ReadAck {
    /// Up to which place one has read now.
    #[ts(type = "number")]
    pub seq: u64,
}

/// `presence`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Presence")]
pub struct Presence<'a> {
    /// Who.
    pub user_id: &'a str,
    /// Whether any connection of theirs lives.
    pub online: bool,
}

/// The ack of a `watch-presence`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "PresenceWatched")]
pub struct PresenceWatched<'a> {
    /// Whether each is online, by `userId`.
    #[ts(type = "{ [userId in string]: boolean }")]
    pub online: BTreeMap<&'a str, bool>,
}
