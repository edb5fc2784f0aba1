//! What a client says to find a partner, and in a call.
//!
//! An offer, an answer and a candidate are opaque: they are bounded, and passed on as they came.

use std::borrow::Cow;

use liveloop_core::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json, value::RawValue};
use ts_rs::TS;

use crate::{
    Limits, Refusal,
    fields::{self, ID_BYTES_MAX, bounded_id, bounded_opaque, clean_name, parse},
};

/// `request-room`: what the visitor wants, and how they show themselves.
#[derive(Debug, Default, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RequestRoom", optional_fields)]
pub struct RequestRoom<'a> {
    /// The name that the partner sees.
    #[serde(borrow, default)]
    #[schemars(extend("x-limit" = "name_chars"))]
    pub name: Option<Cow<'a, str>>,
    /// A small picture, as a `data:image/png|jpeg|webp;base64,` URL.
    #[serde(borrow, default)]
    #[schemars(extend("x-limit" = "image_bytes"))]
    pub user_image: Option<Cow<'a, str>>,
    /// The kind of call; video where absent.
    #[serde(default, deserialize_with = "fields::mode::deserialize")]
    #[schemars(with = "Option<fields::mode::Word>")]
    #[ts(optional, type = "\"video\" | \"audio\" | \"text\"")]
    pub mode: Option<Mode>,
    /// What the visitor likes to talk about.
    #[serde(borrow, default)]
    #[schemars(extend("x-limit" = "interests"))]
    pub interests: Option<Vec<Cow<'a, str>>>,
    /// What the visitor speaks: BCP 47 tags, of which the first part counts.
    #[serde(borrow, default)]
    #[schemars(extend("x-limit" = "interests"))]
    pub languages: Option<Vec<Cow<'a, str>>>,
    /// The call that is to be left: a stale one is refused.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// Whether to be queued again when the partner leaves; true where absent.
    #[serde(default)]
    pub auto_next: Option<bool>,
    /// Whether partners of the memory window will do as well; false where absent.
    #[serde(default)]
    pub again: Option<bool>,
}

impl<'a> RequestRoom<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut request: Self = parse(data)?;
        request.name = clean_name(request.name, limits)?;
        request.user_image =
            request.user_image.map(|url| fields::bounded_image(url, limits)).transpose()?;
        request.interests = fields::clean_interests(request.interests, limits)?;
        request.languages = fields::clean_languages(request.languages, limits)?;
        bounded_id("roomId", request.room_id.as_deref())?;
        Ok(request)
    }
}

/// `cancel-request`: no fields.
#[derive(Debug, Deserialize, JsonSchema, TS)]
pub struct CancelRequest {}

/// `undo-skip`: no fields.
#[derive(Debug, Deserialize, JsonSchema, TS)]
pub struct UndoSkip {}

/// `block-user`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "BlockUser", optional_fields)]
pub struct BlockUser<'a> {
    /// The call whose partner is meant; the present or the last one where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
}

impl<'a> BlockUser<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let block: Self = parse(data)?;
        bounded_id("roomId", block.room_id.as_deref())?;
        Ok(block)
    }
}

/// `stop-call`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "StopCall", optional_fields)]
pub struct StopCall<'a> {
    /// The call to leave; the present one where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
}

impl<'a> StopCall<'a> {
    pub(super) fn decode(data: &'a str) -> Result<Self, Refusal> {
        let stop: Self = parse(data)?;
        bounded_id("roomId", stop.room_id.as_deref())?;
        Ok(stop)
    }
}

/// `negotiation-call-offer`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NegotiationCallOffer", optional_fields)]
pub struct NegotiationCallOffer<'a> {
    /// An `RTCSessionDescriptionInit`; opaque.
    #[serde(borrow)]
    #[schemars(with = "Value", extend("not" = {"type": "null"}))]
    #[ts(type = "unknown")]
    pub offer: &'a RawValue,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub remote_socket_id: Option<Cow<'a, str>>,
}

impl<'a> NegotiationCallOffer<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_opaque("offer", event.offer, limits)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("remoteSocketId", event.remote_socket_id.as_deref())?;
        Ok(event)
    }
}

/// `negotiation-call-answer`.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NegotiationCallAnswer", optional_fields)]
pub struct NegotiationCallAnswer<'a> {
    /// An `RTCSessionDescriptionInit`; opaque.
    #[serde(borrow)]
    #[schemars(with = "Value", extend("not" = {"type": "null"}))]
    #[ts(type = "unknown")]
    pub ans: &'a RawValue,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub remote_socket_id: Option<Cow<'a, str>>,
}

impl<'a> NegotiationCallAnswer<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_opaque("ans", event.ans, limits)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("remoteSocketId", event.remote_socket_id.as_deref())?;
        Ok(event)
    }
}

/// `send-new-ice-candidates`: once decoded, exactly one of `candidate` and `candidates` is there.
#[derive(Debug, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SendNewIceCandidates", optional_fields)]
#[schemars(extend("oneOf" = one_of_candidates()))]
pub struct SendNewIceCandidates<'a> {
    /// One `RTCIceCandidateInit`, or `null` for the end of candidates; opaque.
    #[serde(borrow, default, deserialize_with = "present")]
    #[schemars(with = "Option<Value>")]
    #[ts(optional, type = "unknown")]
    pub candidate: Option<&'a RawValue>,
    /// An array of them; opaque.
    #[serde(borrow, default)]
    #[schemars(with = "Option<Vec<Value>>")]
    #[ts(optional, type = "Array<unknown>")]
    pub candidates: Option<&'a RawValue>,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    #[schemars(length(max = ID_BYTES_MAX))]
    pub to: Option<Cow<'a, str>>,
}

/// Either one candidate, `null` among them, or an array; a `null` beside an array counts as absent.
fn one_of_candidates() -> Value {
    let many = json!({"type": "array"});
    json!([
        {"required": ["candidate"], "not": {"required": ["candidates"], "properties": {"candidates": many}}},
        {"required": ["candidates"], "properties": {"candidates": many, "candidate": {"type": "null"}}},
    ])
}

/// Reads a field so that a `null` that stands there counts as present.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl<'a> SendNewIceCandidates<'a> {
    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut event: Self = parse(data)?;
        if event.candidates.is_some() && event.candidate.is_some_and(|one| one.get() == "null") {
            event.candidate = None;
        }
        match (event.candidate, event.candidates) {
            (Some(one), None) => fields::bounded_depth("candidate", one, limits)?,
            (None, Some(many)) if !many.get().starts_with('[') => {
                return Err(Refusal::bad_field("candidates", "an array"));
            }
            (None, Some(many)) => fields::bounded_depth("candidates", many, limits)?,
            (None, None) => {
                return Err(Refusal::bad_field("candidate", "present, or `candidates`"));
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::bad_field("candidates", "absent beside `candidate`"));
            }
        }
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("to", event.to.as_deref())?;
        Ok(event)
    }
}
