//! What is said in a room, in calls and groups alike.

use serde::Serialize;
use ts_rs::TS;

/// `newMessage` as it arrives.
#[derive(Clone, Debug, Serialize, TS)]
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
    pub timestamp: &'a str,
    /// The room.
    pub room_id: &'a str,
    /// The sender's own id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<&'a str>,
}

/// The ack of a `newMessage`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "MessageAck")]
pub struct MessageAck<'a> {
    /// Id of the message, for ever.
    pub message_id: &'a str,
    /// Its place in the room.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339.
    pub timestamp: &'a str,
}

/// `typing` as it arrives.
#[derive(Clone, Debug, Serialize, TS)]
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

/// `room-members`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RoomMembers")]
pub struct RoomMembers<'a> {
    /// The group.
    pub room_id: &'a str,
    /// How many members it has.
    pub count: usize,
}

/// The ack of a `join-room`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RoomJoined", optional_fields)]
pub struct RoomJoined<'a> {
    /// The group.
    pub room_id: &'a str,
    /// `group`.
    pub kind: &'static str,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// How many members it has.
    pub count: usize,
    /// `seq` of its last message; 0 where there is none.
    #[ts(type = "number")]
    pub last_seq: u64,
}
