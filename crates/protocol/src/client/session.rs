//! What a client says of its session.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use ts_rs::TS;

use crate::{
    Limits, Refusal,
    fields::{clean_name, parse},
    whole,
};

/// `hello`: the first frame or none.
#[derive(Debug, Default, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "Hello", optional_fields)]
pub struct Hello<'a> {
    /// A token from an earlier `welcome`.
    #[serde(borrow, default)]
    #[schemars(length(max = Hello::TOKEN_BYTES_MAX))]
    pub token: Option<Cow<'a, str>>,
    /// The resume secret of a lost session.
    #[serde(borrow, default)]
    #[schemars(length(max = Hello::TOKEN_BYTES_MAX))]
    pub resume: Option<Cow<'a, str>>,
    /// The last `n` seen in that session; 0 where absent.
    #[serde(default, deserialize_with = "whole::optional")]
    #[ts(optional, type = "number")]
    pub after: Option<u64>,
    /// The name that partners see.
    #[serde(borrow, default)]
    #[schemars(extend("x-limit" = "name_chars"))]
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Hello<'a> {
    /// Longest token or resume secret, in bytes.
    pub const TOKEN_BYTES_MAX: usize = 4_096;

    pub(super) fn decode(data: &'a str, limits: &Limits) -> Result<Self, Refusal> {
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

/// `heartbeat`: no fields.
#[derive(Debug, Deserialize, JsonSchema, TS)]
pub struct Heartbeat {}
