//! Who asks, and under which address they know this site.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header, uri::Authority},
};
use liveloop_core::UserId;
use liveloop_ports::DirectoryError;
use liveloop_protocol::ErrorCode;

use super::{Problem, Web, peer_of};
use crate::{identity::TokenHolder, inquiry::refusal_of_directory};

impl Web {
    /// The visitor of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
    pub(super) async fn visitor(&self, headers: &HeaderMap) -> Result<TokenHolder, Problem> {
        let holder = self.holder(headers)?;
        match self.door.node.directory.visitor(holder.user).await {
            Ok(_) => Ok(holder),
            Err(DirectoryError::NotAllowed) => Err(bad_token()),
            Err(error) => Err(refusal_of_directory(error).into()),
        }
    }

    /// Whoever that token was made for, who may have been erased since.
    pub(super) fn holder(&self, headers: &HeaderMap) -> Result<TokenHolder, Problem> {
        let header = headers.get(header::AUTHORIZATION);
        let token = header.and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let node = &self.door.node;
        let holder = token.and_then(|token| node.shared.secret.read_token(token));
        let holder = holder.ok_or_else(bad_token)?;
        if node.shared.bans.is_banned(holder.user) {
            let detail = "you may not come in here: ask the operator of this site why";
            return Err(Problem::new(StatusCode::FORBIDDEN, ErrorCode::Banned, detail));
        }
        Ok(holder)
    }

    /// The same, where there is such a header.
    pub(super) async fn visitor_if_any(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<UserId>, Problem> {
        match headers.contains_key(header::AUTHORIZATION) {
            true => Ok(Some(self.visitor(headers).await?.user)),
            false => Ok(None),
        }
    }

    /// Scheme, host and port of the site for its visitors: as they are set, or as this request was
    /// sent. Empty where it does not say.
    pub(super) fn site_origin(&self, request: &Request) -> String {
        if let Some(url) = &self.door.node.shared.settings.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let headers = request.headers();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        match (peer_of(request), host.filter(|host| host.parse::<Authority>().is_ok())) {
            (Some(peer), Some(host)) => format!("{}://{host}", self.door.scheme(peer, headers)),
            _ => String::new(),
        }
    }
}

fn bad_token() -> Problem {
    let detail = "send `Authorization: Bearer TOKEN` with a token from `welcome` or \
                  `POST /api/users`";
    Problem::new(StatusCode::UNAUTHORIZED, ErrorCode::BadToken, detail)
}
