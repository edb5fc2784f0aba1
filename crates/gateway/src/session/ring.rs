//! What was sent to a session and might have to be sent again: its last numbered events, bounded in
//! bytes and in age.
//!
//! Events are kept without their numbers: the last one kept is the last that was numbered, and those
//! before it follow without a hole. The texts of a session's own events lie one behind the other in
//! one buffer: each in an allocation of its own would be memory that no cache has seen for long, and
//! a relayed signal would cost half as much again. What all who listen to a group were told is shared.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use liveloop_core::Moment;
use liveloop_protocol::{Encoded, Tail};

/// An event as it was written, but for its number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept<'a> {
    /// Of this session alone.
    Own(&'a Encoded),
    /// Of all who listen to a group.
    Shared(&'a Arc<Encoded>),
}

/// One event of the ring.
#[derive(Debug)]
struct Entry {
    text: Text,
    at: Moment,
}

#[derive(Debug)]
enum Text {
    /// So many of the bytes that all own texts have together.
    Own(usize),
    Shared(Arc<Encoded>),
}

impl Entry {
    fn own_len(&self) -> usize {
        match &self.text {
            Text::Own(len) => *len,
            Text::Shared(_) => 0,
        }
    }

    /// What it costs, as it is counted against the bound.
    fn bytes(&self) -> usize {
        let text = match &self.text {
            Text::Own(len) => *len,
            Text::Shared(encoded) => encoded.open().len(),
        };
        text + size_of::<Self>()
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
    kept: VecDeque<Entry>,
    own: VecDeque<u8>,
    bytes: usize,
}

impl Ring {
    /// Keeps one more; it is the last that was numbered.
    pub(super) fn push(&mut self, event: Kept<'_>, bounds: Bounds, now: Moment) {
        let text = match event {
            Kept::Own(encoded) => Text::Own(encoded.open().len()),
            Kept::Shared(encoded) => Text::Shared(Arc::clone(encoded)),
        };
        let entry = Entry { text, at: now };
        self.bytes += entry.bytes();
        // Before there is one more, so that the buffer does not grow beyond the bound.
        while self.bytes > bounds.bytes_max && self.drop_first() {}
        self.forget_old(bounds, now);
        if self.bytes > bounds.bytes_max {
            return self.clear();
        }
        if let Kept::Own(encoded) = event {
            self.own.extend(encoded.open());
        }
        self.kept.push_back(entry);
    }

    /// Drops what is too old, and gives an empty ring's memory back.
    pub(super) fn forget_old(&mut self, bounds: Bounds, now: Moment) {
        while self.kept.front().is_some_and(|entry| entry.at + bounds.age_max < now) {
            self.drop_first();
        }
        if self.kept.is_empty() {
            (self.kept, self.own) = Default::default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The frames of the last events, oldest first, numbered from `first_n` to `last_n`; `None` where
    /// so many are not there any more.
    pub(super) fn frames(&self, first_n: u64, last_n: u64) -> Option<Vec<Vec<u8>>> {
        let count = usize::try_from((last_n + 1).checked_sub(first_n)?).ok()?;
        let first = self.kept.len().checked_sub(count)?;
        let mut own_at: usize = self.kept.range(..first).map(Entry::own_len).sum();
        let frames = (first_n..).zip(self.kept.range(first..)).map(|(n, entry)| {
            let mut frame: Vec<u8> = match &entry.text {
                Text::Own(len) => self.own.range(own_at..own_at + len).copied().collect(),
                Text::Shared(encoded) => encoded.open().to_vec(),
            };
            own_at += entry.own_len();
            frame.extend_from_slice(Tail::new(Some(n)).as_bytes());
            frame
        });
        Some(frames.collect())
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.kept.pop_front() else { return false };
        self.own.drain(..first.own_len());
        self.bytes -= first.bytes();
        true
    }
}

#[cfg(test)]
mod tests {
    use liveloop_protocol::{ServerEvent, Waiting};

    use super::*;

    fn event(waiting: usize) -> Encoded {
        ServerEvent::Waiting(&Waiting::new(waiting)).encode()
    }

    fn bounds(events: usize) -> Bounds {
        let entry = event(1).open().len() + size_of::<Entry>();
        Bounds { bytes_max: events * entry, age_max: Duration::from_millis(100) }
    }

    #[track_caller]
    fn check(ring: &Ring, (first_n, last_n): (u64, u64), expected: Option<&[usize]>) {
        let frame = |(n, waiting): (u64, &usize)| event(*waiting).into_frame(Some(n));
        let expected = expected.map(|all| (first_n..).zip(all).map(frame).collect::<Vec<_>>());
        assert_eq!(ring.frames(first_n, last_n), expected);
    }

    #[test]
    fn the_last_are_kept_in_order_and_no_more_than_fit() {
        let mut ring = Ring::default();
        for n in 1..=5 {
            ring.push(Kept::Own(&event(n)), bounds(3), Moment::default());
        }
        check(&ring, (6, 5), Some(&[]));
        check(&ring, (4, 5), Some(&[4, 5]));
        check(&ring, (3, 5), Some(&[3, 4, 5]));
        check(&ring, (2, 5), None);
        check(&ring, (7, 5), None);
        check(&ring, (0, u64::MAX - 1), None);
        assert!(ring.bytes <= bounds(3).bytes_max);
        assert!(ring.own.len() <= bounds(3).bytes_max);
    }

    #[test]
    fn what_is_shared_stands_between_what_is_not() {
        let mut ring = Ring::default();
        let (one, three, shared) = (event(1), event(3), Arc::new(event(2)));
        for kept in [Kept::Own(&one), Kept::Shared(&shared), Kept::Own(&three)] {
            ring.push(kept, bounds(9), Moment::default());
        }
        check(&ring, (7, 9), Some(&[1, 2, 3]));
        check(&ring, (9, 9), Some(&[3]));
        ring.push(Kept::Shared(&shared), bounds(3), Moment::default());
        check(&ring, (8, 10), Some(&[2, 3, 2]));
        check(&ring, (7, 10), None);
    }

    #[test]
    fn what_fits_not_at_all_leaves_nothing_before_it_either() {
        let mut ring = Ring::default();
        ring.push(Kept::Own(&event(1)), bounds(1), Moment::default());
        ring.push(Kept::Own(&event(2)), bounds(0), Moment::default());
        assert!(ring.is_empty());
        assert_eq!((ring.bytes, ring.kept.capacity(), ring.own.capacity()), (0, 0, 0));
        check(&ring, (2, 2), None);
    }

    #[test]
    fn what_is_too_old_goes() {
        let mut ring = Ring::default();
        let at = Moment::from_millis;
        ring.push(Kept::Own(&event(1)), bounds(9), at(0));
        ring.push(Kept::Own(&event(2)), bounds(9), at(100));
        check(&ring, (1, 2), Some(&[1, 2]));
        ring.push(Kept::Own(&event(3)), bounds(9), at(101));
        check(&ring, (1, 3), None);
        check(&ring, (2, 3), Some(&[2, 3]));
        ring.forget_old(bounds(9), at(300));
        assert_eq!((ring.bytes, ring.kept.capacity(), ring.own.capacity()), (0, 0, 0));
    }
}
