//! Frames of the WebSocket protocol (RFC 6455) as a codec without a socket.
//!
//! Strict: masking as the role demands, no reserved bits or opcodes, minimal lengths, whole control
//! frames, valid close codes, valid UTF-8; a header or a text that is wrong is refused as soon as
//! that is certain, be its frame whole or not. A decoder that is between frames owns no memory; one
//! in the middle of a frame owns what has come of it, and never what a header merely announces.

mod decoder;
mod encoder;
mod mask;

pub use decoder::{Decoder, Incoming, Limit, Role, Violation};
pub use encoder::{Opcode, encode, encode_close, encode_masked, encode_parts};

#[cfg(test)]
mod tests;
