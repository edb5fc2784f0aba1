//! The text form of 128-bit ids (rooms, sockets, visitors): unpadded base64url, 22 characters
//! (RFC 4648, section 5).
//!
//! Written here and not taken from a library, because a match takes ten of them: a text of known
//! length needs no allocation.

use std::{borrow::Cow, fmt, ops::Deref, str};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LEN: usize = 22;
/// Stands for no value of the alphabet.
const NONE: u8 = 0xff;

#[expect(clippy::cast_possible_truncation, reason = "there are 64 values")]
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// An id as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdText([u8; LEN]);

impl IdText {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl Deref for IdText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for IdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl JsonSchema for IdText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"})
    }
}

/// The 22 characters that stand for `id` on the wire.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "bits are taken by six from what is left")]
pub fn format_id(id: u128) -> IdText {
    let mut text = [0; LEN];
    // Six bits each, the first from the highest; the last character has only two.
    let (high, low) = ((id >> 68) as u64, id as u64);
    let middle = (id >> 62) as u64;
    let character = |bits: u64| ALPHABET[(bits & 0x3f) as usize];
    for (at, byte) in text[..10].iter_mut().enumerate() {
        *byte = character(high >> (54 - 6 * at));
    }
    text[10] = character(middle);
    for (at, byte) in text[11..21].iter_mut().enumerate() {
        *byte = character(low >> (56 - 6 * at));
    }
    text[21] = character(low << 4);
    IdText(text)
}

/// The id that `text` stands for, or `None` if it is not one that [`format_id`] could have made.
#[must_use]
pub fn parse_id(text: &str) -> Option<u128> {
    let text: &[u8; LEN] = text.as_bytes().try_into().ok()?;
    let (last, others) = text.split_last()?;
    let mut id = 0_u128;
    for half in others.chunks(10) {
        // Ten characters are 60 bits, which a register holds.
        let mut bits = 0_u64;
        for byte in half {
            let value = VALUES[usize::from(*byte)];
            if value == NONE {
                return None;
            }
            bits = bits << 6 | u64::from(value);
        }
        id = id << (6 * half.len()) | u128::from(bits);
    }
    match VALUES[usize::from(*last)] {
        NONE => None,
        value if value & 0x0f != 0 => None,
        value => Some(id << 2 | u128::from(value >> 4)),
    }
}
