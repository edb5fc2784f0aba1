//! Who a visitor is: the node's secret, the tokens it signs and the pseudonyms it makes.
//!
//! A token is `1.CLAIMS.MAC`: JSON in base64url, and an HMAC-SHA256 (RFC 2104) over both parts
//! before it. A pseudonym is what a partner sees of a visitor; it is the same whenever the same
//! two meet, and tells nothing to anybody else.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use liveloop_core::{RoomId, SocketId, UserId};
use liveloop_ports::Wall;
use liveloop_protocol::{IdText, format_id, parse_id};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ticket::PROOF_BYTES;

const VERSION: &str = "1";

/// The key that signs tokens, taken in once for each purpose. Never shown.
#[derive(Clone)]
pub struct Secret {
    token: Hmac<Sha256>,
    pseudonym: Hmac<Sha256>,
    connection: Hmac<Sha256>,
    resume: Hmac<Sha256>,
    estate: Hmac<Sha256>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    #[serde(rename = "u")]
    user: &'a str,
    #[serde(rename = "n", skip_serializing_if = "Option::is_none", default)]
    name: Option<String>,
    #[serde(rename = "t")]
    issued_at_ms: u64,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenHolder {
    pub(crate) user: UserId,
    pub(crate) name: Option<String>,
}

impl Secret {
    /// A secret of 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        let keyed = |purpose: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(&bytes).expect("HMAC takes keys of any size");
            mac.chain_update(purpose).chain_update([0])
        };
        Self {
            token: keyed("token"),
            pseudonym: keyed("pseudonym"),
            connection: keyed("connection"),
            resume: keyed("resume"),
            estate: keyed("estate"),
        }
    }

    /// A token for `user`.
    pub(crate) fn issue_token(&self, user: UserId, name: Option<&str>, now: Wall) -> String {
        let user = format_id(user.0);
        let claims = Claims { user: &user, name: name.map(str::to_owned), issued_at_ms: now.0 };
        let claims = serde_json::to_vec(&claims).expect("claims are plain JSON");
        let signed = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(claims));
        let mac = self.token.clone().chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Whose token this is; `None` where it was not signed with this secret.
    pub(crate) fn read_token(&self, token: &str) -> Option<TokenHolder> {
        let (signed, mac) = token.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        self.token.clone().chain_update(signed).verify_slice(&mac).ok()?;
        let (version, claims) = signed.split_once('.')?;
        if version != VERSION {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        Some(TokenHolder { user: UserId(parse_id(claims.user)?), name: claims.name })
    }

    /// What the members of a group see of one connection, in that group alone.
    pub(crate) fn connection_in(&self, room: RoomId, socket: SocketId) -> SocketId {
        let mac = self.connection.clone().chain_update(room.0.to_be_bytes());
        let mac: [u8; 32] = mac.chain_update(socket.0.to_be_bytes()).finalize().into_bytes().into();
        let half = mac.first_chunk().expect("32 bytes begin with 16");
        SocketId(u128::from_be_bytes(*half))
    }

    /// What proves that a resume secret with this `claim` is of the session `socket`.
    pub(crate) fn resume_proof(&self, claim: &[u8], socket: SocketId) -> [u8; PROOF_BYTES] {
        let mac: [u8; 32] = self.resume_mac(claim, socket).finalize().into_bytes().into();
        *mac.first_chunk().expect("32 bytes begin with 16")
    }

    /// Whether `proof` is that. Takes the same time however much of it is right.
    pub(crate) fn is_resume_proof(
        &self,
        claim: &[u8],
        socket: SocketId,
        proof: &[u8; PROOF_BYTES],
    ) -> bool {
        self.resume_mac(claim, socket).verify_truncated_left(proof).is_ok()
    }

    fn resume_mac(&self, claim: &[u8], socket: SocketId) -> Hmac<Sha256> {
        self.resume.clone().chain_update(socket.0.to_be_bytes()).chain_update(claim)
    }

    /// What proves that a node with this secret has left these parts behind.
    pub(crate) fn estate_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac_of_estate(parts).finalize().into_bytes().into()
    }

    /// Whether `mac` is that.
    pub(crate) fn is_estate_mac(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        self.mac_of_estate(parts).verify_slice(mac).is_ok()
    }

    fn mac_of_estate(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        parts.iter().fold(self.estate.clone(), Mac::chain_update)
    }

    /// What two partners see of each other: the first's pseudonym, and the second's.
    pub(crate) fn pseudonyms(&self, users: [UserId; 2]) -> [IdText; 2] {
        let [first, second] = users;
        let (low, high) = (first.min(second), first.max(second));
        let mac = self.pseudonym.clone().chain_update(low.0.to_be_bytes());
        let mac: [u8; 32] = mac.chain_update(high.0.to_be_bytes()).finalize().into_bytes().into();
        let (of_low, of_high) = mac.split_at(16);
        users.map(|user| {
            let half = if user == low { of_low } else { of_high };
            format_id(u128::from_be_bytes(half.try_into().expect("half of 32 bytes")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_token_comes_back() {
        let token = secret().issue_token(UserId(5), Some("Ada"), Wall(1));
        let holder = TokenHolder { user: UserId(5), name: Some("Ada".into()) };
        assert_eq!(secret().read_token(&token), Some(holder));
    }

    #[test]
    fn any_other_is_refused() {
        let token = secret().issue_token(UserId(5), None, Wall(1));
        assert_eq!(Secret::new([8; 32]).read_token(&token), None, "another secret");
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1;
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(secret().read_token(&forged), None, "changed at {index}");
        }
        for text in
            ["", ".", "..", "1..", "not a token", &token[..token.len() - 1], &format!("{token}A")]
        {
            assert_eq!(secret().read_token(text), None, "{text}");
        }
    }

    #[test]
    fn a_pseudonym_is_of_a_pair() {
        let of = |one, other| secret().pseudonyms([UserId(one), UserId(other)]);
        let [one, other] = of(1, 2);
        assert_ne!(one, other, "each of the two has their own");
        assert_eq!(of(2, 1), [other, one], "the same whenever they meet");
        assert_ne!(one, of(1, 3)[0], "two partners cannot compare");
    }
}
