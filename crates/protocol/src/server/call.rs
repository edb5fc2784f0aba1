//! What a client is told on the way to a partner, and in a call.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use ts_rs::TS;

use super::IceServer;
use crate::{fields, json};

/// `waiting`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
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
    #[schemars(with = "fields::mode::Word")]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RemoteUserBrief")]
pub struct RemoteUserBrief<'a> {
    /// The partner's socket id.
    pub socket: &'a str,
    /// The partner's name.
    pub user_name: &'a str,
}

/// `negotiation-call-offer` as it arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "OfferRelayed")]
pub struct OfferRelayed<'a> {
    /// Who sent it.
    pub remote_user_details: RemoteUserBrief<'a>,
    /// The call.
    pub room_id: &'a str,
    /// As it was sent.
    #[schemars(with = "Value")]
    #[ts(type = "unknown")]
    #[serde(serialize_with = "json::raw")]
    pub offer: &'a RawValue,
}

/// `negotiation-call-answer` as it arrives.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "AnswerRelayed")]
pub struct AnswerRelayed<'a> {
    /// As it was sent.
    #[schemars(with = "Value")]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "CandidateRelayed")]
pub struct CandidateRelayed<'a> {
    /// As it was sent.
    #[schemars(with = "Value")]
    #[ts(type = "unknown")]
    #[serde(serialize_with = "json::raw")]
    pub candidate: &'a RawValue,
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub remote_socket_id: &'a str,
}

/// `new-ice-candidates` as it arrives, several.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "CandidatesRelayed")]
pub struct CandidatesRelayed<'a> {
    /// As they were sent.
    #[schemars(with = "Vec<Value>")]
    #[ts(type = "Array<unknown>")]
    #[serde(serialize_with = "json::raw")]
    pub candidates: &'a RawValue,
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub remote_socket_id: &'a str,
}

/// Why a partner is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "StopByRemoteUser")]
pub struct StopByRemoteUser<'a> {
    /// The call that has ended.
    pub room_id: &'a str,
    /// Why.
    pub reason: StopReason,
}

/// `partner-away`.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
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
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "PartnerBack")]
pub struct PartnerBack<'a> {
    /// The call.
    pub room_id: &'a str,
    /// The partner's socket id.
    pub socket_id: &'a str,
}
