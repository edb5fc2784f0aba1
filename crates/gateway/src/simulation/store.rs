//! The memory's History, whose answers come at once or when the caller lets them.
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

use liveloop_core::RoomId;
use liveloop_ports::{Appending, History, MemoryHistory, Text};
use tokio::sync::oneshot;

/// The store of a simulated node.
#[derive(Default)]
pub(super) struct Store {
    memory: MemoryHistory,
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

    pub(super) fn room_count(&self) -> usize {
        self.memory.room_count()
    }
}

impl History for Store {
    fn open_room(&self, room: RoomId) {
        self.memory.open_room(room);
    }

    fn close_room(&self, room: RoomId) {
        self.memory.close_room(room);
    }

    fn last_seq(&self, room: RoomId) -> u64 {
        self.memory.last_seq(room)
    }

    fn append(&self, text: Text) -> Appending {
        let appending = self.memory.append(text);
        if !self.is_slow.load(Relaxed) {
            return appending;
        }
        let (let_go, may_go) = oneshot::channel();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push_back(let_go);
        Appending::Later(Box::pin(async move {
            // The sender is dropped only with the node.
            let _ = may_go.await;
            appending.answer().await
        }))
    }
}

#[cfg(test)]
mod tests {
    use liveloop_ports::conformance;

    use super::*;

    #[tokio::test]
    async fn keeps_every_guarantee() {
        conformance::history(Store::default).await;
    }
}
