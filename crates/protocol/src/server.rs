//! Server to client: the payload of every event. Times are milliseconds, timestamps RFC 3339 in
//! UTC with milliseconds; ids are in their text form.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;

use crate::{Encoded, ErrorBody, LimitsTold, json};

/// What the server may say.
#[derive(Debug)]
pub enum ServerEvent<'a> {
    /// `welcome`: who you are here.
    Welcome(&'a Welcome<'a>),
    /// `waiting`: nobody yet.
    Waiting(&'a Waiting),
    /// `match-done`: you have a partner.
    MatchDone(&'a MatchDone<'a>),
    /// `negotiation-call-offer` from the partner.
    Offer(&'a OfferRelayed<'a>),
    /// `negotiation-call-answer` from the partner.
    Answer(&'a AnswerRelayed<'a>),
    /// `new-ice-candidates` from the partner, one.
    Candidate(&'a CandidateRelayed<'a>),
    /// `new-ice-candidates` from a partner who batched.
    Candidates(&'a CandidatesRelayed<'a>),
    /// `stop-by-remote-user`: the partner is gone.
    StopByRemoteUser(&'a StopByRemoteUser<'a>),
    /// `partner-away`: the partner's socket is lost, and may come back.
    PartnerAway(&'a PartnerAway<'a>),
    /// `partner-back`: it has.
    PartnerBack(&'a PartnerBack<'a>),
    /// `newMessage` from the partner.
    NewMessage(&'a MessageRelayed<'a>),
    /// `typing` from the partner.
    Typing(&'a TypingRelayed<'a>),
    /// `room-members`: how many a group has now.
    RoomMembers(&'a RoomMembers<'a>),
    /// `error`: something was refused.
    Error(&'a ErrorBody<'a>),
    /// `draining`: this node goes away.
    Draining(&'a Draining),
}

impl ServerEvent<'_> {
    /// The name of this event on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Welcome(_) => "welcome",
            Self::Waiting(_) => "waiting",
            Self::MatchDone(_) => "match-done",
            Self::Offer(_) => "negotiation-call-offer",
            Self::Answer(_) => "negotiation-call-answer",
            Self::Candidate(_) | Self::Candidates(_) => "new-ice-candidates",
            Self::StopByRemoteUser(_) => "stop-by-remote-user",
            Self::PartnerAway(_) => "partner-away",
            Self::PartnerBack(_) => "partner-back",
            Self::NewMessage(_) => "newMessage",
            Self::Typing(_) => "typing",
            Self::RoomMembers(_) => "room-members",
            Self::Error(_) => "error",
            Self::Draining(_) => "draining",
        }
    }

    /// The frame, but for the number that each receiver adds.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        let name = self.name();
        match self {
            Self::Welcome(data) => Encoded::new(name, data),
            Self::Waiting(data) => Encoded::new(name, data),
            Self::MatchDone(data) => Encoded::new(name, data),
            Self::Offer(data) => Encoded::new(name, data),
            Self::Answer(data) => Encoded::new(name, data),
            Self::Candidate(data) => Encoded::new(name, data),
            Self::Candidates(data) => Encoded::new(name, data),
            Self::StopByRemoteUser(data) => Encoded::new(name, data),
            Self::PartnerAway(data) => Encoded::new(name, data),
            Self::PartnerBack(data) => Encoded::new(name, data),
            Self::NewMessage(data) => Encoded::new(name, data),
            Self::Typing(data) => Encoded::new(name, data),
            Self::RoomMembers(data) => Encoded::new(name, data),
            Self::Error(data) => Encoded::new(name, data),
            Self::Draining(data) => Encoded::new(name, data),
        }
    }
}

/// An entry of `iceServers`, as `RTCIceServer` of W3C WebRTC has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
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
#[derive(Clone, Copy, Debug, Serialize, TS)]
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
#[derive(Clone, Debug, Serialize, TS)]
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
    pub server_time: &'a str,
}

/// `waiting`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// For people.
    pub message: &'static str,
    /// How many wait for a partner in this mode, the receiver included.
    pub waiting: usize,
    /// How much longer it may take, from what others really waited; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub estimate_seconds: Option<u64>,
    /// What of the receiver's wishes no longer counts, in the order of the steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Relaxation>>")]
    pub relaxed: Vec<Relaxation>,
}

/// An entry of `waiting.relaxed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Relaxation {
    /// A partner need not share an interest.
    Interests,
    /// A partner need not share a language.
    Languages,
    /// Everybody who waits has been a partner lately: `request-room` with `again` meets them anew.
    MetEveryone,
}

impl Waiting {
    /// The event, where nothing is known but that `waiting` visitors wait.
    #[must_use]
    pub fn new(waiting: usize) -> Self {
        let message = "Waiting for a partner...";
        Self { message, waiting, estimate_seconds: None, relaxed: Vec::new() }
    }
}

/// `match-done.remoteUserDetails`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RemoteUser", optional_fields)]
pub struct RemoteUser<'a> {
    /// The partner's socket id.
    pub socket: &'a str,
    /// A pseudonym of the partner, for this pair alone.
    pub user_id: &'a str,
    /// The partner's name.
    pub user_name: &'a str,
    /// A data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_image: Option<&'a str>,
}

/// `match-done`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "MatchDone")]
pub struct MatchDone<'a> {
    /// For people.
    pub message: &'static str,
    /// This call, for ever.
    pub room_id: &'a str,
    /// Whether the receiver offers first, and is the impolite peer.
    pub initiator: bool,
    /// `video`, `audio` or `text`.
    #[ts(type = "\"video\" | \"audio\" | \"text\"")]
    pub mode: &'static str,
    /// The partner.
    pub remote_user_details: RemoteUser<'a>,
    /// What both like to talk about.
    pub common_interests: Vec<&'a str>,
    /// STUN and TURN servers.
    pub ice_servers: &'a [IceServer],
    /// `RTCConfiguration.iceCandidatePoolSize`.
    pub ice_candidate_pool_size: u8,
    /// Whether only relayed candidates may be used.
    pub relay_only: bool,
}

impl MatchDone<'_> {
    /// The text of `message`.
    pub const MESSAGE: &'static str = "Connected to partner";
}

/// Who sent an offer.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RemoteUserBrief")]
pub struct RemoteUserBrief<'a> {
    /// The partner's socket id.
    pub socket: &'a str,
    /// The partner's name.
    pub user_name: &'a str,
}

/// `negotiation-call-offer` as it arrives.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "OfferRelayed")]
pub struct OfferRelayed<'a> {
    /// Who sent it.
    pub remote_user_details: RemoteUserBrief<'a>,
    /// The call.
    pub room_id: &'a str,
    /// As it was sent.
    #[ts(type = "unknown")]
    #[serde(serialize_with = "json::raw")]
    pub offer: &'a RawValue,
}

/// `negotiation-call-answer` as it arrives.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "AnswerRelayed")]
pub struct AnswerRelayed<'a> {
    /// As it was sent.
    #[ts(type = "unknown")]
    #[serde(serialize_with = "json::raw")]
    pub ans: &'a RawValue,
    /// The call.
    pub room_id: &'a str,
    /// The partner's name.
    pub name: &'a str,
    /// The partner's socket id.
    pub remote_socket_id: &'a str,
}

/// `new-ice-candidates` as it arrives, one.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "CandidateRelayed")]
pub struct CandidateRelayed<'a> {
    /// As it was sent.
    #[ts(type = "unknown")]
    #[serde(serialize_with = "json::raw")]
    pub candidate: &'a RawValue,
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub remote_socket_id: &'a str,
}

/// `new-ice-candidates` as it arrives, several.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "CandidatesRelayed")]
pub struct CandidatesRelayed<'a> {
    /// As they were sent.
    #[ts(type = "Array<unknown>")]
    #[serde(serialize_with = "json::raw")]
    pub candidates: &'a RawValue,
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub remote_socket_id: &'a str,
}

/// Why a partner is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// They pressed stop.
    Stopped,
    /// They went on to somebody else.
    Next,
    /// Their connection is lost.
    Disconnected,
}

/// `stop-by-remote-user`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "StopByRemoteUser")]
pub struct StopByRemoteUser<'a> {
    /// The call that has ended.
    pub room_id: &'a str,
    /// Why.
    pub reason: StopReason,
}

/// `partner-away`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "PartnerAway", optional_fields)]
pub struct PartnerAway<'a> {
    /// The call, which goes on.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub socket_id: &'a str,
    /// How long the partner may still come back, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until_ms: Option<u64>,
}

/// `partner-back`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "PartnerBack")]
pub struct PartnerBack<'a> {
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub socket_id: &'a str,
}

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

/// The ack of a `heartbeat`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "HeartbeatAck")]
pub struct HeartbeatAck<'a> {
    /// RFC 3339.
    pub server_time: &'a str,
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

/// `draining`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Draining {
    /// Come back after this long; each client is told another time.
    #[ts(type = "number")]
    pub reconnect_in_ms: u64,
}
