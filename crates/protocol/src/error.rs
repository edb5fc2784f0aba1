//! The error codes of the wire, their categories, and what a refusal says to a person.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use ts_rs::TS;

/// Why something was refused; the text form is the wire's `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not a frame: no JSON object, no event name, or a `ref` that does not rise.
    BadFrame,
    /// No event of that name.
    UnknownEvent,
    /// A field is missing, null or of a wrong type or form.
    BadPayload,
    /// A field is longer than its limit.
    TooLong,
    /// The room, or the destination, is not one of the sender's.
    NotInRoom,
    /// The room has as many members as it may.
    RoomFull,
    /// There is no such room for the sender.
    RoomNotFound,
    /// The sender may not do this, or not now.
    NotAllowed,
    /// The token is forged, damaged, or another visitor's.
    BadToken,
    /// The session that was to be resumed is over.
    ResumeExpired,
    /// The visitor may not come in.
    Banned,
    /// Too many, too fast; `retryAfterMs` says when it will do.
    RateLimited,
    /// Messages cannot be kept at the moment.
    StoreUnavailable,
    /// The node is going away.
    Draining,
    /// Our fault; nothing was changed.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order in which they are counted.
    pub const ALL: [Self; 15] = [
        Self::BadFrame,
        Self::UnknownEvent,
        Self::BadPayload,
        Self::TooLong,
        Self::NotInRoom,
        Self::RoomFull,
        Self::RoomNotFound,
        Self::NotAllowed,
        Self::BadToken,
        Self::ResumeExpired,
        Self::Banned,
        Self::RateLimited,
        Self::StoreUnavailable,
        Self::Draining,
        Self::Internal,
    ];

    /// The code as the wire spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "bad-frame",
            Self::UnknownEvent => "unknown-event",
            Self::BadPayload => "bad-payload",
            Self::TooLong => "too-long",
            Self::NotInRoom => "not-in-room",
            Self::RoomFull => "room-full",
            Self::RoomNotFound => "room-not-found",
            Self::NotAllowed => "not-allowed",
            Self::BadToken => "bad-token",
            Self::ResumeExpired => "resume-expired",
            Self::Banned => "banned",
            Self::RateLimited => "rate-limited",
            Self::StoreUnavailable => "store-unavailable",
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }

    /// The category of this code, where `event` was refused.
    #[must_use]
    pub fn category(self, event: Option<&str>) -> Category {
        match self {
            Self::NotInRoom if event.is_some_and(is_signal) => Category::Webrtc,
            Self::RateLimited | Self::Draining => Category::Network,
            Self::StoreUnavailable | Self::Internal => Category::System,
            _ => Category::Validation,
        }
    }
}

fn is_signal(event: &str) -> bool {
    matches!(
        event,
        "negotiation-call-offer" | "negotiation-call-answer" | "send-new-ice-candidates"
    )
}

/// Which kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, TS)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// The way between client and server: too fast, or the node goes away.
    Network,
    /// The negotiation of a call.
    Webrtc,
    /// What was sent is not as it must be.
    Validation,
    /// The server's own trouble.
    System,
}

impl Category {
    /// Every category, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Network, Self::Webrtc, Self::Validation, Self::System];

    /// The category as the wire spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Webrtc => "webrtc",
            Self::Validation => "validation",
            Self::System => "system",
        }
    }
}

/// A refusal: the state is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: ErrorCode,
    /// One sentence for a person: what, and what to do.
    pub message: Cow<'static, str>,
    /// The field that is at fault, as a path (`candidates[2]`).
    pub field: Option<String>,
    /// When the same may be tried again, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal without a field.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None, retry_after_ms: None }
    }

    /// `bad-payload` that names the field.
    #[must_use]
    pub fn bad_field(field: &str, expected: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(ErrorCode::BadPayload, format!("`{field}` must be {expected}"))
        }
    }

    /// `too-long` that names the field and how long it may be.
    #[must_use]
    pub fn too_long(field: &str, limit: usize, unit: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(
                ErrorCode::TooLong,
                format!("`{field}` is too long: shorten it to {limit} {unit}"),
            )
        }
    }

    /// `rate-limited`, to be tried again after `retry_after_ms` milliseconds.
    #[must_use]
    pub fn rate_limited(retry_after_ms: u64) -> Self {
        Self {
            retry_after_ms: Some(retry_after_ms),
            ..Self::new(ErrorCode::RateLimited, "too many at once: wait a moment and try again")
        }
    }

    /// `not-in-room`: the room or the destination is none of the sender's.
    #[must_use]
    pub fn not_in_room() -> Self {
        Self::new(ErrorCode::NotInRoom, "you are not in that call: it may have ended")
    }

    /// The body that goes over the wire, for the refused `event`.
    #[must_use]
    pub fn body<'a>(&'a self, event: Option<&'a str>, room_id: Option<&'a str>) -> ErrorBody<'a> {
        ErrorBody {
            code: self.code,
            category: self.code.category(event),
            message: &self.message,
            event,
            room_id,
            field: self.field.as_deref(),
            retry_after_ms: self.retry_after_ms,
        }
    }
}

/// An error as it is sent, in an `error` event or in an ack.
#[derive(Clone, Debug, Serialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "ErrorBody", optional_fields)]
pub struct ErrorBody<'a> {
    /// Why.
    pub code: ErrorCode,
    /// Which kind of trouble.
    pub category: Category,
    /// One sentence for a person.
    pub message: &'a str,
    /// The event that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'a str>,
    /// The room that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<&'a str>,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// When it may be tried again, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub retry_after_ms: Option<u64>,
}
