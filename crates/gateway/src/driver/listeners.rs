//! Who on this thread listens to which group.

use std::collections::BTreeSet;

use liveloop_core::{IdMap, RoomId};

use crate::plane::ConnId;

/// Connections by group, in the order of their slots: what is to be said to all walks through the
/// memory of the thread and of the kernel in one direction.
#[derive(Default)]
pub(super) struct Listeners {
    by_room: IdMap<RoomId, BTreeSet<ConnId>>,
}

impl Listeners {
    /// Whether it is the first one.
    pub(super) fn add(&mut self, room: RoomId, id: ConnId) -> bool {
        let listeners = self.by_room.entry(room).or_default();
        listeners.insert(id) && listeners.len() == 1
    }

    /// Whether it was the last one.
    pub(super) fn remove(&mut self, room: RoomId, id: ConnId) -> bool {
        let Some(listeners) = self.by_room.get_mut(&room) else { return false };
        listeners.remove(&id);
        let is_empty = listeners.is_empty();
        if is_empty {
            self.by_room.remove(&room);
        }
        is_empty
    }

    /// Whether `id` listens.
    pub(super) fn has(&self, room: RoomId, id: ConnId) -> bool {
        self.by_room.get(&room).is_some_and(|listeners| listeners.contains(&id))
    }

    /// Whether anybody but `from` listens.
    pub(super) fn is_heard(&self, room: RoomId, from: Option<ConnId>) -> bool {
        let listeners = self.by_room.get(&room);
        listeners.is_some_and(|all| {
            all.len() > usize::from(from.is_some_and(|from| all.contains(&from)))
        })
    }

    /// How many listen, once for each group.
    pub(super) fn count(&self) -> usize {
        self.by_room.values().map(BTreeSet::len).sum()
    }

    pub(super) fn of(&self, room: RoomId) -> impl Iterator<Item = ConnId> + '_ {
        self.by_room.get(&room).into_iter().flatten().copied()
    }
}
