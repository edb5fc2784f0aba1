//! An Archive that counts how long the one behind it takes to answer, and how often it fails,
//! whichever adapter that is.

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Appending, Archive, ArchiveError, Archived, Change, Deleted, Health, Kept, Lasting, Message,
    Page, PageLimit, Purge, Span, Wall,
};

use crate::{clock::Clock, figures::Figures};

/// The Archive of a node, timed.
pub(crate) struct TimedArchive {
    inner: Arc<dyn Archive>,
    figures: Arc<Figures>,
    clock: Clock,
}

impl TimedArchive {
    pub(crate) fn new(inner: Arc<dyn Archive>, figures: Arc<Figures>, clock: Clock) -> Self {
        Self { inner, figures, clock }
    }

    /// The same answer, counted where it says that the store does not work.
    fn counted<T: Send + 'static>(&self, answer: Archived<T>) -> Archived<T> {
        let figures = Arc::clone(&self.figures);
        Box::pin(async move {
            let answer = answer.await;
            count_failure(&figures, &answer);
            answer
        })
    }
}

fn count_failure<T>(figures: &Figures, answer: &Result<T, ArchiveError>) {
    if let Err(ArchiveError::Unavailable(why)) = answer {
        figures.count_store_failure(why.cause);
    }
}

impl Archive for TimedArchive {
    fn open_call(&self, room: RoomId) {
        self.inner.open_call(room);
    }

    fn open_room(&self, room: RoomId, lasting: Lasting) -> Archived<u64> {
        self.counted(self.inner.open_room(room, lasting))
    }

    fn close_room(&self, room: RoomId) {
        self.inner.close_room(room);
    }

    fn append(&self, message: Message) -> Appending {
        let asked_at = self.clock.moment();
        match self.inner.append(message) {
            Appending::Now(answer) => {
                self.figures.store_latency.observe(self.clock.moment().since(asked_at));
                count_failure(&self.figures, &answer);
                Appending::Now(answer)
            }
            Appending::Later(answer) => {
                let (figures, clock) = (Arc::clone(&self.figures), self.clock.clone());
                Appending::Later(Box::pin(async move {
                    let answer = answer.await;
                    figures.store_latency.observe(clock.moment().since(asked_at));
                    count_failure(&figures, &answer);
                    answer
                }))
            }
        }
    }

    fn last_seq(&self, room: RoomId) -> Archived<u64> {
        self.counted(self.inner.last_seq(room))
    }

    fn page(&self, room: RoomId, span: Span, limit: PageLimit) -> Archived<Page> {
        self.counted(self.inner.page(room, span, limit))
    }

    fn edit(&self, change: Change, text: String) -> Archived<Kept> {
        self.counted(self.inner.edit(change, text))
    }

    fn delete(&self, change: Change) -> Archived<Deleted> {
        self.counted(self.inner.delete(change))
    }

    fn purge(&self, purge: Purge, before: Wall) -> Archived<u64> {
        self.counted(self.inner.purge(purge, before))
    }

    fn rooms_of(&self, user: UserId) -> Archived<Vec<RoomId>> {
        self.counted(self.inner.rooms_of(user))
    }

    fn export(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: PageLimit,
    ) -> Archived<Vec<Kept>> {
        self.counted(self.inner.export(user, room, after, limit))
    }

    fn erase(&self, user: UserId) -> Archived<u64> {
        self.counted(self.inner.erase(user))
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use liveloop_ports::{
        Cause, MemoryArchive, Unavailable,
        conformance::{self, HeldArchive},
    };

    use super::*;

    /// One that takes its time over appends, and fails them where it is told to.
    fn slow(fails: Option<Cause>) -> HeldArchive {
        HeldArchive::new(move |answer| {
            Appending::Later(Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                match fails {
                    Some(cause) => Err(Unavailable::new(cause, "on purpose").into()),
                    None => answer.answer().await,
                }
            }))
        })
    }

    fn timed(inner: impl Archive + 'static) -> TimedArchive {
        TimedArchive::new(Arc::new(inner), Arc::new(Figures::new(1)), Clock::start())
    }

    #[tokio::test]
    async fn keeps_every_guarantee_of_the_one_behind_it() {
        conformance::archive(|| timed(MemoryArchive::default())).await;
    }

    #[tokio::test]
    async fn an_answer_is_timed_until_it_is_there_and_its_failure_counted() {
        let at_once = timed(MemoryArchive::default());
        let (slow, full) = (timed(slow(None)), timed(slow(Some(Cause::Full))));
        for (archive, least, failures) in [(at_once, 0, 0), (slow, 20, 0), (full, 20, 1)] {
            let room = RoomId(1);
            archive.open_call(room);
            let said = archive.append(conformance::message(room, UserId(1), 1)).answer().await;
            assert_eq!(said.is_err(), failures == 1);
            let seen = archive.figures.store_latency.snapshot();
            assert_eq!(seen.count(), 1);
            assert!(seen.sum_nanos >= least * 1_000_000, "{seen:?}");
            let counted: Vec<_> =
                archive.figures.store_failures.counts().filter(|(_, count)| *count > 0).collect();
            let expected: &[_] = if failures == 1 { &[("full", 1)] } else { &[] };
            assert_eq!(counted, expected);
        }
    }
}
