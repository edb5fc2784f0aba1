//! What a client is told of its session.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::LimitsTold;

/// An entry of `iceServers`, as `RTCIceServer` of W3C WebRTC has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields)]
pub struct IceServer {
    /// `stun:` and `turn:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credential: Option<String>,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// Neither waiting nor in a call.
    Idle,
    /// In the queue.
    Waiting,
    /// In a call.
    Call,
}

/// `welcome.heartbeat`.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatTold {
    /// The server sends a Ping this often.
    #[ts(type = "number")]
    pub interval_ms: u64,
    /// It gives up this long after a Ping without any frame.
    #[ts(type = "number")]
    pub timeout_ms: u64,
}

/// `welcome`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Welcome", optional_fields)]
pub struct Welcome<'a> {
    /// Public id of this session.
    pub socket_id: &'a str,
    /// The visitor's lasting id.
    pub user_id: &'a str,
    /// Proves to be that visitor, in a later `hello`.
    pub token: &'a str,
    /// Proves to be this session, in a later `hello` on another socket.
    pub resume: &'a str,
    /// Whether a lost session goes on.
    pub resumed: bool,
    /// Whether nothing was lost on the way.
    pub recovered: bool,
    /// Where the session stands.
    pub state: SessionState,
    /// The present call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<&'a str>,
    /// Highest `ref` handled.
    #[ts(type = "number")]
    pub last_ref: u64,
    /// Highest `n` sent.
    #[ts(type = "number")]
    pub last_n: u64,
    /// Name of the node.
    pub node: &'a str,
    /// Bounds to keep to.
    pub limits: LimitsTold,
    /// STUN and TURN servers.
    pub ice_servers: &'a [IceServer],
    /// `RTCConfiguration.iceCandidatePoolSize`.
    pub ice_candidate_pool_size: u8,
    /// How the connection is watched.
    pub heartbeat: HeartbeatTold,
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub server_time: &'a str,
}

/// The ack of a `heartbeat`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "HeartbeatAck")]
pub struct HeartbeatAck<'a> {
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub server_time: &'a str,
}

/// `draining`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Draining {
    /// Come back after this long; each client is told another time.
    #[ts(type = "number")]
    pub reconnect_in_ms: u64,
}
