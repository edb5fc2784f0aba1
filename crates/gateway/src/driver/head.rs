//! The head of a connection's first request. An opening handshake is answered at once, for in a
//! storm that is what counts; everything else is HTTP's, with the bytes that were read.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{address::ConnectionPermit, http::Problem};

/// The longest head that is read here, in bytes; HTTP refuses a longer one.
const HEAD_BYTES_MAX: usize = 16_384;
const HEADERS_MAX: usize = 64;
/// What the head of an opening handshake begins with, before its path.
const OPENING: &[u8] = b"GET ";

/// What has come of a head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) peer: SocketAddr,
    pub(super) permit: Option<ConnectionPermit>,
    bytes: Vec<u8>,
    /// Refused: it has a moment to read why.
    pub(super) is_answered: bool,
}

/// What a head has turned out to be.
pub(crate) enum Headed<P> {
    /// More of it is to come.
    Partial,
    /// Not ours; with all that was read.
    Http(Vec<u8>),
    /// A handshake that is refused.
    Refused(Problem),
    /// A handshake, with its response, and what came after it.
    Upgrade {
        response: Vec<u8>,
        permit: P,
        rest: Vec<u8>,
        /// Whether the client says that it will say `hello`.
        says_hello: bool,
    },
}

impl Head {
    pub(crate) fn new(peer: SocketAddr, permit: Option<ConnectionPermit>) -> Self {
        Self { peer, permit, bytes: Vec::new(), is_answered: false }
    }

    /// Takes more of it. A handshake at `path` is let in by `admit`, which gives what it is
    /// accepted with and what it passes with.
    pub(crate) fn take<P>(
        &mut self,
        bytes: &[u8],
        path: &str,
        admit: impl FnOnce(&HeaderMap, SocketAddr) -> Result<(String, P), Problem>,
    ) -> Headed<P> {
        self.bytes.extend_from_slice(bytes);
        let opening = OPENING.iter().chain(path.as_bytes());
        if self.bytes.iter().zip(opening).any(|(byte, expected)| byte != expected) {
            return self.http();
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let end = match request.parse(&self.bytes) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) if self.bytes.len() < HEAD_BYTES_MAX => {
                return Headed::Partial;
            }
            _ => return self.http(),
        };
        let (asked, query) = split_query(request.path.unwrap_or_default());
        let (is_there, says_hello) = (asked == path, says_hello(query));
        let headers = header_map(request.headers);
        match headers.filter(|_| is_there && request.version == Some(1)) {
            None => self.http(),
            Some(headers) => match admit(&headers, self.peer) {
                Ok((accept, permit)) => Headed::Upgrade {
                    response: switching_protocols(&accept),
                    permit,
                    rest: self.bytes.split_off(end),
                    says_hello,
                },
                // A body may follow, and a plain GET is no handshake: HTTP says what is wrong.
                Err(denied) if denied.is_for_http() => self.http(),
                Err(denied) => {
                    self.is_answered = true;
                    Headed::Refused(denied)
                }
            },
        }
    }

    fn http<P>(&mut self) -> Headed<P> {
        Headed::Http(std::mem::take(&mut self.bytes))
    }
}

fn split_query(path: &str) -> (&str, Option<&str>) {
    path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)))
}

/// Whether the query of a handshake announces a `hello`: then the first `welcome` is left out.
pub(crate) fn says_hello(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|field| field == "hello=1"))
}

fn header_map(headers: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        map.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    Some(map)
}

fn switching_protocols(accept: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}
