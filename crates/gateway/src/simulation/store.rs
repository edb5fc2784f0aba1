//! The memory's Archive, whose answers to texts and to who joins come at once or when the caller lets
//! them.
//!
//! A text has its place from the moment at which it was asked for, as any adapter promises: what is held
//! back is the answer on its way, and answers on their way overtake each other.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Appending, Archive, Archived, Change, Deleted, Health, Kept, Lasting, MemoryArchive, Message,
    Page, PageLimit, Purge, Span, Wall,
};
use tokio::sync::oneshot;

/// The store of a simulated node.
#[derive(Default)]
pub(super) struct Store {
    memory: MemoryArchive,
    is_slow: AtomicBool,
    /// Those that are on their way. A lock, as in the memory's.
    held: Mutex<VecDeque<oneshot::Sender<()>>>,
}

impl Store {
    /// Whether answers wait from now on for [`Self::let_go`].
    pub(super) fn set_slow(&self, is_slow: bool) {
        self.is_slow.store(is_slow, Relaxed);
    }

    pub(super) fn held_count(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Lets the answer go that stands at this place of those that wait. Whether there was one.
    pub(super) fn let_go(&self, place: usize) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = held.remove(place);
        // Nobody waits for it where the node has dropped it.
        answer.map(|answer| answer.send(())).is_some()
    }

    pub(super) fn open_count(&self) -> usize {
        self.memory.open_count()
    }

    /// What an answer waits for, where it is held.
    fn held(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        if !self.is_slow.load(Relaxed) {
            return None;
        }
        let (let_go, may_go) = oneshot::channel();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push_back(let_go);
        Some(async move {
            // The sender is dropped only with the node.
            let _ = may_go.await;
        })
    }
}

impl Archive for Store {
    fn open_call(&self, room: RoomId) {
        self.memory.open_call(room);
    }

    fn open_room(&self, room: RoomId, lasting: Lasting) -> Archived<u64> {
        self.memory.open_room(room, lasting)
    }

    fn close_room(&self, room: RoomId) {
        self.memory.close_room(room);
    }

    fn append(&self, message: Message) -> Appending {
        let appending = self.memory.append(message);
        match self.held() {
            None => appending,
            Some(may_go) => Appending::Later(Box::pin(async move {
                may_go.await;
                appending.answer().await
            })),
        }
    }

    fn last_seq(&self, room: RoomId) -> Archived<u64> {
        let last_seq = self.memory.last_seq(room);
        match self.held() {
            None => last_seq,
            Some(may_go) => Box::pin(async move {
                may_go.await;
                last_seq.await
            }),
        }
    }

    fn page(&self, room: RoomId, span: Span, limit: PageLimit) -> Archived<Page> {
        self.memory.page(room, span, limit)
    }

    fn edit(&self, change: Change, text: String) -> Archived<Kept> {
        self.memory.edit(change, text)
    }

    fn delete(&self, change: Change) -> Archived<Deleted> {
        self.memory.delete(change)
    }

    fn purge(&self, purge: Purge, before: Wall) -> Archived<u64> {
        self.memory.purge(purge, before)
    }

    fn rooms_of(&self, user: UserId) -> Archived<Vec<RoomId>> {
        self.memory.rooms_of(user)
    }

    fn export(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: PageLimit,
    ) -> Archived<Vec<Kept>> {
        self.memory.export(user, room, after, limit)
    }

    fn erase(&self, user: UserId) -> Archived<u64> {
        self.memory.erase(user)
    }

    fn health(&self) -> Health {
        self.memory.health()
    }
}

#[cfg(test)]
mod tests {
    use liveloop_ports::conformance;

    use super::*;

    #[tokio::test]
    async fn keeps_every_guarantee() {
        conformance::archive(Store::default).await;
    }
}
