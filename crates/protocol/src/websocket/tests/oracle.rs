//! What is seen in the bytes of a connection, by our decoder and by tungstenite. The fuzz targets
//! read this file too, so it names the codec by its path from the root of either.

use std::io::{Cursor, Read, Write};

use tungstenite::{
    Error, Message, WebSocket,
    error::ProtocolError,
    protocol::{Role as TheirRole, WebSocketConfig},
};

use crate::websocket::{Decoder, Incoming, Limit, Role, Violation};

/// What a decoder hands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    Violation(Violation),
}

/// Feeds `pieces` to our decoder and tells what was seen. What it holds in between is bounded by
/// what has come, for a header is not believed.
pub(crate) fn seen<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    settings: (Role, Limit),
) -> Vec<Seen> {
    let (mut decoder, mut seen, mut fed) = (Decoder::default(), Vec::new(), 0);
    for piece in pieces {
        let outcome = decoder.feed(&mut piece.to_vec(), settings, |incoming| match incoming {
            Incoming::Text(text) => seen.push(Seen::Text(text.to_owned())),
            Incoming::Binary(bytes) => seen.push(Seen::Binary(bytes.to_vec())),
            Incoming::Ping(bytes) => seen.push(Seen::Ping(bytes.to_vec())),
            Incoming::Pong(bytes) => seen.push(Seen::Pong(bytes.to_vec())),
            Incoming::Close(code) => seen.push(Seen::Close(code)),
            Incoming::Fragment => {}
        });
        fed += piece.len();
        let held = decoder.held_bytes();
        assert!(held <= 128 + 2 * fed, "{held} bytes are held of {fed}");
        if let Err(violation) = outcome {
            seen.push(Seen::Violation(violation));
            break;
        }
    }
    seen
}

/// A stream that holds what a client sent, and swallows what is answered.
struct Sent(Cursor<Vec<u8>>);

impl Read for Sent {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What tungstenite sees in the same bytes, in messages of at most `limit` bytes.
pub(crate) fn seen_by_oracle(bytes: &[u8], limit: usize) -> Vec<Seen> {
    let config = WebSocketConfig::default()
        .read_buffer_size(1_024)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let stream = Sent(Cursor::new(bytes.to_vec()));
    let mut socket = WebSocket::from_raw_socket(stream, TheirRole::Server, Some(config));
    let mut seen = Vec::new();
    loop {
        seen.push(match socket.read() {
            Ok(Message::Text(text)) => Seen::Text(text.to_string()),
            Ok(Message::Binary(bytes)) => Seen::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Seen::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Seen::Pong(bytes.to_vec()),
            Ok(Message::Close(frame)) => {
                seen.push(Seen::Close(frame.map(|frame| frame.code.into())));
                return seen;
            }
            Ok(Message::Frame(_)) => unreachable!("only whole messages are read"),
            Err(Error::Capacity(_)) => Seen::Violation(Violation::TooLong),
            Err(Error::Utf8(_)) => Seen::Violation(Violation::InvalidUtf8),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return seen,
            Err(Error::Protocol(_)) => Seen::Violation(Violation::Protocol),
            Err(_) => return seen,
        });
        if matches!(seen.last(), Some(Seen::Violation(_))) {
            return seen;
        }
    }
}
