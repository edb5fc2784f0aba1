//! An archive in memory whose appends are answered as a test wishes.

use liveloop_core::{RoomId, UserId};

use crate::{
    Appending, Archive, Archived, Change, Deleted, Health, Kept, Lasting, MemoryArchive, Message,
    Page, PageLimit, Purge, Span, Wall,
};

/// Each append's answer goes through the test's function.
pub struct HeldArchive {
    memory: MemoryArchive,
    hold: Box<dyn Fn(Appending) -> Appending + Send + Sync>,
    health: Box<dyn Fn() -> Health + Send + Sync>,
}

impl HeldArchive {
    /// An empty one that passes every answer to an append through `hold`.
    pub fn new(hold: impl Fn(Appending) -> Appending + Send + Sync + 'static) -> Self {
        let health = Box::new(|| Health::Ready);
        Self { memory: MemoryArchive::default(), hold: Box::new(hold), health }
    }

    /// The same, which says of itself what `health` gives.
    #[must_use]
    pub fn with_health(self, health: impl Fn() -> Health + Send + Sync + 'static) -> Self {
        Self { health: Box::new(health), ..self }
    }
}

impl Archive for HeldArchive {
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
        (self.hold)(self.memory.append(message))
    }

    fn last_seq(&self, room: RoomId) -> Archived<u64> {
        self.memory.last_seq(room)
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
        (self.health)()
    }
}
