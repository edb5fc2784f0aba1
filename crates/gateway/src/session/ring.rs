//! What was sent to a session and might have to be sent again: its last numbered events, bounded in
//! bytes and in age.
//!
//! Events are kept without their numbers: the last one kept is the last that was numbered, and those
//! before it follow without a hole. What was written is moved here or shared, never copied.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use liveloop_core::Moment;
use liveloop_protocol::Encoded;

/// An event as it was written, but for its number.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Of this session alone.
    Own(Encoded),
    /// Of all who listen to a group.
    Shared(Arc<Encoded>),
}

/// What an event costs beside its text.
const ENTRY_BYTES: usize = size_of::<(Kept, Moment)>() + 32;

impl Kept {
    pub(super) fn encoded(&self) -> &Encoded {
        match self {
            Self::Own(encoded) => encoded,
            Self::Shared(encoded) => encoded,
        }
    }

    fn bytes(&self) -> usize {
        self.encoded().len() + ENTRY_BYTES
    }
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes_max: usize,
    pub(super) age_max: Duration,
}

/// The last events of one session.
#[derive(Debug, Default)]
pub(super) struct Ring {
    kept: VecDeque<(Kept, Moment)>,
    bytes: usize,
}

impl Ring {
    /// Keeps one more; it is the last that was numbered.
    pub(super) fn push(&mut self, event: Kept, bounds: Bounds, now: Moment) {
        self.bytes += event.bytes();
        self.kept.push_back((event, now));
        while self.bytes > bounds.bytes_max && self.drop_first() {}
        self.forget_old(bounds, now);
    }

    /// Drops what is too old, and gives an empty ring's memory back.
    pub(super) fn forget_old(&mut self, bounds: Bounds, now: Moment) {
        while self.kept.front().is_some_and(|(_, at)| *at + bounds.age_max < now) {
            self.drop_first();
        }
        if self.kept.is_empty() {
            self.kept = VecDeque::new();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The last `count` events, oldest first; `None` where so many are not there any more.
    pub(super) fn last(&self, count: u64) -> Option<impl Iterator<Item = &Encoded>> {
        let first = self.kept.len().checked_sub(usize::try_from(count).ok()?)?;
        Some(self.kept.range(first..).map(|(kept, _)| kept.encoded()))
    }

    fn drop_first(&mut self) -> bool {
        let first = self.kept.pop_front();
        self.bytes -= first.as_ref().map_or(0, |(kept, _)| kept.bytes());
        first.is_some()
    }
}

#[cfg(test)]
mod tests {
    use liveloop_protocol::{ServerEvent, Waiting};

    use super::*;

    fn event(waiting: usize) -> Kept {
        Kept::Own(ServerEvent::Waiting(&Waiting::new(waiting)).encode())
    }

    fn bounds(events: usize) -> Bounds {
        Bounds { bytes_max: events * event(1).bytes(), age_max: Duration::from_millis(100) }
    }

    #[track_caller]
    fn check(ring: &Ring, count: u64, expected: Option<&[usize]>) {
        let texts = |event: &Encoded| event.clone().into_frame(None);
        let found = ring.last(count).map(|events| events.map(texts).collect::<Vec<_>>());
        let expected =
            expected.map(|all| all.iter().map(|n| texts(event(*n).encoded())).collect::<Vec<_>>());
        assert_eq!(found, expected);
    }

    #[test]
    fn the_last_are_kept_in_order_and_no_more_than_fit() {
        let mut ring = Ring::default();
        for n in 1..=5 {
            ring.push(event(n), bounds(3), Moment::default());
        }
        check(&ring, 0, Some(&[]));
        check(&ring, 2, Some(&[4, 5]));
        check(&ring, 3, Some(&[3, 4, 5]));
        check(&ring, 4, None);
        check(&ring, u64::MAX, None);
        assert!(ring.bytes <= bounds(3).bytes_max);
    }

    #[test]
    fn what_fits_not_at_all_leaves_nothing_before_it_either() {
        let mut ring = Ring::default();
        ring.push(event(1), bounds(1), Moment::default());
        ring.push(event(2), bounds(0), Moment::default());
        assert!(ring.is_empty());
        assert_eq!((ring.bytes, ring.kept.capacity()), (0, 0));
    }

    #[test]
    fn what_is_too_old_goes() {
        let mut ring = Ring::default();
        let at = Moment::from_millis;
        ring.push(event(1), bounds(9), at(0));
        ring.push(event(2), bounds(9), at(100));
        check(&ring, 2, Some(&[1, 2]));
        ring.push(event(3), bounds(9), at(101));
        check(&ring, 3, None);
        check(&ring, 2, Some(&[2, 3]));
        ring.forget_old(bounds(9), at(300));
        assert_eq!((ring.bytes, ring.kept.capacity()), (0, 0));
    }
}
