//! Which pages may connect (RFC 6454): the site's own, and those that the operator names.

use axum::http::{HeaderMap, HeaderValue, header};

/// The origins that a node lets in beside those that are its own by `Host`.
#[derive(Clone, Debug)]
pub(crate) struct OriginPolicy {
    allowed: Vec<String>,
}

impl OriginPolicy {
    pub(crate) fn new(public_url: Option<&str>, origins: &[String]) -> Self {
        let allowed = public_url.into_iter().chain(origins.iter().map(String::as_str));
        Self { allowed: allowed.filter_map(normal).collect() }
    }

    /// Whether a page of `origin` may talk to this node, asked for over `scheme` (`http` or
    /// `https`) under the `Host` of `headers`.
    pub(crate) fn allows(&self, origin: &HeaderValue, scheme: &str, headers: &HeaderMap) -> bool {
        let Some(origin) = origin.to_str().ok().and_then(normal) else { return false };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let own = host.and_then(|host| normal(&format!("{scheme}://{host}")));
        own.as_ref() == Some(&origin) || self.allowed.contains(&origin)
    }
}

/// An origin in lower case and without a default port; `None` for `null` and all that is not
/// scheme, host and perhaps port.
fn normal(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let is_plain = !authority.is_empty()
        && authority.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b));
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    is_plain.then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: &str, scheme: &str, host: &str, expected: bool) {
        let origins = ["https://friends.example.org".into()];
        let policy = OriginPolicy::new(Some("https://loop.example.org/"), &origins);
        let headers = [(header::HOST, HeaderValue::from_str(host).unwrap())].into_iter().collect();
        let origin = HeaderValue::from_str(origin).unwrap();
        assert_eq!(policy.allows(&origin, scheme, &headers), expected);
    }

    #[test]
    fn the_page_of_this_very_node_may() {
        check("http://localhost:8000", "http", "localhost:8000", true);
        check("http://LOCALHOST", "http", "localhost:80", true);
        check("http://[::1]:8000", "http", "[::1]:8000", true);
    }

    #[test]
    fn those_that_are_named_may() {
        check("https://loop.example.org", "http", "10.0.0.1:8000", true);
        check("https://friends.example.org:443", "http", "10.0.0.1:8000", true);
    }

    #[test]
    fn nobody_else_may() {
        check("https://evil.example.org", "https", "loop.example.org", false);
        check("http://loop.example.org", "https", "loop.example.org", false);
        check("https://localhost:8000", "http", "localhost:8000", false);
        check("http://localhost:8001", "http", "localhost:8000", false);
        check("null", "http", "localhost:8000", false);
        check("", "http", "localhost:8000", false);
        check("file://", "http", "localhost:8000", false);
        check("http://localhost:8000@evil.example.org", "http", "localhost:8000", false);
        check("https://loop.example.org.evil.example", "https", "x", false);
    }
}
