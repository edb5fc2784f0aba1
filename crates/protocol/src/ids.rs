//! The text form of 128-bit ids (rooms, sockets, visitors): unpadded base64url, 22 characters
//! (RFC 4648, section 5).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The 22 characters that stand for `id` on the wire.
#[must_use]
pub fn format_id(id: u128) -> String {
    URL_SAFE_NO_PAD.encode(id.to_be_bytes())
}

/// The id that `text` stands for, or `None` if it is not one that [`format_id`] could have made.
#[must_use]
pub fn parse_id(text: &str) -> Option<u128> {
    let mut bytes = [0; 18];
    let len = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    let bytes: [u8; 16] = bytes.get(..len)?.try_into().ok()?;
    Some(u128::from_be_bytes(bytes))
}
