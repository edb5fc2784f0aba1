//! What is said in a room, in calls and channels alike.

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

/// `newMessage` as it arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "MessageRelayed", optional_fields)]
pub struct MessageRelayed<'a> {
    /// Id of the message, for ever.
    pub message_id: &'a str,
    /// Its place in the room, from 1, without holes.
    #[ts(type = "number")]
    pub seq: u64,
    /// The sender's socket id.
    pub from: &'a str,
    /// The sender's pseudonym.
    pub user_id: &'a str,
    /// The sender's name.
    pub name: &'a str,
    /// The text.
    pub message: &'a str,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub timestamp: &'a str,
    /// The room.
    pub room_id: &'a str,
    /// The sender's own id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
}

/// The ack of a `newMessage`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "MessageAck")]
pub struct MessageAck<'a> {
    /// Id of the message, for ever.
    pub message_id: &'a str,
    /// Its place in the room.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub timestamp: &'a str,
}

/// `typing` as it arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "TypingRelayed")]
pub struct TypingRelayed<'a> {
    /// The room.
    pub room_id: &'a str,
    /// The partner's pseudonym.
    pub user_id: &'a str,
    /// Whether they are writing.
    pub typing: bool,
}

/// `room-members`: gathered to at most one a second.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RoomMembers", optional_fields)]
pub struct RoomMembers<'a> {
    /// The channel.
    pub room_id: &'a str,
    /// How many members it has.
    pub count: usize,
    /// The `userId` of each who came; absent where nobody did, or too many to name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<Vec<&'a str>>,
    /// The `userId` of each who went; absent likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Vec<&'a str>>,
}

/// What a conversation is, as the wire says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Of many, public or by invitation.
    Group,
    /// Of two for ever.
    Direct,
    /// The chat of a call.
    Call,
}

/// The ack of a `join-room`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RoomJoined", optional_fields)]
pub struct RoomJoined<'a> {
    /// The channel.
    pub room_id: &'a str,
    /// What it is.
    pub kind: RoomKind,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// How many members it has.
    pub count: usize,
    /// `seq` of its last message; 0 where there is none.
    #[ts(type = "number")]
    pub last_seq: u64,
}
