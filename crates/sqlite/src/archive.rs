//! The port for what is said, on the store's threads.

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Appending, Archive, ArchiveError, Archived, Change, Deleted, Health, Kept, Lasting, Message,
    Page, PageLimit, Purge, Span, Unavailable, Wall,
};
use rusqlite::Connection;

use crate::{
    changes::Step,
    messages::Tables,
    pages,
    store::{Inner, SqliteStore, answer},
};

impl SqliteStore {
    fn archive_read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Archived<T> {
        let asked = self.inner.read(read);
        Box::pin(async move { Ok(answer(asked?).await?) })
    }

    fn archive_commit<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tables<'_>) -> rusqlite::Result<Result<T, ArchiveError>> + Send + 'static,
    ) -> Archived<T> {
        let asked = self.inner.commit(work);
        Box::pin(async move { answer(asked?).await })
    }
}

/// Repeats a step from where the last one ended until nothing is left, and then sees to it that the
/// log holds nothing of what was removed.
async fn in_steps<F>(inner: &Inner, step: F) -> Result<u64, ArchiveError>
where
    F: Fn(&mut Tables<'_>, i64) -> rusqlite::Result<Step> + Clone + Send + 'static,
{
    let (mut messages, mut next) = (0, Some(0));
    while let Some(from) = next {
        let step = step.clone();
        let asked = inner.commit(move |tables| step(tables, from).map(Ok::<_, Unavailable>));
        let done = answer(asked?).await?;
        messages += done.messages;
        next = done.next;
    }
    inner.empty_wal().await?;
    Ok(messages)
}

impl Archive for SqliteStore {
    fn open_call(&self, room: RoomId) {
        self.inner.open_rooms().insert(room);
    }

    fn open_room(&self, room: RoomId, lasting: Lasting) -> Archived<u64> {
        let inner = Arc::clone(&self.inner);
        let asked = inner.commit(move |tables| tables.open_room(room, lasting).map(Ok));
        Box::pin(async move {
            let last_seq: Result<u64, ArchiveError> = answer(asked?).await;
            if last_seq.is_ok() {
                inner.open_rooms().insert(room);
            }
            last_seq
        })
    }

    fn close_room(&self, room: RoomId) {
        self.inner.open_rooms().remove(&room);
    }

    fn append(&self, message: Message) -> Appending {
        if !self.inner.open_rooms().contains(&message.room) {
            return Appending::Now(Err(ArchiveError::RoomNotOpen));
        }
        match self.inner.commit(move |tables| tables.append(&message).map(Ok)) {
            Ok(asked) => Appending::Later(Box::pin(answer(asked))),
            Err(why) => Appending::Now(Err(why.into())),
        }
    }

    fn last_seq(&self, room: RoomId) -> Archived<u64> {
        self.archive_read(move |connection| pages::last_seq(connection, room))
    }

    fn page(&self, room: RoomId, span: Span, limit: PageLimit) -> Archived<Page> {
        self.archive_read(move |connection| pages::page(connection, room, span, limit))
    }

    fn edit(&self, change: Change, text: String) -> Archived<Kept> {
        self.archive_commit(move |tables| tables.edit(&change, &text))
    }

    fn delete(&self, change: Change) -> Archived<Deleted> {
        self.archive_commit(move |tables| tables.delete(&change))
    }

    fn purge(&self, purge: Purge, before: Wall) -> Archived<u64> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            match purge {
                Purge::Room(room) => {
                    in_steps(&inner, move |tables, _| tables.purge_room(room, before)).await
                }
                Purge::Calls => {
                    let rooms = Arc::clone(&inner);
                    let is_open = move |room| rooms.open_rooms().contains(&room);
                    let step = move |tables: &mut Tables<'_>, from| {
                        tables.purge_calls(from, before, &is_open)
                    };
                    in_steps(&inner, step).await
                }
                Purge::Channels => {
                    let step =
                        move |tables: &mut Tables<'_>, from| tables.purge_channels(from, before);
                    in_steps(&inner, step).await
                }
            }
        })
    }

    fn rooms_of(&self, user: UserId) -> Archived<Vec<RoomId>> {
        self.archive_read(move |connection| pages::rooms_of(connection, user))
    }

    fn export(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: PageLimit,
    ) -> Archived<Vec<Kept>> {
        self.archive_read(move |connection| pages::export(connection, user, room, after, limit))
    }

    fn erase(&self, user: UserId) -> Archived<u64> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { in_steps(&inner, move |tables, _| tables.erase_author(user)).await })
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}
