//! Reading the JSON body of a request, bounded in bytes and time, and naming the field that is at fault.

use std::time::Duration;

use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use liveloop_protocol::{ErrorCode, Refusal};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Problem, Web};
use crate::figures::GivenUp;

/// How long a body may take to come whole.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest body, in bytes.
const BODY_BYTES_MAX: usize = 4_096;

/// Reads a JSON object; an empty body is an empty object. Where the client says what it sends, it must
/// say JSON.
pub(super) async fn read<T: DeserializeOwned>(web: &Web, request: Request) -> Result<T, Problem> {
    if !is_json(request.headers()) {
        let detail = "the body must be JSON: say `Content-Type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, ErrorCode::BadPayload, detail));
    }
    let whole = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), BODY_BYTES_MAX)).await;
    let whole = whole.map_err(|_| {
        web.door.node.shared.figures.count_given_up(GivenUp::BodyTimeout);
        let detail = "the body did not come whole in 10 s: send it again, faster";
        Problem::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::TooLong, detail)
    })?;
    let bytes = whole.map_err(|_| {
        let detail = "the body is longer than 4096 bytes, or did not come whole";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLong, detail)
    })?;
    let text = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, ErrorCode::BadPayload, detail);
    // Serde would also read an array as a struct.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(bad("the body must be one JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let problem = bad("the body is no JSON, or a field is missing or of a wrong type");
        if path == "." { problem } else { problem.field(path) }
    })?;
    reader.end().map_err(|_| bad("the body must be one JSON object"))?;
    Ok(body)
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_TYPE).iter().all(|value| {
        let media = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        media.trim().eq_ignore_ascii_case("application/json")
    })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            ErrorCode::RoomNotFound => StatusCode::NOT_FOUND,
            ErrorCode::NotAllowed | ErrorCode::NotInRoom => StatusCode::FORBIDDEN,
            ErrorCode::RoomFull => StatusCode::CONFLICT,
            ErrorCode::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut problem = Self::new(status, refusal.code, refusal.message);
        if let Some(millis) = refusal.retry_after_ms {
            problem = problem.retry_after(Duration::from_millis(millis));
        }
        match refusal.field {
            Some(field) => problem.field(field),
            None => problem,
        }
    }
}
