//! Frames in pieces of any size, and tungstenite as the oracle.

use proptest::prelude::*;

use super::*;

mod oracle;

use oracle::{Seen, seen_by_oracle};

/// Feeds `bytes` in pieces of `piece` bytes and tells what was seen.
fn seen(bytes: &[u8], piece: usize, settings: (Role, Limit)) -> Vec<Seen> {
    oracle::seen(bytes.chunks(piece.max(1)), settings)
}

const SERVER: (Role, Limit) = (Role::Server, Limit(1_000));

#[track_caller]
fn check(bytes: &[u8], expected: &[Seen]) {
    for piece in [1, 2, 3, 5, 7, bytes.len().max(1)] {
        assert_eq!(seen(bytes, piece, SERVER), expected, "in pieces of {piece}");
    }
}

/// A client's frame with this first byte, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_masked(&mut bytes, Opcode::Text, payload, [1, 2, 3, 4]);
    bytes[0] = first;
    bytes
}

#[test]
fn whole_messages() {
    let long = "é".repeat(300);
    let bytes = [frame(0x81, b"hello"), frame(0x82, b"\0\xff"), frame(0x81, long.as_bytes())];
    let expected = [Seen::Text("hello".into()), Seen::Binary(vec![0, 255]), Seen::Text(long)];
    check(&bytes.concat(), &expected);
}

#[test]
fn fragments_with_control_frames_between_them() {
    let bytes = [
        frame(0x01, "h\u{e9}".as_bytes().split_at(2).0),
        frame(0x89, b"are you there"),
        frame(0x00, b""),
        frame(0x80, b"\xa9llo"),
        frame(0x8a, b""),
    ];
    let ping = Seen::Ping(b"are you there".to_vec());
    check(&bytes.concat(), &[ping, Seen::Text("h\u{e9}llo".into()), Seen::Pong(Vec::new())]);
}

#[test]
fn nothing_is_read_after_a_close() {
    let bytes = [frame(0x88, b"\x03\xe8bye"), frame(0x81, b"ghost"), vec![0xff; 9]];
    check(&bytes.concat(), &[Seen::Close(Some(1000))]);
    check(&frame(0x88, b""), &[Seen::Close(None)]);
}

#[test]
fn violations_have_their_code() {
    for (bytes, violation) in [
        (vec![0x81, 0x05, b'h'], Violation::Protocol),
        (frame(0xc1, b""), Violation::Protocol),
        (frame(0x83, b""), Violation::Protocol),
        (frame(0x8b, b""), Violation::Protocol),
        (frame(0x09, b""), Violation::Protocol),
        (frame(0x89, &[0; 126]), Violation::Protocol),
        (frame(0x80, b""), Violation::Protocol),
        ([frame(0x01, b"a"), frame(0x81, b"b")].concat(), Violation::Protocol),
        (frame(0x88, b"\x03"), Violation::Protocol),
        (frame(0x88, b"\x03\xed"), Violation::Protocol),
        (frame(0x88, b"\x03\xe8\xff"), Violation::InvalidUtf8),
        (frame(0x81, b"\xc3\x28"), Violation::InvalidUtf8),
        (frame(0x81, b"\xed\xa0\x80"), Violation::InvalidUtf8),
        (frame(0x01, b"\xff"), Violation::InvalidUtf8),
        ([frame(0x01, b"\xe2\x82"), frame(0x80, b"")].concat(), Violation::InvalidUtf8),
        (frame(0x81, &[b'x'; 1_001]), Violation::TooLong),
        ([frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 600])].concat(), Violation::TooLong),
        (vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Violation::TooLong),
        (vec![0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Violation::Protocol),
        (vec![0x81, 0xfe, 0x00, 0x05], Violation::Protocol),
        (vec![0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::Protocol),
    ] {
        check(&bytes, &[Seen::Violation(violation)]);
    }
}

/// What has come of a text while its frame, or the one after it, is not whole.
#[track_caller]
fn check_early(frames: &[Vec<u8>], missing: usize, expected: &[Seen]) {
    let bytes = frames.concat();
    check(&bytes[..bytes.len() - missing], expected);
}

#[test]
fn text_that_cannot_become_valid_is_refused_before_its_frame_is_whole() {
    let invalid = [Seen::Violation(Violation::InvalidUtf8)];
    // Beyond the last code point, a surrogate, an overlong form, a stray byte; the rest never comes.
    for text in [b"ab\xf4\x90cdef", b"abc\xed\xa0def", b"abc\xc0\xafdef", b"abc\xc3(def"] {
        check_early(&[frame(0x81, text)], 3, &invalid);
        check_early(&[frame(0x01, text)], 3, &invalid);
        check_early(&[frame(0x01, b"x"), frame(0x80, text)], 3, &invalid);
        check_early(&[frame(0x82, text)], 3, &[]);
        check_early(&[frame(0x02, b"x"), frame(0x80, text)], 3, &[]);
    }
    // A character that begins in one frame and is wrong in the next.
    check_early(&[frame(0x01, b"a\xe2\x82"), frame(0x80, b"(bcd")], 3, &invalid);
    check_early(&[frame(0x01, b"a\xe2"), frame(0x00, b"\x82\xacb\xffcd")], 2, &invalid);
}

#[test]
fn text_that_may_become_valid_is_waited_for() {
    let text = "a\u{e9}\u{20ac}\u{1f600}z".as_bytes();
    for missing in 1..text.len() {
        check_early(&[frame(0x81, text)], missing, &[]);
        for split in 0..text.len() - missing {
            let frames = [frame(0x01, &text[..split]), frame(0x80, &text[split..])];
            check_early(&frames, missing, &[]);
        }
    }
}

#[test]
fn a_frame_that_may_not_come_is_refused_by_its_header() {
    check_early(&[frame(0x80, b"abc")], 3, &[Seen::Violation(Violation::Protocol)]);
    let frames = [frame(0x01, b"a"), frame(0x81, b"abc")];
    check_early(&frames, 3, &[Seen::Violation(Violation::Protocol)]);
    let frames = [frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 600])];
    check_early(&frames, 600, &[Seen::Violation(Violation::TooLong)]);
}

#[test]
fn a_decoder_between_messages_owns_nothing() {
    let mut decoder = Decoder::default();
    let bytes = [frame(0x01, b"a"), frame(0x80, b"b"), frame(0x81, b"c")].concat();
    for byte in bytes {
        decoder.feed(&mut [byte], SERVER, |_| {}).unwrap();
    }
    assert_eq!(decoder.held_bytes(), 0);
}

#[test]
fn what_is_announced_is_not_allocated() {
    let mut decoder = Decoder::default();
    let mut header = [0x82, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 2, 3, 4, 5];
    decoder.feed(&mut header, (Role::Server, Limit(0)), |_| {}).unwrap();
    assert!((1..200).contains(&decoder.held_bytes()), "{}", decoder.held_bytes());
}

#[test]
fn masking_is_its_own_inverse() {
    for len in 0..40 {
        let plain: Vec<u8> = (0..len).collect();
        let mut bytes = plain.clone();
        mask::apply(&mut bytes, [9, 8, 7, 6]);
        let expected: Vec<u8> =
            plain.iter().zip([9, 8, 7, 6].iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        assert_eq!(bytes, expected);
        mask::apply(&mut bytes, [9, 8, 7, 6]);
        assert_eq!(bytes, plain);
    }
}

#[test]
fn a_close_fits_into_a_control_frame() {
    let mut bytes = Vec::new();
    encode_close(&mut bytes, 1013, &"é".repeat(100));
    assert_eq!(seen(&bytes, 7, (Role::Client, Limit(0))), [Seen::Close(Some(1013))]);
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        6 => ".{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..130),
        1 => prop::collection::vec(Just(b'x'), 900..1_100),
        1 => Just(vec![0x03, 0xe8, b'o', b'k']),
    ];
    (first, payload).prop_map(|(first, mut payload)| {
        // A frame that is wrong in two ways is refused by both, but not for the same reason.
        if !matches!(first, 0x00..=0x02 | 0x80..=0x82) {
            payload.truncate(140);
        }
        // A bad close code it replaces by the 1002 that it would answer with.
        if first & 0xf == 0x8 {
            payload = b"\x03\xe8ok".to_vec();
        }
        frame(first, &payload)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn random_frames_mean_to_us_what_they_mean_to_tungstenite(
        frames in prop::collection::vec(any_frame(), 1..6),
        piece in 1..200_usize,
    ) {
        let bytes = frames.concat();
        let (ours, theirs) = (seen(&bytes, piece, SERVER), seen_by_oracle(&bytes, 1_000));
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn any_bytes_at_all_are_survived_and_pieces_do_not_matter(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1..50_usize,
    ) {
        prop_assert_eq!(seen(&bytes, piece, SERVER), seen(&bytes, bytes.len(), SERVER));
    }
}
