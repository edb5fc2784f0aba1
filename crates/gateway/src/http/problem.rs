//! Errors of REST as RFC 9457 problem documents, with the wire's error codes.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use liveloop_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

/// A problem document (RFC 9457): why a request was refused, and what to do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the status is called.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// What to do.
    detail: Cow<'static, str>,
    /// Why, as on the WebSocket.
    code: ErrorCode,
    /// The field at fault, as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// When it may be tried again, rounded up to a whole millisecond.
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// Not for HTTP, which would read on.
    #[serde(skip)]
    is_last_word: bool,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: ErrorCode,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            field: None,
            retry_after_ms: None,
            is_last_word: false,
        }
    }

    /// Names the field at fault.
    pub(crate) fn field(self, field: String) -> Self {
        Self { field: Some(field), ..self }
    }

    /// Nothing of what follows it is read as a request.
    pub(crate) fn last_word(self) -> Self {
        Self { is_last_word: true, ..self }
    }

    /// With `retryAfterMs`, and with `Retry-After` in whole seconds, rounded up.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let millis = wait.as_micros().div_ceil(1_000).max(1);
        Self { retry_after_ms: Some(u64::try_from(millis).unwrap_or(u64::MAX)), ..self }
    }

    pub(crate) fn not_found() -> Self {
        let detail = "there is nothing here: see the list of routes in the documentation";
        Self::new(StatusCode::NOT_FOUND, ErrorCode::UnknownEvent, detail)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this route does not know that method: use the one in `Allow`";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::NotAllowed, detail)
    }

    pub(crate) fn upgrade_required() -> Self {
        let detail = "this route speaks WebSocket, version 13";
        Self::new(StatusCode::UPGRADE_REQUIRED, ErrorCode::BadFrame, detail)
    }

    pub(crate) fn draining() -> Self {
        let detail = "this node is going away: try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Draining, detail)
            .retry_after(Duration::from_secs(1))
    }
}

impl Problem {
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Whether HTTP has to say it: a plain request is no handshake, and a body may follow.
    pub(crate) fn is_for_http(&self) -> bool {
        !self.is_last_word && matches!(self.status, 400 | 405 | 426)
    }

    /// The whole response, for a connection that is closed after it.
    pub(crate) fn to_http1(&self) -> Vec<u8> {
        let body = serde_json::to_string(self).unwrap_or_default();
        let retry_after = self.retry_after_ms.map_or_else(String::new, |millis| {
            format!("retry-after: {}\r\n", millis.div_ceil(1_000))
        });
        format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
             {retry_after}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.status,
            self.title,
            body.len(),
        )
        .into_bytes()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after_ms.map(|millis| millis.div_ceil(1_000));
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1, and RFC 6750, section 3.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
