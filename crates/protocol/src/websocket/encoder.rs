//! Writing frames (RFC 6455, section 5.2), always whole and of minimal length.

use super::mask;

/// What a frame is (RFC 6455, section 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// UTF-8 text.
    Text = 0x1,
    /// Bytes.
    Binary = 0x2,
    /// The end, perhaps with a reason.
    Close = 0x8,
    /// Are you there?
    Ping = 0x9,
    /// Here I am.
    Pong = 0xa,
}

const FIN: u8 = 0x80;
const MASK: u8 = 0x80;

/// Appends a server's frame with `payload` to `out`.
pub fn encode(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    header(out, opcode, payload.len(), 0);
    out.extend_from_slice(payload);
}

/// Appends a server's frame whose payload is `first` and then `second`.
pub fn encode_parts(out: &mut Vec<u8>, opcode: Opcode, first: &[u8], second: &[u8]) {
    header(out, opcode, first.len() + second.len(), 0);
    out.extend_from_slice(first);
    out.extend_from_slice(second);
}

/// Appends a client's frame with `payload`, masked by `key`, to `out`.
pub fn encode_masked(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], key: [u8; 4]) {
    header(out, opcode, payload.len(), MASK);
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    mask::apply(&mut out[start..], key);
}

/// Appends a server's Close with `code` and `reason`, which is cut to what a control frame holds.
pub fn encode_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    header(out, Opcode::Close, 2 + end, 0);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&reason.as_bytes()[..end]);
}

fn header(out: &mut Vec<u8>, opcode: Opcode, len: usize, mask: u8) {
    out.reserve(14 + len);
    out.push(FIN | opcode as u8);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short), _) if short < 126 => out.push(mask | short),
        (_, Ok(medium)) => {
            out.push(mask | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}
