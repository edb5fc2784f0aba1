//! The envelope of an estate: what it is, of which version, with whose secret it is signed, and an
//! HMAC-SHA256 (RFC 2104) over all of that and what is inside. Nothing inside is looked at before.

use super::{Estate, Refused};
use crate::identity::Secret;

const MAGIC: &[u8; 16] = b"liveloop estate\n";
/// Of the form of what is inside: another one whenever any of its types changes.
pub(super) const VERSION: u32 = 1;
const SIGNER_BYTES: usize = 8;
const MAC_BYTES: usize = 32;
const HEAD_BYTES: usize = MAGIC.len() + 4 + SIGNER_BYTES;

pub(super) fn seal(secret: &Secret, body: &[u8]) -> Estate {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + MAC_BYTES + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&signer(secret));
    let mac = secret.estate_mac(&[&bytes, body]);
    bytes.extend_from_slice(&mac);
    bytes.extend_from_slice(body);
    Estate(bytes)
}

/// What is inside, where it is whole and ours.
pub(super) fn open<'a>(secret: &Secret, bytes: &'a [u8]) -> Result<&'a [u8], Refused> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(Refused::Damaged)?;
    let (magic, head_rest) = head.split_at(MAGIC.len());
    let (version, signed_by) = head_rest.split_at(4);
    if magic != MAGIC {
        return Err(Refused::Damaged);
    }
    if version != VERSION.to_be_bytes() {
        return Err(Refused::OtherVersion);
    }
    if signed_by != signer(secret) {
        return Err(Refused::OtherSecret);
    }
    let (mac, body) = rest.split_at_checked(MAC_BYTES).ok_or(Refused::Damaged)?;
    if !secret.is_estate_mac(&[head, body], mac) {
        return Err(Refused::Damaged);
    }
    Ok(body)
}

/// Tells one secret from another, and nothing else of it.
fn signer(secret: &Secret) -> [u8; SIGNER_BYTES] {
    let mac = secret.estate_mac(&[b"signer"]);
    *mac.first_chunk().expect("32 bytes begin with eight")
}
