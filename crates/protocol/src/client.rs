//! Client to server: the payload of every event, and what each must look like.
//!
//! An offer, an answer and a candidate are opaque: they are bounded, and passed on as they came.

use std::borrow::Cow;

use liveloop_core::Mode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use ts_rs::TS;

use crate::{
    Limits, Refusal,
    fields::{self, bounded_id, bounded_opaque, clean_name, parse},
};

/// What a client may say.
#[derive(Debug)]
pub enum ClientEvent<'a> {
    /// `hello`: sign in as a known visitor, or resume a lost session.
    Hello(Hello<'a>),
    /// `request-room`: leave the present call, if any, and queue for a partner.
    RequestRoom(RequestRoom<'a>),
    /// `cancel-request`: leave the queue.
    CancelRequest,
    /// `stop-call`: leave the call and do not queue again.
    StopCall(StopCall<'a>),
    /// `undo-skip`: ask for the last partner back.
    UndoSkip,
    /// `block-user`: never meet that partner again.
    BlockUser(BlockUser<'a>),
    /// `negotiation-call-offer`: an SDP offer to the partner.
    Offer(NegotiationCallOffer<'a>),
    /// `negotiation-call-answer`: an SDP answer to the partner.
    Answer(NegotiationCallAnswer<'a>),
    /// `send-new-ice-candidates`: ICE candidates to the partner.
    Candidates(SendNewIceCandidates<'a>),
    /// `newMessage`: say something in the room.
    NewMessage(NewMessage<'a>),
    /// `typing`: the visitor began or ceased to write.
    Typing(Typing<'a>),
    /// `join-room`: become a member of a group, and listen.
    JoinRoom(JoinRoom<'a>),
    /// `leave-room`: end both.
    LeaveRoom(LeaveRoom<'a>),
    /// `heartbeat`: what time is it?
    Heartbeat,
}

impl<'a> ClientEvent<'a> {
    /// Every event name that is understood.
    pub const NAMES: [&'static str; 14] = [
        "hello",
        "request-room",
        "cancel-request",
        "stop-call",
        "undo-skip",
        "block-user",
        "negotiation-call-offer",
        "negotiation-call-answer",
        "send-new-ice-candidates",
        "newMessage",
        "typing",
        "join-room",
        "leave-room",
        "heartbeat",
    ];

    /// The name of this event on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::RequestRoom(_) => "request-room",
            Self::CancelRequest => "cancel-request",
            Self::StopCall(_) => "stop-call",
            Self::UndoSkip => "undo-skip",
            Self::BlockUser(_) => "block-user",
            Self::Offer(_) => "negotiation-call-offer",
            Self::Answer(_) => "negotiation-call-answer",
            Self::Candidates(_) => "send-new-ice-candidates",
            Self::NewMessage(_) => "newMessage",
            Self::Typing(_) => "typing",
            Self::JoinRoom(_) => "join-room",
            Self::LeaveRoom(_) => "leave-room",
            Self::Heartbeat => "heartbeat",
        }
    }

    /// The room that this event names.
    #[must_use]
    pub fn room_id(&self) -> Option<&str> {
        match self {
            Self::Hello(_) | Self::CancelRequest | Self::UndoSkip | Self::Heartbeat => None,
            Self::RequestRoom(event) => event.room_id.as_deref(),
            Self::StopCall(event) => event.room_id.as_deref(),
            Self::BlockUser(event) => event.room_id.as_deref(),
            Self::Offer(event) => event.room_id.as_deref(),
            Self::Answer(event) => event.room_id.as_deref(),
            Self::Candidates(event) => event.room_id.as_deref(),
            Self::NewMessage(event) => event.room_id.as_deref(),
            Self::Typing(event) => event.room_id.as_deref(),
            Self::JoinRoom(event) => Some(&event.room_id),
            Self::LeaveRoom(event) => Some(&event.room_id),
        }
    }

    /// Reads the payload of the event `name`; `None` where no event has that name.
    ///
    /// # Errors
    /// `bad-payload` or `too-long`, naming the field.
    pub(crate) fn decode(
        name: &str,
        data: &'a str,
        limits: &Limits,
    ) -> Option<Result<Self, Refusal>> {
        Some(match name {
            "hello" => Hello::decode(data, limits).map(Self::Hello),
            "request-room" => RequestRoom::decode(data, limits).map(Self::RequestRoom),
            "cancel-request" => parse::<CancelRequest>(data).map(|_| Self::CancelRequest),
            "stop-call" => StopCall::decode(data).map(Self::StopCall),
            "undo-skip" => parse::<UndoSkip>(data).map(|_| Self::UndoSkip),
            "block-user" => BlockUser::decode(data).map(Self::BlockUser),
            "negotiation-call-offer" => NegotiationCallOffer::decode(data, limits).map(Self::Offer),
            "negotiation-call-answer" => {
                NegotiationCallAnswer::decode(data, limits).map(Self::Answer)
            }
            "send-new-ice-candidates" => {
                SendNewIceCandidates::decode(data, limits).map(Self::Candidates)
            }
            "newMessage" => NewMessage::decode(data, limits).map(Self::NewMessage),
            "typing" => Typing::decode(data).map(Self::Typing),
            "join-room" => JoinRoom::decode(data).map(Self::JoinRoom),
            "leave-room" => LeaveRoom::decode(data).map(Self::LeaveRoom),
            "heartbeat" => parse::<Heartbeat>(data).map(|_| Self::Heartbeat),
            _ => return None,
        })
    }
}

/// `hello`: the first frame or none.
#[derive(Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Hello", optional_fields)]
pub struct Hello<'a> {
    /// A token from an earlier `welcome`.
    #[serde(borrow, default)]
    pub token: Option<Cow<'a, str>>,
    /// The resume secret of a lost session.
    #[serde(borrow, default)]
    pub resume: Option<Cow<'a, str>>,
    /// The last `n` seen in that session; 0 where absent.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// The name that partners see.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Hello<'a> {
    /// Longest token or resume secret, in bytes.
    pub const TOKEN_BYTES_MAX: usize = 4_096;

    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut hello: Self = parse(data)?;
        for (field, value) in [("token", &hello.token), ("resume", &hello.resume)] {
            if value.as_ref().is_some_and(|text| text.len() > Self::TOKEN_BYTES_MAX) {
                return Err(Refusal::too_long(field, Self::TOKEN_BYTES_MAX, "bytes"));
            }
        }
        hello.name = clean_name(hello.name, limits)?;
        Ok(hello)
    }
}

/// `request-room`: what the visitor wants, and how they show themselves.
#[derive(Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "RequestRoom", optional_fields)]
pub struct RequestRoom<'a> {
    /// The name that the partner sees.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// A small picture, as a `data:image/png|jpeg|webp;base64,` URL.
    #[serde(borrow, default)]
    pub user_image: Option<Cow<'a, str>>,
    /// The kind of call; video where absent.
    #[serde(default, with = "fields::mode")]
    #[ts(optional, type = "\"video\" | \"audio\" | \"text\"")]
    pub mode: Option<Mode>,
    /// What the visitor likes to talk about.
    #[serde(borrow, default)]
    pub interests: Option<Vec<Cow<'a, str>>>,
    /// What the visitor speaks: BCP 47 tags, of which the first part counts.
    #[serde(borrow, default)]
    pub languages: Option<Vec<Cow<'a, str>>>,
    /// The call that is to be left: a stale one is refused.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// Whether to be queued again when the partner leaves; true where absent.
    #[serde(default)]
    pub auto_next: Option<bool>,
    /// Whether partners of the memory window will do as well; false where absent.
    #[serde(default)]
    pub again: Option<bool>,
}

impl<'a> RequestRoom<'a> {
    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
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
#[derive(Debug, Deserialize, TS)]
pub struct CancelRequest {}

/// `undo-skip`: no fields.
#[derive(Debug, Deserialize, TS)]
pub struct UndoSkip {}

/// `block-user`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "BlockUser", optional_fields)]
pub struct BlockUser<'a> {
    /// The call whose partner is meant; the present or the last one where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
}

impl<'a> BlockUser<'a> {
    fn decode(data: &'a str) -> Result<Self, Refusal> {
        let block: Self = parse(data)?;
        bounded_id("roomId", block.room_id.as_deref())?;
        Ok(block)
    }
}

/// `stop-call`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "StopCall", optional_fields)]
pub struct StopCall<'a> {
    /// The call to leave; the present one where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
}

impl<'a> StopCall<'a> {
    fn decode(data: &'a str) -> Result<Self, Refusal> {
        let stop: Self = parse(data)?;
        bounded_id("roomId", stop.room_id.as_deref())?;
        Ok(stop)
    }
}

/// `negotiation-call-offer`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NegotiationCallOffer", optional_fields)]
pub struct NegotiationCallOffer<'a> {
    /// An `RTCSessionDescriptionInit`; opaque.
    #[serde(borrow)]
    #[ts(type = "unknown")]
    pub offer: &'a RawValue,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    pub remote_socket_id: Option<Cow<'a, str>>,
}

impl<'a> NegotiationCallOffer<'a> {
    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_opaque("offer", event.offer, limits)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("remoteSocketId", event.remote_socket_id.as_deref())?;
        Ok(event)
    }
}

/// `negotiation-call-answer`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NegotiationCallAnswer", optional_fields)]
pub struct NegotiationCallAnswer<'a> {
    /// An `RTCSessionDescriptionInit`; opaque.
    #[serde(borrow)]
    #[ts(type = "unknown")]
    pub ans: &'a RawValue,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    pub remote_socket_id: Option<Cow<'a, str>>,
}

impl<'a> NegotiationCallAnswer<'a> {
    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_opaque("ans", event.ans, limits)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("remoteSocketId", event.remote_socket_id.as_deref())?;
        Ok(event)
    }
}

/// `send-new-ice-candidates`: once decoded, exactly one of `candidate` and `candidates` is there.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SendNewIceCandidates", optional_fields)]
pub struct SendNewIceCandidates<'a> {
    /// One `RTCIceCandidateInit`, or `null` for the end of candidates; opaque.
    #[serde(borrow, default, deserialize_with = "present")]
    #[ts(optional, type = "unknown")]
    pub candidate: Option<&'a RawValue>,
    /// An array of them; opaque.
    #[serde(borrow, default)]
    #[ts(optional, type = "Array<unknown>")]
    pub candidates: Option<&'a RawValue>,
    /// The call; the present one where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// The partner's socket id.
    #[serde(borrow, default)]
    pub to: Option<Cow<'a, str>>,
}

/// Reads a field so that a `null` that stands there counts as present.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl<'a> SendNewIceCandidates<'a> {
    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
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

/// `newMessage`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "NewMessage", optional_fields)]
pub struct NewMessage<'a> {
    /// The text; trimmed, and something must be left.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
    /// The room; the present call where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// The client's own id of this message: a repeat stores nothing.
    #[serde(borrow, default)]
    pub client_id: Option<Cow<'a, str>>,
}

impl<'a> NewMessage<'a> {
    fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
        let mut event: Self = parse(data)?;
        event.message = fields::trimmed(event.message);
        if event.message.is_empty() {
            return Err(Refusal::bad_field("message", "a text that is not blank"));
        }
        fields::bounded_chars("message", &event.message, limits.message_chars)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        bounded_id("clientId", event.client_id.as_deref())?;
        Ok(event)
    }
}

/// `typing`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Typing", optional_fields)]
pub struct Typing<'a> {
    /// The room; the present call where absent.
    #[serde(borrow, default)]
    pub room_id: Option<Cow<'a, str>>,
    /// Whether the visitor is writing.
    pub typing: bool,
}

impl<'a> Typing<'a> {
    fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", event.room_id.as_deref())?;
        Ok(event)
    }
}

/// `join-room`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "JoinRoom", optional_fields)]
pub struct JoinRoom<'a> {
    /// The group.
    #[serde(borrow)]
    pub room_id: Cow<'a, str>,
}

impl<'a> JoinRoom<'a> {
    fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        Ok(event)
    }
}

/// `leave-room`.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "LeaveRoom", optional_fields)]
pub struct LeaveRoom<'a> {
    /// The group.
    #[serde(borrow)]
    pub room_id: Cow<'a, str>,
}

impl<'a> LeaveRoom<'a> {
    fn decode(data: &'a str) -> Result<Self, Refusal> {
        let event: Self = parse(data)?;
        bounded_id("roomId", Some(&event.room_id))?;
        Ok(event)
    }
}

/// `heartbeat`: no fields.
#[derive(Debug, Deserialize, TS)]
pub struct Heartbeat {}
