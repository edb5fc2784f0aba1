use liveloop_protocol::{ServerEvent, Tail, Waiting};

use super::*;

fn event(waiting: usize) -> Encoded {
    ServerEvent::Waiting(&Waiting::new(waiting)).encode()
}

fn bounds(events: usize) -> Bounds {
    let entry = event(1).open().len() + Header::BYTES;
    Bounds { bytes_max: events * entry, age_max: Duration::from_millis(100) }
}

/// The frames from `first_n` to `last_n`.
fn frames(ring: &Ring, (first_n, last_n): (u64, u64)) -> Option<Vec<Vec<u8>>> {
    let frame = |(n, again)| match again {
        Again::Text(text) => [&text, Tail::new(Some(n)).as_bytes()].concat(),
        Again::Begun(call) => panic!("no call has begun: {call:?}"),
    };
    ring.again(first_n, last_n).map(|all| all.into_iter().map(frame).collect())
}

#[track_caller]
fn check(ring: &Ring, (first_n, last_n): (u64, u64), expected: Option<&[usize]>) {
    let frame = |(n, waiting): (u64, &usize)| event(*waiting).into_frame(Some(n));
    let expected = expected.map(|all| (first_n..).zip(all).map(frame).collect::<Vec<_>>());
    assert_eq!(frames(ring, (first_n, last_n)), expected);
}

#[test]
fn the_last_are_kept_in_order_and_no_more_than_fit() {
    let mut ring = Ring::default();
    for n in 1..=5 {
        let waiting = usize::try_from(n).unwrap();
        ring.push(Kept::Own(&event(waiting)), n, bounds(3), Moment::default());
    }
    check(&ring, (6, 5), Some(&[]));
    check(&ring, (4, 5), Some(&[4, 5]));
    check(&ring, (3, 5), Some(&[3, 4, 5]));
    check(&ring, (2, 5), None);
    check(&ring, (7, 5), None);
    check(&ring, (0, u64::MAX - 1), None);
    assert!(ring.bytes() <= bounds(3).bytes_max);
}

#[test]
fn a_buffer_grows_to_its_bound_and_no_further() {
    let mut ring = Ring::default();
    assert_eq!(ring.buffer.bytes.len(), 0, "nothing was sent");
    for n in 1..=1_000 {
        let long = event(usize::MAX >> (n % 60));
        ring.push(Kept::Own(&long), n, bounds(20), Moment::default());
        assert!(ring.buffer.bytes.len() <= bounds(20).bytes_max);
        if n == 1 {
            assert_eq!(ring.buffer.bytes.len(), Buffer::BYTES_MIN);
        }
    }
    assert_eq!(ring.buffer.bytes.len(), bounds(20).bytes_max);
}

#[test]
fn what_is_shared_stands_between_what_is_not() {
    let mut ring = Ring::default();
    let (one, three, shared) = (event(1), event(3), Arc::new(event(2)));
    let all = [Kept::Own(&one), Kept::Shared(&shared), Kept::Own(&three)];
    for (n, kept) in (7..).zip(all) {
        ring.push(kept, n, bounds(9), Moment::default());
    }
    check(&ring, (7, 9), Some(&[1, 2, 3]));
    check(&ring, (9, 9), Some(&[3]));
    ring.push(Kept::Shared(&shared), 10, bounds(3), Moment::default());
    check(&ring, (8, 10), Some(&[2, 3, 2]));
    check(&ring, (7, 10), None);
    assert_eq!(Arc::strong_count(&shared), 3);
    ring.forget_seen(9);
    check(&ring, (10, 10), Some(&[2]));
    assert_eq!(Arc::strong_count(&shared), 2);
}

#[test]
fn what_fits_not_at_all_leaves_nothing_before_it_either() {
    let mut ring = Ring::default();
    ring.push(Kept::Own(&event(1)), 1, bounds(1), Moment::default());
    ring.push(Kept::Own(&event(2)), 2, bounds(0), Moment::default());
    assert!(ring.is_empty());
    assert_eq!((ring.bytes(), ring.buffer.bytes.len()), (0, 0));
    check(&ring, (2, 2), None);
}

#[test]
fn what_is_too_old_goes() {
    let mut ring = Ring::default();
    let at = Moment::from_millis;
    ring.push(Kept::Own(&event(1)), 1, bounds(9), at(0));
    ring.push(Kept::Own(&event(2)), 2, bounds(9), at(100));
    ring.forget_old(bounds(9), at(100));
    check(&ring, (1, 2), Some(&[1, 2]));
    ring.push(Kept::Own(&event(3)), 3, bounds(9), at(101));
    ring.forget_old(bounds(9), at(101));
    check(&ring, (1, 3), None);
    check(&ring, (2, 3), Some(&[2, 3]));
    ring.forget_old(bounds(9), at(300));
    assert_eq!((ring.bytes(), ring.buffer.bytes.len()), (0, 0));
}

#[test]
fn what_was_seen_goes_also_where_the_lower_bits_of_numbers_begin_again() {
    for before in [0, 100, u64::from(u32::MAX) - 2, 7 << 32] {
        let mut ring = Ring::default();
        for (n, waiting) in (before + 1..).zip(1..=4) {
            ring.push(Kept::Own(&event(waiting)), n, bounds(9), Moment::default());
        }
        ring.forget_seen(before);
        check(&ring, (before + 1, before + 4), Some(&[1, 2, 3, 4]));
        ring.forget_seen(before + 2);
        check(&ring, (before + 2, before + 4), None);
        check(&ring, (before + 3, before + 4), Some(&[3, 4]));
        ring.forget_seen(before + 4);
        assert!(ring.is_empty());
        assert_eq!(ring.buffer.start, 0, "that is what a cache may still have");
    }
}

#[test]
fn a_header_is_read_as_it_was_written() {
    for is_elsewhere in [false, true] {
        let at = Moment::from_millis(123_456_789);
        let header = Header { at, len: 65_537, n: 0xfedc_ba98, is_elsewhere };
        let read = Header::from_bytes(header.to_bytes());
        assert_eq!(
            (read.at, read.len, read.n, read.is_elsewhere),
            (at, 65_537, 0xfedc_ba98, is_elsewhere)
        );
    }
}
