use liveloop_protocol::{ServerEvent, Tail, Waiting};

use super::*;

fn event(waiting: usize) -> Encoded {
    ServerEvent::Waiting(&Waiting::new(waiting)).encode()
}

fn bounds(events: usize) -> Bounds {
    let entry = event(1).open().len() + size_of::<Entry>();
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
    for waiting in 1..=5 {
        ring.push(Kept::Own(&event(waiting)), bounds(3), Moment::default());
    }
    check(&ring, (6, 5), Some(&[]));
    check(&ring, (4, 5), Some(&[4, 5]));
    check(&ring, (3, 5), Some(&[3, 4, 5]));
    check(&ring, (2, 5), None);
    check(&ring, (7, 5), None);
    check(&ring, (0, u64::MAX - 1), None);
    assert!(ring.bytes <= bounds(3).bytes_max);
}

#[test]
fn a_buffer_grows_to_its_bound_and_no_further() {
    let mut ring = Ring::default();
    assert_eq!(ring.own.capacity(), 0, "nothing was sent");
    for n in 1..=1_000 {
        let long = event(usize::MAX >> (n % 60));
        ring.push(Kept::Own(&long), bounds(20), Moment::default());
        assert!(ring.own.capacity() <= bounds(20).bytes_max);
        if n == 1 {
            assert_eq!(ring.own.capacity(), Ring::OWN_MIN);
        }
    }
    assert_eq!(ring.own.capacity(), bounds(20).bytes_max);
}

#[test]
fn what_is_shared_stands_between_what_is_not() {
    let mut ring = Ring::default();
    let (one, three, shared) = (event(1), event(3), Arc::new(event(2)));
    let all = [Kept::Own(&one), Kept::Shared(&shared), Kept::Own(&three)];
    for kept in all {
        ring.push(kept, bounds(9), Moment::default());
    }
    check(&ring, (7, 9), Some(&[1, 2, 3]));
    check(&ring, (9, 9), Some(&[3]));
    ring.push(Kept::Shared(&shared), bounds(3), Moment::default());
    check(&ring, (8, 10), Some(&[2, 3, 2]));
    check(&ring, (7, 10), None);
    assert_eq!(Arc::strong_count(&shared), 3);
    ring.forget_seen(1);
    check(&ring, (10, 10), Some(&[2]));
    assert_eq!(Arc::strong_count(&shared), 2);
}

#[test]
fn what_fits_not_at_all_leaves_nothing_before_it_either() {
    let mut ring = Ring::default();
    ring.push(Kept::Own(&event(1)), bounds(1), Moment::default());
    ring.push(Kept::Own(&event(2)), bounds(0), Moment::default());
    assert!(ring.is_empty());
    assert_eq!((ring.bytes, ring.own.capacity()), (0, 0));
    check(&ring, (2, 2), None);
}

#[test]
fn what_is_too_old_goes() {
    let mut ring = Ring::default();
    let at = Moment::from_millis;
    ring.push(Kept::Own(&event(1)), bounds(9), at(0));
    ring.push(Kept::Own(&event(2)), bounds(9), at(100));
    ring.forget_old(bounds(9), at(100));
    check(&ring, (1, 2), Some(&[1, 2]));
    ring.push(Kept::Own(&event(3)), bounds(9), at(101));
    ring.forget_old(bounds(9), at(101));
    check(&ring, (1, 3), None);
    check(&ring, (2, 3), Some(&[2, 3]));
    ring.forget_old(bounds(9), at(300));
    assert_eq!((ring.bytes, ring.own.capacity()), (0, 0));
}

#[test]
fn what_was_seen_goes_and_an_empty_ring_begins_at_its_start() {
    let mut ring = Ring::default();
    for waiting in 1..=4 {
        ring.push(Kept::Own(&event(waiting)), bounds(9), Moment::default());
    }
    ring.forget_seen(4);
    check(&ring, (1, 4), Some(&[1, 2, 3, 4]));
    ring.forget_seen(2);
    check(&ring, (2, 4), None);
    check(&ring, (3, 4), Some(&[3, 4]));
    ring.forget_seen(0);
    assert!(ring.is_empty());
    assert_eq!(ring.bytes, 0);
    ring.push(Kept::Own(&event(5)), bounds(9), Moment::default());
    check(&ring, (5, 5), Some(&[5]));
    assert_eq!(ring.own.as_slices().0, event(5).open());
    assert!(ring.own.as_slices().1.is_empty());
}
