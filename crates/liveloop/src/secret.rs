//! The secret that signs visitors' tokens: a text of 16 characters or more from the environment, a
//! file, or the data folder. It is never shown, logged or written anywhere but into its own file.

use std::fmt;

use sha2::{Digest, Sha256};

/// What to do about a short one.
pub(crate) const ADVICE: &str =
    "use 16 characters or more, such as those of `openssl rand -hex 32`";
const CHARS_MIN: usize = 16;

/// A secret as an operator writes it. Two nodes with the same text accept each other's tokens.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(String);

/// The text has fewer than 16 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooShort;

impl SecretText {
    /// Takes a text without the white space around it.
    pub(crate) fn new(text: &str) -> Result<Self, TooShort> {
        let text = text.trim();
        if text.chars().count() < CHARS_MIN { Err(TooShort) } else { Ok(Self(text.into())) }
    }

    /// The key: SHA-256 of the text.
    pub(crate) fn key(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}
