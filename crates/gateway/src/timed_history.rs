//! A History that counts how long the one behind it takes to answer, whichever adapter that is.

use std::sync::Arc;

use liveloop_core::RoomId;
use liveloop_ports::{Appending, History, Text};

use crate::{clock::Clock, figures::Figures};

/// The History of a node, timed.
pub(crate) struct TimedHistory {
    inner: Arc<dyn History>,
    figures: Arc<Figures>,
    clock: Clock,
}

impl TimedHistory {
    pub(crate) fn new(inner: Arc<dyn History>, figures: Arc<Figures>, clock: Clock) -> Self {
        Self { inner, figures, clock }
    }
}

impl History for TimedHistory {
    fn open_room(&self, room: RoomId) {
        self.inner.open_room(room);
    }

    fn close_room(&self, room: RoomId) {
        self.inner.close_room(room);
    }

    fn last_seq(&self, room: RoomId) -> u64 {
        self.inner.last_seq(room)
    }

    fn append(&self, text: Text) -> Appending {
        let asked_at = self.clock.moment();
        match self.inner.append(text) {
            Appending::Now(answer) => {
                self.figures.store_latency.observe(self.clock.moment().since(asked_at));
                Appending::Now(answer)
            }
            Appending::Later(answer) => {
                let (figures, clock) = (Arc::clone(&self.figures), self.clock.clone());
                Appending::Later(Box::pin(async move {
                    let answer = answer.await;
                    figures.store_latency.observe(clock.moment().since(asked_at));
                    answer
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use liveloop_core::UserId;
    use liveloop_ports::{MemoryHistory, MessageId, Wall, conformance};

    use super::*;

    /// One that takes its time.
    struct Slow(MemoryHistory);

    impl History for Slow {
        fn open_room(&self, room: RoomId) {
            self.0.open_room(room);
        }

        fn close_room(&self, room: RoomId) {
            self.0.close_room(room);
        }

        fn last_seq(&self, room: RoomId) -> u64 {
            self.0.last_seq(room)
        }

        fn append(&self, text: Text) -> Appending {
            let answer = self.0.append(text);
            Appending::Later(Box::pin(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                answer.answer().await
            }))
        }
    }

    fn timed(inner: impl History + 'static) -> TimedHistory {
        TimedHistory::new(Arc::new(inner), Arc::new(Figures::new(1)), Clock::start())
    }

    #[tokio::test]
    async fn keeps_every_guarantee_of_the_one_behind_it() {
        conformance::history(|| timed(MemoryHistory::default())).await;
    }

    #[tokio::test]
    async fn an_answer_is_timed_until_it_is_there() {
        for (history, least) in
            [(timed(MemoryHistory::default()), 0), (timed(Slow(MemoryHistory::default())), 20)]
        {
            let room = RoomId(1);
            history.open_room(room);
            let (user, message) = (UserId(1), MessageId(1));
            let text = Text { room, user, client_id: None, message, said_at: Wall(0) };
            history.append(text).answer().await.unwrap();
            let seen = history.figures.store_latency.snapshot();
            assert_eq!(seen.count(), 1);
            assert!(seen.sum_nanos >= least * 1_000_000, "{seen:?}");
        }
    }
}
