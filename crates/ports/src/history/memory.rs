//! The adapter that keeps a call's texts as long as the call and the process last.
//!
//! What was said is not kept, for nobody can ask for it yet: only its place, so that a repeat is
//! known. Of each room the last [`MemoryHistory::REPEATS_MAX`] client ids are remembered.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use liveloop_core::{IdMap, RoomId, UserId};

use super::{Appended, Appending, History, HistoryError, Text};

#[derive(Default)]
struct Room {
    last_seq: u64,
    answers: HashMap<(UserId, String), Appended>,
    oldest_first: VecDeque<(UserId, String)>,
}

/// Texts in memory; durable for nothing.
#[derive(Default)]
pub struct MemoryHistory {
    /// A lock, because sessions of any thread append; held for one map access, never while waiting.
    rooms: Mutex<IdMap<RoomId, Room>>,
}

impl MemoryHistory {
    /// How many client ids of a room are remembered.
    pub const REPEATS_MAX: usize = 1_000;

    /// How many rooms are open.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn append_now(&self, text: Text) -> Result<Appended, HistoryError> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get_mut(&text.room).ok_or(HistoryError::RoomNotOpen)?;
        let key = text.client_id.map(|client_id| (text.user, client_id));
        if let Some(first) = key.as_ref().and_then(|key| room.answers.get(key)) {
            return Ok(Appended { is_repeat: true, ..*first });
        }
        room.last_seq += 1;
        let appended = Appended {
            message: text.message,
            seq: room.last_seq,
            said_at: text.said_at,
            is_repeat: false,
        };
        if let Some(key) = key {
            if room.oldest_first.len() == Self::REPEATS_MAX
                && let Some(oldest) = room.oldest_first.pop_front()
            {
                room.answers.remove(&oldest);
            }
            room.oldest_first.push_back(key.clone());
            room.answers.insert(key, appended);
        }
        Ok(appended)
    }
}

impl History for MemoryHistory {
    fn open_room(&self, room: RoomId) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).entry(room).or_default();
    }

    fn close_room(&self, room: RoomId) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).remove(&room);
    }

    fn last_seq(&self, room: RoomId) -> u64 {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&room).map_or(0, |room| room.last_seq)
    }

    fn append(&self, text: Text) -> Appending {
        Appending::Now(self.append_now(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageId, Wall, conformance};

    #[tokio::test]
    async fn keeps_every_guarantee() {
        conformance::history(MemoryHistory::default).await;
    }

    #[tokio::test]
    async fn memory_of_repeats_is_bounded() {
        let history = MemoryHistory::default();
        history.open_room(RoomId(1));
        let text = |n: usize| Text {
            room: RoomId(1),
            user: UserId(1),
            client_id: Some(n.to_string()),
            message: MessageId(n as u128),
            said_at: Wall(0),
        };
        for n in 0..=MemoryHistory::REPEATS_MAX {
            history.append(text(n)).answer().await.unwrap();
        }
        assert!(history.append(text(1)).answer().await.unwrap().is_repeat);
        assert!(
            !history.append(text(0)).answer().await.unwrap().is_repeat,
            "the oldest is forgotten"
        );
        let rooms = history.rooms.lock().unwrap();
        assert_eq!(rooms[&RoomId(1)].answers.len(), MemoryHistory::REPEATS_MAX);
    }
}
