//! What a request names in its address: a room, a visitor, and which page of a list.

use axum::{
    extract::{Path, Query, rejection::PathRejection},
    http::{StatusCode, Uri},
};
use liveloop_core::{RoomId, UserId};
use liveloop_ports::PageLimit;
use liveloop_protocol::{ErrorCode, IdText, Refusal, parse_id};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};

use super::Problem;
use crate::inquiry::room_not_found;

/// An id in the path, as far as it could be read.
pub(super) type Named = Result<Path<String>, PathRejection>;

/// The room that is named; what could not be one of ours is no room.
pub(super) fn room_named(named: Named) -> Result<RoomId, Problem> {
    let id = named.ok().and_then(|Path(id)| parse_id(&id));
    Ok(id.map(RoomId).ok_or_else(room_not_found)?)
}

/// The visitor who is named, where it could be one.
pub(super) fn user_named(named: Named) -> Option<UserId> {
    named.ok().and_then(|Path(id)| parse_id(&id)).map(UserId)
}

/// The fields of the query of `uri`.
///
/// # Errors
/// `bad-payload`.
pub(super) fn fields<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let Query(fields) = Query::<T>::try_from_uri(uri).map_err(|_| {
        let detail = "the query must name each field once, in percent-encoded UTF-8";
        Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadPayload, detail)
    })?;
    Ok(fields)
}

/// A number of the query, of digits alone: a sign would be none in JSON either, or a space.
///
/// # Errors
/// `bad-payload`, naming the field.
pub(super) fn whole_number(name: &str, text: Option<&str>) -> Result<Option<u64>, Refusal> {
    let read = |text: &str| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_plain);
        number.ok_or_else(|| Refusal::bad_field(name, "a whole number, 0 or more"))
    };
    text.map(read).transpose()
}

/// `?after=ID&limit=N`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageAsked {
    pub(super) after: Option<u128>,
    pub(super) limit: PageLimit,
}

/// Which page of a list.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PageAsked")]
pub(super) struct Fields {
    /// `nextAfter` of the page before.
    #[schemars(with = "Option<IdText>")]
    after: Option<String>,
    /// How many at most; 50 where absent.
    #[schemars(with = "Option<u8>", range(min = 1, max = 200))]
    limit: Option<String>,
}

impl PageAsked {
    /// Reads the query of `uri`.
    ///
    /// # Errors
    /// `bad-payload`, naming the field.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let fields: Fields = fields(uri)?;
        let after = fields.after.map(|after| {
            parse_id(&after).ok_or_else(|| Refusal::bad_field("after", "an id of this list"))
        });
        let limit = whole_number("limit", fields.limit.as_deref())?.map(|limit| {
            PageLimit::new(limit).ok_or_else(|| Refusal::bad_field("limit", "1 to 200"))
        });
        Ok(Self { after: after.transpose()?, limit: limit.transpose()?.unwrap_or_default() })
    }

    /// What to ask for after a page that was read so; nothing where there was less than asked for.
    pub(super) fn next<T>(&self, page: &[T], id: impl Fn(&T) -> u128) -> Option<u128> {
        page.last().filter(|_| page.len() >= self.limit.get()).map(id)
    }
}
