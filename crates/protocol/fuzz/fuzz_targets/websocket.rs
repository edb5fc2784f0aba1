//! Bytes of a connection, in pieces: what is seen in them does not depend on the pieces, what is
//! held is bounded by what has come, and whole frames mean to us what they mean to tungstenite.

#![no_main]

use libfuzzer_sys::fuzz_target;
use liveloop_protocol::websocket::{self, Limit, Opcode, Role, encode_masked};

#[path = "../../src/websocket/tests/oracle.rs"]
mod oracle;

use oracle::{Seen, seen, seen_by_oracle};

const BYTES_MAX: usize = 300;
const SERVER: (Role, Limit) = (Role::Server, Limit(BYTES_MAX));
const CLIENT: (Role, Limit) = (Role::Client, Limit(BYTES_MAX));

fuzz_target!(|input: &[u8]| {
    let [choice, piece, rest @ ..] = input else { return };
    let piece = usize::from(*piece);
    match choice % 4 {
        0 => drop(check_pieces(rest, piece, SERVER)),
        1 => drop(check_pieces(rest, piece, CLIENT)),
        2 => drop(check_pieces(&frames(rest, |_, _| {}), piece, SERVER)),
        _ => {
            let bytes = frames(rest, tame);
            let ours = check_pieces(&bytes, piece, SERVER);
            assert_eq!(ours, seen_by_oracle(&bytes, BYTES_MAX));
        }
    }
});

/// Feeds the bytes whole, one by one, and in pieces of growing and shrinking length. Bytes that are
/// refused in the end may be refused before, but never after.
fn check_pieces(bytes: &[u8], piece: usize, settings: (Role, Limit)) -> Vec<Seen> {
    let whole = seen(std::iter::once(bytes), settings);
    assert_eq!(seen(bytes.chunks(1), settings), whole, "byte by byte");
    let (mut rest, mut len) = (bytes, piece);
    let pieces = std::iter::from_fn(|| {
        let (now, later) = rest.split_at((len % 64 + 1).min(rest.len()));
        (rest, len) = (later, len.wrapping_mul(31).wrapping_add(piece));
        (!now.is_empty()).then_some(now)
    });
    assert_eq!(seen(pieces, settings), whole, "in pieces");
    whole
}

/// Client's frames, each from a first byte, a length and a payload; masked, so that the fuzzer can
/// write text in the clear.
fn frames(mut rest: &[u8], alter: impl Fn(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let [first, len, more @ ..] = rest {
        // Long ones are a few bytes over and over.
        let (times, len) = if *len < 192 { (1, *len) } else { (40, *len - 192) };
        let (now, later) = more.split_at(usize::from(len).min(more.len()));
        rest = later;
        let mut payload = now.repeat(times);
        alter(*first, &mut payload);
        let start = bytes.len();
        encode_masked(&mut bytes, Opcode::Text, &payload, [0x37, 0xfa, 0x21, 0x3d]);
        bytes[start] = *first;
    }
    bytes
}

/// Leaves out where tungstenite is known to differ: of two faults in one frame it may name the
/// other, and a bad close code is replaced by what it would answer with.
fn tame(first: u8, payload: &mut Vec<u8>) {
    if !matches!(first, 0x00..=0x02 | 0x80..=0x82) {
        payload.truncate(BYTES_MAX);
    }
    if first & 0xf == 0x8 {
        *payload = b"\x03\xe8ok".to_vec();
    }
}
