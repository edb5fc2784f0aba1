//! The archive that forgets with its process.
//!
//! Of each room the newest [`MemoryArchive::MESSAGES_MAX`] messages are there, and with a message goes
//! the memory of its client id; of calls that are over the last [`MemoryArchive::ENDED_MAX`].

use std::{
    collections::{HashMap, VecDeque},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use liveloop_core::{IdMap, RoomId, UserId};

use super::{
    Appended, Appending, Archive, ArchiveError, Archived, Change, Deleted, Kept, Lasting, Message,
    Page, PageLimit, Purge, Span, Wall,
};
use crate::Health;

struct Room {
    lasting: Lasting,
    is_open: bool,
    last_seq: u64,
    /// Ascending by `seq`, without holes.
    messages: VecDeque<Kept>,
    seq_by_client_id: HashMap<(UserId, String), u64>,
}

impl Room {
    fn new(lasting: Lasting) -> Self {
        let (messages, seq_by_client_id) = (VecDeque::new(), HashMap::new());
        Self { lasting, is_open: true, last_seq: 0, messages, seq_by_client_id }
    }

    /// Where the message with this `seq`, or the first above it, is.
    fn index(&self, seq: u64) -> usize {
        let first = self.last_seq + 1 - self.messages.len() as u64;
        usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX).min(self.messages.len())
    }

    fn pop_front(&mut self) {
        let Some(oldest) = self.messages.pop_front() else { return };
        if let (Some(user), Some(client_id)) = (oldest.user, oldest.client_id) {
            self.seq_by_client_id.remove(&(user, client_id));
        }
    }

    fn append(&mut self, message: Message) -> Appended {
        let key = message.client_id.clone().map(|client_id| (message.user, client_id));
        if let Some(first) = key.as_ref().and_then(|key| self.seq_by_client_id.get(key)) {
            let first = &self.messages[self.index(*first)];
            let Kept { message, seq, said_at, .. } = *first;
            return Appended { message, seq, said_at, is_repeat: true };
        }
        if self.messages.len() == MemoryArchive::MESSAGES_MAX {
            self.pop_front();
        }
        self.last_seq += 1;
        let seq = self.last_seq;
        if let Some(key) = key {
            self.seq_by_client_id.insert(key, seq);
        }
        self.messages.push_back(Kept {
            seq,
            message: message.message,
            user: Some(message.user),
            client_id: message.client_id,
            said_at: message.said_at,
            changed_at: None,
            body: Some(message.body),
        });
        Appended { message: message.message, seq, said_at: message.said_at, is_repeat: false }
    }

    fn page(&self, span: Span, limit: PageLimit) -> Page {
        let all = self.messages.len();
        let (from, to) = match span {
            Span::Newest => (all.saturating_sub(limit.get()), all),
            Span::Before(before) => {
                let to = self.index(before);
                (to.saturating_sub(limit.get()), to)
            }
            Span::After(after) => {
                let from = self.index(after.saturating_add(1));
                (from, all.min(from + limit.get()))
            }
        };
        let messages: Vec<Kept> = self.messages.range(from..to).cloned().collect();
        let next_before = messages.first().filter(|_| from > 0).map(|first| first.seq);
        let next_after = messages.last().filter(|_| to < all).map(|last| last.seq);
        Page { messages, next_before, next_after }
    }

    /// The message that a change is about.
    fn changed(&mut self, change: &Change) -> Result<&mut Kept, ArchiveError> {
        let is_meant =
            |kept: &&mut Kept| kept.message == change.message && kept.user == Some(change.user);
        // From the back, for what may still be changed is young.
        self.messages.iter_mut().rev().find(is_meant).ok_or(ArchiveError::NotFound)
    }

    fn edit(&mut self, change: &Change, text: String) -> Result<Kept, ArchiveError> {
        let kept = self.changed(change)?;
        let body = kept.body.as_mut().ok_or(ArchiveError::NotFound)?;
        if change.is_too_late(kept.said_at) {
            return Err(ArchiveError::TooLate);
        }
        (kept.changed_at, body.text) = (Some(change.at), text);
        Ok(kept.clone())
    }

    fn delete(&mut self, change: &Change) -> Result<Deleted, ArchiveError> {
        let kept = self.changed(change)?;
        let is_repeat = kept.body.is_none();
        if !is_repeat {
            if change.is_too_late(kept.said_at) {
                return Err(ArchiveError::TooLate);
            }
            (kept.changed_at, kept.body) = (Some(change.at), None);
        }
        Ok(Deleted { kept: kept.clone(), is_repeat })
    }

    fn is_by(&self, user: UserId) -> bool {
        self.messages.iter().any(|kept| kept.user == Some(user))
    }

    fn purge(&mut self, before: Wall) -> u64 {
        let all = self.messages.len();
        while self.messages.front().is_some_and(|oldest| oldest.said_at < before) {
            self.pop_front();
        }
        (all - self.messages.len()) as u64
    }

    fn erase(&mut self, user: UserId) -> u64 {
        self.seq_by_client_id.retain(|(of, _), _| *of != user);
        let theirs = self.messages.iter_mut().filter(|kept| kept.user == Some(user));
        theirs.fold(0, |erased, kept| {
            (kept.user, kept.client_id, kept.body) = (None, None, None);
            erased + 1
        })
    }
}

#[derive(Default)]
struct Rooms {
    rooms: IdMap<RoomId, Room>,
    ended_oldest_first: VecDeque<RoomId>,
}

impl Rooms {
    fn purge(&mut self, lasting: Lasting, before: Wall) -> u64 {
        let concerned = self.rooms.values_mut().filter(|room| room.lasting == lasting);
        concerned.map(|room| room.purge(before)).sum()
    }
}

/// Messages in memory; durable for nothing.
#[derive(Default)]
pub struct MemoryArchive {
    /// A lock, because sessions of any thread append; held for one access, never while waiting.
    rooms: Arc<Mutex<Rooms>>,
}

/// How many rooms are looked through between two turns of whoever waits for that.
const ROOMS_A_STEP: usize = 16;

/// Asks every room, one access each, so that nobody who appends waits for long; and lets others have
/// their turn in between.
async fn ask_each<T>(
    rooms: Arc<Mutex<Rooms>>,
    mut ask: impl FnMut(RoomId, &mut Room) -> T + Send,
) -> Vec<T>
where
    T: Send,
{
    let lock = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let ids: Vec<RoomId> = lock().rooms.keys().copied().collect();
    let mut answers = Vec::new();
    for some in ids.chunks(ROOMS_A_STEP) {
        for id in some {
            answers.extend(lock().rooms.get_mut(id).map(|room| ask(*id, room)));
        }
        give_way().await;
    }
    answers
}

/// Has whoever polls this poll others first.
async fn give_way() {
    let mut has_given_way = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl MemoryArchive {
    /// How many messages of a room are there.
    pub const MESSAGES_MAX: usize = 10_000;
    /// How many calls that are over are there.
    pub const ENDED_MAX: usize = 10_000;

    /// How many rooms are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.rooms().rooms.values().filter(|room| room.is_open).count()
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, message: Message) -> Result<Appended, ArchiveError> {
        let mut rooms = self.rooms();
        let room = rooms.rooms.get_mut(&message.room).filter(|room| room.is_open);
        Ok(room.ok_or(ArchiveError::RoomNotOpen)?.append(message))
    }

    fn change<T>(
        &self,
        change: &Change,
        act: impl FnOnce(&mut Room) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        act(self.rooms().rooms.get_mut(&change.room).ok_or(ArchiveError::NotFound)?)
    }

    fn purge_now(&self, purge: Purge, before: Wall) -> u64 {
        let mut rooms = self.rooms();
        match purge {
            Purge::Room(room) => rooms.rooms.get_mut(&room).map_or(0, |room| room.purge(before)),
            Purge::Channels => rooms.purge(Lasting::Channel, before),
            Purge::Calls => {
                let gone = rooms.purge(Lasting::Call, before);
                let Rooms { rooms, ended_oldest_first } = &mut *rooms;
                rooms.retain(|_, room| {
                    room.is_open || room.lasting == Lasting::Channel || !room.messages.is_empty()
                });
                ended_oldest_first.retain(|room| rooms.contains_key(room));
                gone
            }
        }
    }
}

fn answered<T: Send + 'static>(answer: Result<T, ArchiveError>) -> Archived<T> {
    Box::pin(ready(answer))
}

impl Archive for MemoryArchive {
    fn open_call(&self, room: RoomId) {
        let mut rooms = self.rooms();
        rooms.rooms.entry(room).or_insert_with(|| Room::new(Lasting::Call)).is_open = true;
    }

    fn open_room(&self, room: RoomId, lasting: Lasting) -> Archived<u64> {
        let mut rooms = self.rooms();
        let room = rooms.rooms.entry(room).or_insert_with(|| Room::new(lasting));
        (room.is_open, room.lasting) = (true, lasting);
        answered(Ok(room.last_seq))
    }

    fn close_room(&self, id: RoomId) {
        let mut rooms = self.rooms();
        let Some(room) = rooms.rooms.get_mut(&id).filter(|room| room.is_open) else { return };
        room.is_open = false;
        if room.lasting == Lasting::Channel {
            return;
        }
        if room.messages.is_empty() {
            rooms.rooms.remove(&id);
            return;
        }
        rooms.ended_oldest_first.push_back(id);
        if rooms.ended_oldest_first.len() > Self::ENDED_MAX
            && let Some(oldest) = rooms.ended_oldest_first.pop_front()
            && rooms.rooms.get(&oldest).is_some_and(|room| !room.is_open)
        {
            rooms.rooms.remove(&oldest);
        }
    }

    fn append(&self, message: Message) -> Appending {
        Appending::Now(self.append_now(message))
    }

    fn last_seq(&self, room: RoomId) -> Archived<u64> {
        answered(Ok(self.rooms().rooms.get(&room).map_or(0, |room| room.last_seq)))
    }

    fn page(&self, room: RoomId, span: Span, limit: PageLimit) -> Archived<Page> {
        let rooms = self.rooms();
        answered(Ok(rooms.rooms.get(&room).map(|room| room.page(span, limit)).unwrap_or_default()))
    }

    fn edit(&self, change: Change, text: String) -> Archived<Kept> {
        answered(self.change(&change, |room| room.edit(&change, text)))
    }

    fn delete(&self, change: Change) -> Archived<Deleted> {
        answered(self.change(&change, |room| room.delete(&change)))
    }

    fn purge(&self, purge: Purge, before: Wall) -> Archived<u64> {
        answered(Ok(self.purge_now(purge, before)))
    }

    fn rooms_of(&self, user: UserId) -> Archived<Vec<RoomId>> {
        let rooms = Arc::clone(&self.rooms);
        Box::pin(async move {
            let found = ask_each(rooms, |id, room| room.is_by(user).then_some(id)).await;
            Ok(found.into_iter().flatten().collect())
        })
    }

    fn export(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: PageLimit,
    ) -> Archived<Vec<Kept>> {
        let rooms = self.rooms();
        let Some(room) = rooms.rooms.get(&room) else { return answered(Ok(Vec::new())) };
        let above = room.messages.range(room.index(after.saturating_add(1))..);
        let theirs = above.filter(|kept| kept.user == Some(user)).take(limit.get()).cloned();
        answered(Ok(theirs.collect()))
    }

    fn erase(&self, user: UserId) -> Archived<u64> {
        let rooms = Arc::clone(&self.rooms);
        Box::pin(async move { Ok(ask_each(rooms, |_, room| room.erase(user)).await.iter().sum()) })
    }

    fn health(&self) -> Health {
        Health::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance;

    #[tokio::test]
    async fn keeps_every_guarantee() {
        conformance::archive(MemoryArchive::default).await;
    }

    #[tokio::test]
    async fn the_oldest_messages_make_room() {
        let archive = MemoryArchive::default();
        let room = RoomId(1);
        archive.open_call(room);
        for n in 1..=MemoryArchive::MESSAGES_MAX as u64 + 2 {
            let said = archive.append(conformance::message(room, UserId(1), n)).answer().await;
            assert_eq!(said.map(|it| it.seq), Ok(n));
        }
        let oldest = archive.page(room, Span::After(0), PageLimit::default()).await;
        let oldest = oldest.expect("memory answers");
        assert_eq!(oldest.messages[0].seq, 3);
        let repeat = conformance::message(room, UserId(1), 1);
        let repeat = archive.append(repeat).answer().await.expect("the room is open");
        assert!(!repeat.is_repeat, "with a message goes the memory of its client id");
    }

    #[tokio::test]
    async fn the_calls_that_ended_first_make_room() {
        let archive = MemoryArchive::default();
        for n in 0..=MemoryArchive::ENDED_MAX as u128 {
            let room = RoomId(n);
            archive.open_call(room);
            archive.append(conformance::message(room, UserId(1), 1)).answer().await.unwrap();
            archive.close_room(room);
        }
        assert_eq!(archive.last_seq(RoomId(0)).await, Ok(0));
        assert_eq!(archive.last_seq(RoomId(1)).await, Ok(1));
    }
}
