//! What one turn of an event loop has to count: gathered without atomics, and added to the figures
//! once, after the turn's writes.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use liveloop_core::Moment;

use crate::{figures::LoopFigures, session::Published};

/// The counts of a turn that has not ended.
pub(super) struct Tally {
    figures: Arc<LoopFigures>,
    frames_sent: u64,
    /// How many of them pass on what was read in this very turn, as nearly all do.
    passed_at_once: u64,
    /// When the others were read: by another event loop, or before the partner's call had begun.
    passed_later: Vec<Moment>,
    /// What was published to groups: each loop holds it until it has written it, and the last one
    /// to let go of it times it.
    published: Vec<Arc<Published>>,
}

/// More of them than a turn has, unless somebody floods; then the rest of that turn is not timed.
const PASSED_LATER_MAX: usize = 4_096;

impl Tally {
    pub(super) fn new(figures: Arc<LoopFigures>) -> Self {
        Self {
            figures,
            frames_sent: 0,
            passed_at_once: 0,
            passed_later: Vec::new(),
            published: Vec::new(),
        }
    }

    /// A text frame is to be written.
    pub(super) fn send(&mut self) {
        self.frames_sent += 1;
    }

    /// A text frame is to be written that passes on what was read at `read_at`; the turn began at
    /// `now`.
    pub(super) fn pass(&mut self, read_at: Moment, now: Moment) {
        self.frames_sent += 1;
        if read_at == now {
            self.passed_at_once += 1;
        } else if self.passed_later.len() < PASSED_LATER_MAX {
            self.passed_later.push(read_at);
        }
    }

    /// These were handed to all of this loop's listeners.
    pub(super) fn publish(&mut self, published: impl Iterator<Item = Arc<Published>>) {
        self.published.extend(published);
    }

    /// The turn that began at `began` has written everything; the clock is read only if that has
    /// to be known.
    pub(super) fn settle(&mut self, began: Moment, clock: impl FnOnce() -> Moment) {
        let frames_sent = std::mem::take(&mut self.frames_sent);
        if frames_sent > 0 {
            self.figures.frames_sent.fetch_add(frames_sent, Relaxed);
        }
        let passed_at_once = std::mem::take(&mut self.passed_at_once);
        let is_timed = passed_at_once > 0 || !self.passed_later.is_empty();
        if !is_timed && self.published.is_empty() {
            return;
        }
        let written_at = clock();
        let delivery = &self.figures.delivery;
        if passed_at_once > 0 {
            delivery.observe_many(written_at.since(began), passed_at_once);
        }
        // Exactly one of the loops gets it out of its Arc, whichever is last.
        let last = self.published.drain(..).filter_map(Arc::into_inner);
        let heard = last.filter(|published| published.is_heard.load(Relaxed));
        self.passed_later.extend(heard.filter_map(|published| published.read_at));
        for read_at in self.passed_later.drain(..) {
            delivery.observe(written_at.since(read_at));
        }
        self.passed_later.shrink_to(PASSED_LATER_MAX / 16);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use liveloop_protocol::{Draining, ServerEvent};

    use super::*;
    use crate::figures::Figures;

    fn published(read_at: Option<Moment>, is_heard: bool) -> Arc<Published> {
        let event = Arc::new(ServerEvent::Draining(&Draining { reconnect_in_ms: 1 }).encode());
        Arc::new(Published { encoded: event, read_at, is_heard: AtomicBool::new(is_heard) })
    }

    #[test]
    fn what_is_published_is_timed_once_by_the_loop_that_is_last() {
        let figures = Figures::new(2);
        let mut loops = [0, 1].map(|thread| Tally::new(figures.of_loop(thread)));
        let read = Moment::from_millis(1);
        let all =
            [published(Some(read), true), published(Some(read), false), published(None, true)];
        for tally in &mut loops {
            tally.publish(all.iter().map(Arc::clone));
        }
        drop(all);
        let [first, last] = &mut loops;
        first.settle(read, || Moment::from_millis(2));
        assert_eq!(figures.delivery().count(), 0, "somebody has not been handed it yet");
        last.settle(read, || Moment::from_millis(8));
        let delivery = figures.delivery();
        assert_eq!((delivery.count(), delivery.sum_nanos), (1, 7_000_000));
    }

    #[test]
    fn a_turn_counts_what_it_has_written_from_when_it_was_read() {
        let figures = Figures::new(2);
        let mut tally = Tally::new(figures.of_loop(1));
        let [read, began, written] = [1, 4, 9].map(Moment::from_millis);
        tally.send();
        tally.pass(began, began);
        tally.pass(began, began);
        tally.pass(read, began);
        tally.settle(began, || written);
        assert_eq!(figures.frames_sent(), 4);
        let delivery = figures.delivery();
        assert_eq!(delivery.count(), 3);
        let millis = |n: u64| n * 1_000_000;
        assert_eq!([5, 10].map(|n| delivery.count_up_to(millis(n))), [2, 3]);
        assert_eq!(delivery.sum_nanos, millis(5 + 5 + 8));
        tally.send();
        tally.settle(written, || panic!("nothing has to be timed"));
        assert_eq!((figures.frames_sent(), figures.delivery().count()), (5, 3));
    }
}
