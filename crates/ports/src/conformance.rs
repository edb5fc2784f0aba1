//! What every adapter must do. An adapter's tests call the function of its port with a way to make
//! an empty one; a failed guarantee panics with its name.

mod archive;
mod directory;

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};

use crate::{Appended, History, HistoryError, MessageId, Text, Wall};

pub use archive::{archive, message, persistent_archive};
pub use directory::{directory, persistent_directory};

const ROOM: RoomId = RoomId(7);
const ADA: UserId = UserId(1);
const BEN: UserId = UserId(2);

fn text(user: UserId, client_id: Option<&str>, message: u128) -> Text {
    Text {
        room: ROOM,
        user,
        client_id: client_id.map(str::to_owned),
        message: MessageId(message),
        said_at: Wall(1_000 + u64::try_from(message).unwrap_or(0)),
    }
}

/// The guarantees of [`History`].
///
/// # Panics
/// Where one does not hold.
pub async fn history<H: History + 'static>(make: impl Fn() -> H) {
    seq_rises_by_one_in_each_room(make()).await;
    a_repeat_gets_the_first_answer(make()).await;
    a_closed_room_takes_nothing(make()).await;
    appends_at_once_leave_no_hole(make()).await;
}

async fn seq_rises_by_one_in_each_room(history: impl History) {
    let other = RoomId(8);
    history.open_room(ROOM);
    history.open_room(other);
    assert_eq!(history.last_seq(ROOM), 0);
    for seq in 1..=5 {
        let first = history.append(text(ADA, None, u128::from(seq))).answer().await;
        let first = first.expect("an open room takes a text");
        assert_eq!((first.seq, first.is_repeat), (seq, false));
        assert_eq!(first.message, MessageId(u128::from(seq)));
        assert_eq!(history.last_seq(ROOM), seq);
        let second = Text { room: other, ..text(BEN, None, 100 + u128::from(seq)) };
        assert_eq!(history.append(second).answer().await.map(|appended| appended.seq), Ok(seq));
    }
}

async fn a_repeat_gets_the_first_answer(history: impl History) {
    history.open_room(ROOM);
    let first =
        history.append(text(ADA, Some("c1"), 1)).answer().await.expect("an open room takes a text");
    let again = history.append(text(ADA, Some("c1"), 2)).answer().await;
    assert_eq!(again, Ok(Appended { is_repeat: true, ..first }), "a repeat stores nothing");
    let other = history.append(text(BEN, Some("c1"), 3)).answer().await;
    assert_eq!(other.map(|appended| appended.seq), Ok(2), "another's client id is another's");
    let next = history.append(text(ADA, Some("c2"), 4)).answer().await;
    assert_eq!(next.map(|appended| appended.seq), Ok(3), "a repeat leaves no hole");
}

async fn a_closed_room_takes_nothing(history: impl History) {
    assert_eq!(history.append(text(ADA, None, 1)).answer().await, Err(HistoryError::RoomNotOpen));
    history.open_room(ROOM);
    assert!(history.append(text(ADA, None, 2)).answer().await.is_ok());
    history.close_room(ROOM);
    assert_eq!(history.append(text(ADA, None, 3)).answer().await, Err(HistoryError::RoomNotOpen));
}

async fn appends_at_once_leave_no_hole(history: impl History + 'static) {
    let history = Arc::new(history);
    history.open_room(ROOM);
    let tasks: Vec<_> = (0..8_u128)
        .map(|task| {
            let history = Arc::clone(&history);
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                for n in 0..50 {
                    let said =
                        history.append(text(UserId(task), None, task * 100 + n)).answer().await;
                    seqs.push(said.expect("an open room takes a text").seq);
                }
                assert!(seqs.is_sorted(), "one sender's texts keep their order");
                seqs
            })
        })
        .collect();
    each_once(tasks, 400).await;
}

/// Finds each `seq` up to `last` once in what the tasks were answered.
async fn each_once(tasks: Vec<tokio::task::JoinHandle<Vec<u64>>>, last: u64) {
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no task panics"));
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=last), "every seq once, from 1, without holes");
}
