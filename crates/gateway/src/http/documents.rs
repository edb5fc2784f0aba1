//! `/openapi.json`, `/asyncapi.json` and `/docs`: what this node understands, with its own limits, made
//! once at the start from the types that are read and written.

mod asyncapi;
mod html;
mod openapi;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Web, page::is_unchanged, routes::routes};
use crate::settings::Settings;

/// The three documents of one node.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    openapi: Arc<Document>,
    asyncapi: Arc<Document>,
    page: Arc<Document>,
}

#[derive(Debug)]
struct Document {
    content_type: &'static str,
    text: Bytes,
    etag: HeaderValue,
    /// In place of the page's own.
    security_policy: Option<HeaderValue>,
}

impl Documents {
    /// What is understood by a node with these settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        let openapi = openapi::document(settings, &routes());
        let asyncapi = asyncapi::document(settings);
        let page = html::page(&openapi, &asyncapi);
        // No script at all, and no style but the one that stands in it.
        let style = STANDARD.encode(Sha256::digest(html::STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        let json = |document: &Value| {
            let text = serde_json::to_string(document).unwrap_or_default();
            Arc::new(Document::new("application/json", text))
        };
        let mut page = Document::new("text/html; charset=utf-8", page);
        page.security_policy = HeaderValue::try_from(policy).ok();
        Self { openapi: json(&openapi), asyncapi: json(&asyncapi), page: Arc::new(page) }
    }
}

impl Document {
    fn new(content_type: &'static str, text: String) -> Self {
        let digest = Sha256::digest(&text);
        let etag: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{etag}\"")).expect("hexadecimal digits");
        Self { content_type, text: text.into(), etag, security_policy: None }
    }

    fn respond(&self, asked: &HeaderMap) -> Response {
        let is_fresh = self.etag.to_str().is_ok_and(|etag| is_unchanged(asked, etag));
        let mut response = if is_fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.text.clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::ETAG, self.etag.clone());
        if let Some(policy) = &self.security_policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    }
}

pub(super) async fn openapi(State(web): State<Web>, headers: HeaderMap) -> Response {
    web.documents.openapi.respond(&headers)
}

pub(super) async fn asyncapi(State(web): State<Web>, headers: HeaderMap) -> Response {
    web.documents.asyncapi.respond(&headers)
}

pub(super) async fn page(State(web): State<Web>, headers: HeaderMap) -> Response {
    web.documents.page.respond(&headers)
}
