//! The page: files that are inside the binary, in the encoding that the browser prefers.
//!
//! Hashed assets are cached for ever, all else is revalidated by its strong `ETag` (RFC 9110,
//! sections 8.8.3 and 13.1.2).

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Problem, Web};

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct PageFile {
    /// Where it is served, from the root: `/index.html`.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its strong entity tag, in quotes, without the encoding's part.
    pub etag: &'static str,
    /// Whether its name changes whenever it changes.
    pub is_immutable: bool,
    /// As it is.
    pub identity: &'static [u8],
    /// In gzip (RFC 1952), where that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// In brotli (RFC 7932), where that is smaller.
    pub brotli: Option<&'static [u8]>,
}

/// All files of the page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// In any order.
    pub files: &'static [PageFile],
}

/// The addresses of the page that a browser may open directly; the page itself knows what to show.
const CLIENT_ROUTES: [&str; 6] = ["/", "/studio", "/call", "/channels", "/your-data", "/rules"];
/// Those of single channels, likewise: whether there is such a channel the page asks by itself.
const CHANNEL_ROUTE: &str = "/channels/{roomId}";

impl Page {
    /// What a path is counted as: itself where it is one of the few that do not change from build
    /// to build.
    pub(super) fn endpoint(&self, path: &str) -> Option<&'static str> {
        client_route(path).or_else(|| {
            let file = self.file(path)?;
            Some(if file.is_immutable { "/assets/{file}" } else { file.path })
        })
    }

    fn file(&self, path: &str) -> Option<&'static PageFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// The route that the page shows something at, if it is one.
fn client_route(path: &str) -> Option<&'static str> {
    let is_channel =
        path.strip_prefix("/channels/").is_some_and(|id| !id.is_empty() && !id.contains('/'));
    if is_channel {
        return Some(CHANNEL_ROUTE);
    }
    CLIENT_ROUTES.into_iter().find(|route| *route == path)
}

/// Answers whatever no other route does.
pub(super) async fn serve(State(web): State<Web>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allowed = [(header::ALLOW, "GET,HEAD")];
        return (allowed, Problem::method_not_allowed()).into_response();
    }
    let path = request.uri().path();
    let (file, status) = match web.page.file(path) {
        Some(file) => (file, StatusCode::OK),
        None => {
            let Some(index) = web.page.file("/index.html") else {
                return Problem::not_found().into_response();
            };
            let is_known = client_route(path).is_some();
            (index, if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND })
        }
    };
    respond(file, status, request.headers())
}

fn respond(file: &PageFile, status: StatusCode, headers: &HeaderMap) -> Response {
    let (encoding, bytes) = choose(file, headers);
    // Each encoding is another representation, and so has a tag of its own.
    let etag = match encoding {
        Some(name) => format!("{}-{name}\"", file.etag.trim_end_matches('"')),
        None => file.etag.to_owned(),
    };
    let is_fresh = status == StatusCode::OK && is_unchanged(headers, &etag);
    let (status, body) = if is_fresh {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (status, Body::from(Bytes::from_static(bytes)))
    };
    let mut response = (status, body).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let caching =
        if file.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether who asks has what bears this entity tag already (RFC 9110, section 13.1.2).
pub(super) fn is_unchanged(asked: &HeaderMap, etag: &str) -> bool {
    asked.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|value| {
            let mut tags = value.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
            tags.any(|tag| tag == etag)
        })
    })
}

fn choose(file: &PageFile, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepts = |name: &str| {
        accepted.unwrap_or_default().split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case(name));
            let is_refused = words
                .filter_map(|word| word.strip_prefix("q="))
                .any(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
            is_named && !is_refused
        })
    };
    match (file.brotli, file.gzip) {
        (Some(brotli), _) if accepts("br") => (Some("br"), brotli),
        (_, Some(gzip)) if accepts("gzip") => (Some("gzip"), gzip),
        _ => (None, file.identity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: PageFile = PageFile {
        path: "/a.js",
        content_type: "text/javascript",
        etag: "\"abc\"",
        is_immutable: false,
        identity: b"plain",
        gzip: Some(b"gzip"),
        brotli: Some(b"brotli"),
    };

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    #[test]
    fn the_best_encoding_that_is_accepted() {
        let chosen = |accept| choose(&FILE, &headers(header::ACCEPT_ENCODING, accept)).0;
        assert_eq!(chosen("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(chosen("br;q=0, GZIP;q=0.5"), Some("gzip"));
        assert_eq!(chosen("gzip;q=0.0"), None);
        assert_eq!(chosen("identity"), None);
        assert_eq!(choose(&FILE, &HeaderMap::new()).1, b"plain");
        let small = PageFile { brotli: None, gzip: None, ..FILE };
        assert_eq!(choose(&small, &headers(header::ACCEPT_ENCODING, "br")).0, None);
    }

    #[test]
    fn what_has_not_changed_is_not_sent_again() {
        let status = |tag: &str| {
            let mut headers = headers(header::IF_NONE_MATCH, tag);
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br"));
            respond(&FILE, StatusCode::OK, &headers).status()
        };
        assert_eq!(status("\"x\", W/\"abc-br\""), StatusCode::NOT_MODIFIED);
        assert_eq!(status("\"abc\""), StatusCode::OK, "another encoding is another entity");
    }
}
