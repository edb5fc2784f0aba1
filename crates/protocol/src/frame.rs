//! The frames of the plain WebSocket: `{"event","data","ref"?}` from a client,
//! `{"event","data","n"?}` and `{"ack","data"|"error"}` from the server.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ClientEvent, ErrorCode, Limits, Refusal, json::to_json, whole};

/// Longest event name that an error repeats, in bytes.
const EVENT_NAME_BYTES_MAX: usize = 64;
/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6).
const REF_MAX: u64 = (1 << 53) - 1;

/// A frame from a client.
#[derive(Debug)]
pub struct ClientFrame<'a> {
    /// What is said.
    pub event: ClientEvent<'a>,
    /// Where present, the frame is answered once with this number.
    pub reference: Option<u64>,
}

/// A frame that says nothing that is understood, and how to answer it.
#[derive(Debug)]
pub struct Undecodable {
    /// The `ref` to answer, where there was one.
    pub reference: Option<u64>,
    /// The event that was named, where one was.
    pub event: Option<String>,
    /// Why it was refused.
    pub refusal: Refusal,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(rename = "ref", default, deserialize_with = "whole::optional")]
    reference: Option<u64>,
}

impl<'a> ClientFrame<'a> {
    /// Reads the text of one frame, every field checked against `limits`.
    ///
    /// # Errors
    /// `bad-frame`, `unknown-event`, `bad-payload` or `too-long`.
    pub fn decode(text: &'a str, limits: &Limits) -> Result<Self, Undecodable> {
        if let Some(frame) = Self::decode_canonical(text, limits) {
            return Ok(frame);
        }
        // Serde would also read an array as a struct.
        let is_object = text.trim_ascii_start().starts_with('{');
        let envelope: Envelope<'a> =
            is_object.then(|| serde_json::from_str(text).ok()).flatten().ok_or_else(bad_frame)?;
        if envelope.reference.is_some_and(|reference| reference == 0 || reference > REF_MAX) {
            return Err(bad_frame());
        }
        let data = envelope.data.map_or("{}", RawValue::get);
        let refused = |refusal| Undecodable {
            reference: envelope.reference,
            event: Some(bounded_name(&envelope.event)),
            refusal,
        };
        let event = ClientEvent::decode(&envelope.event, data, limits)
            .unwrap_or_else(|| {
                Err(Refusal::new(ErrorCode::UnknownEvent, "there is no event of that name"))
            })
            .map_err(refused)?;
        Ok(Self { event, reference: envelope.reference })
    }
}

impl<'a> ClientFrame<'a> {
    /// Reads a frame that is written as most clients write it, `{"event":NAME,"data":DATA,"ref":N}`
    /// without white space, in one pass: what stands between the known ends must be one whole JSON
    /// value. Anything else, and anything wrong, is left to the long way.
    fn decode_canonical(text: &'a str, limits: &Limits) -> Option<Self> {
        let rest = text.strip_prefix("{\"event\":\"")?;
        let (name, rest) =
            rest.split_at(rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?);
        let rest = rest.strip_prefix("\",\"data\":")?.strip_suffix('}')?;
        let head = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        let (data, reference) = match head.strip_suffix(",\"ref\":") {
            Some(data) => {
                let digits = &rest[head.len()..];
                let reference = digits.parse().ok().filter(|reference| *reference <= REF_MAX);
                (data, Some(reference.filter(|_| !digits.starts_with('0'))?))
            }
            None => (rest, None),
        };
        let event = ClientEvent::decode(name, data, limits)?.ok()?;
        Some(Self { event, reference })
    }
}

fn bad_frame() -> Undecodable {
    Undecodable {
        reference: None,
        event: None,
        refusal: Refusal::new(
            ErrorCode::BadFrame,
            "a frame is one JSON object with `event`, `data` and perhaps a whole-number `ref`",
        ),
    }
}

fn bounded_name(name: &str) -> String {
    let mut end = name.len().min(EVENT_NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

/// A server event encoded once, for whoever receives it; each receiver adds its own number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    open: Vec<u8>,
}

impl Encoded {
    pub(crate) fn new(event: &str, data: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Frame<'a, T> {
            event: &'a str,
            data: &'a T,
        }
        let mut open = to_json(&Frame { event, data });
        open.pop();
        Self { open }
    }

    /// Bytes that it will take, without the number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len() + 1
    }

    /// Never: there is always an event name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Takes no more memory than it needs: for what is kept for long.
    #[must_use]
    pub fn shrunk(mut self) -> Self {
        self.open.shrink_to_fit();
        self
    }

    /// The text of the frame, but for its tail.
    #[must_use]
    pub fn open(&self) -> &[u8] {
        &self.open
    }

    /// The text of the frame in its parts: what all receivers share, and the end of one of them.
    #[must_use]
    pub fn parts(&self, n: Option<u64>) -> (&[u8], Tail) {
        (&self.open, Tail::new(n))
    }

    /// The text of the frame, numbered `n` where the event is one that must not be lost.
    #[must_use]
    pub fn into_frame(mut self, n: Option<u64>) -> Vec<u8> {
        self.open.extend_from_slice(Tail::new(n).as_bytes());
        self.open
    }
}

/// The end of a frame, which carries its receiver's number.
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    bytes: [u8; Self::BYTES_MAX],
    start: usize,
}

impl Tail {
    /// `,"n":`, twenty digits, and the brace.
    const BYTES_MAX: usize = 26;
    const NUMBER: &[u8] = b",\"n\":";

    /// With the number `n`, if any.
    #[must_use]
    pub fn new(n: Option<u64>) -> Self {
        let mut bytes = [0; Self::BYTES_MAX];
        let mut start = Self::BYTES_MAX - 1;
        bytes[start] = b'}';
        if let Some(mut n) = n {
            loop {
                start -= 1;
                bytes[start] = b'0' + u8::try_from(n % 10).expect("a digit");
                n /= 10;
                if n == 0 {
                    break;
                }
            }
            start -= Self::NUMBER.len();
            bytes[start..start + Self::NUMBER.len()].copy_from_slice(Self::NUMBER);
        }
        Self { bytes, start }
    }

    /// Its text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The answer to the frame `reference`, as JSON.
#[must_use]
pub fn encode_ack(reference: u64, data: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Ack<'a, T> {
        ack: u64,
        data: &'a T,
    }
    to_json(&Ack { ack: reference, data })
}

/// The refusal of the frame `reference`, as JSON.
#[must_use]
pub fn encode_ack_error(
    reference: u64,
    refusal: &Refusal,
    event: Option<&str>,
    room_id: Option<&str>,
) -> Vec<u8> {
    #[derive(Serialize)]
    struct Ack<T> {
        ack: u64,
        error: T,
    }
    to_json(&Ack { ack: reference, error: refusal.body(event, room_id) })
}
