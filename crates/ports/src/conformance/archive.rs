//! What every [`Archive`] must do.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
    time::Duration,
};

use liveloop_core::{RoomId, SocketId, UserId};

use super::{ADA, BEN, ROOM};
use crate::{
    Appended, Archive, ArchiveError, Body, Change, Health, Kept, Lasting, Message, MessageId,
    PageLimit, Purge, Span, Wall,
};

/// The `n`th message of a visitor in a room, said at `n` seconds; the same again for the same `n`.
pub fn message(room: RoomId, user: UserId, n: u64) -> Message {
    Message {
        room,
        user,
        client_id: Some(format!("c{n}")),
        message: MessageId(user.0 << 64 | u128::from(n)),
        said_at: Wall(n * 1_000),
        body: Body {
            name: format!("visitor {}", user.0),
            text: format!("text {n} of {}: \u{1f9ed} e\u{301} \0 'quoted'", user.0),
            from: SocketId(user.0 + 1_000),
        },
    }
}

fn limit(messages: u64) -> PageLimit {
    PageLimit::new(messages).expect("a limit within bounds")
}

fn seqs(messages: &[Kept]) -> Vec<u64> {
    messages.iter().map(|kept| kept.seq).collect()
}

async fn say(archive: &impl Archive, user: UserId, n: u64) -> Appended {
    let said = archive.append(message(ROOM, user, n)).answer().await;
    said.expect("an open room takes a message")
}

/// A channel in which Ada has said 1 to `n`.
async fn channel_with(archive: &impl Archive, n: u64) {
    assert_eq!(archive.open_room(ROOM, Lasting::Channel).await, Ok(0));
    for n in 1..=n {
        say(archive, ADA, n).await;
    }
}

async fn page(
    archive: &impl Archive,
    span: Span,
    most: u64,
) -> (Vec<u64>, Option<u64>, Option<u64>) {
    let page = archive.page(ROOM, span, limit(most)).await.expect("the store works");
    (seqs(&page.messages), page.next_before, page.next_after)
}

/// The guarantees of [`Archive`].
///
/// # Panics
/// Where one does not hold.
pub async fn archive<A: Archive + 'static>(make: impl Fn() -> A) {
    seq_rises_and_bodies_come_back(make()).await;
    a_repeat_gets_the_first_answer(make()).await;
    only_an_open_room_takes_messages(make()).await;
    pages_are_exclusive_and_say_what_is_next(make()).await;
    ones_own_is_edited_and_deleted_in_time(make()).await;
    a_purge_takes_from_the_front(make()).await;
    calls_are_purged_apart_from_channels(make()).await;
    a_visitor_takes_along_and_erases_what_is_theirs(make()).await;
    appends_at_once_leave_no_hole(make()).await;
    answers_need_no_runtime(make());
}

/// The guarantees of an [`Archive`] that outlasts its process: `reopen` closes one and opens what
/// it has kept.
///
/// # Panics
/// Where one does not hold.
pub async fn persistent_archive<A: Archive + 'static>(made: A, reopen: impl Fn(A) -> A) {
    channel_with(&made, 3).await;
    let change = Change {
        room: ROOM,
        message: message(ROOM, ADA, 2).message,
        user: ADA,
        at: Wall(9_000),
        within: Duration::MAX,
    };
    made.delete(change).await.expect("one's own is deleted");
    let first = say(&made, ADA, 1).await;
    let before = made.page(ROOM, Span::Newest, limit(200)).await;
    let again = reopen(made);
    assert_eq!(again.page(ROOM, Span::Newest, limit(200)).await, before, "as it was");
    let closed = again.append(message(ROOM, ADA, 4)).answer().await;
    assert_eq!(closed, Err(ArchiveError::RoomNotOpen), "rooms are opened anew");
    assert_eq!(again.open_room(ROOM, Lasting::Channel).await, Ok(3));
    assert_eq!(say(&again, ADA, 1).await, first, "a repeat is known after a restart");
    assert_eq!(say(&again, ADA, 4).await.seq, 4);
    assert_eq!(again.purge(Purge::Room(ROOM), Wall(60_000)).await, Ok(4));
    let empty = reopen(again);
    assert_eq!(empty.last_seq(ROOM).await, Ok(4));
    assert_eq!(empty.open_room(ROOM, Lasting::Channel).await, Ok(4));
    assert_eq!(say(&empty, ADA, 9).await.seq, 5, "no seq is given twice, though all had gone");
}

async fn seq_rises_and_bodies_come_back(archive: impl Archive) {
    let other = RoomId(8);
    archive.open_call(ROOM);
    assert_eq!(archive.open_room(other, Lasting::Channel).await, Ok(0));
    assert_eq!(archive.last_seq(ROOM).await, Ok(0));
    for n in 1..=5 {
        let said = say(&archive, ADA, n).await;
        let Message { message: id, said_at, .. } = message(ROOM, ADA, n);
        assert_eq!(said, Appended { message: id, seq: n, said_at, is_repeat: false });
        assert_eq!(archive.last_seq(ROOM).await, Ok(n));
        let second = archive.append(message(other, BEN, n)).answer().await;
        assert_eq!(second.map(|appended| appended.seq), Ok(n), "each room counts for itself");
    }
    let kept = archive.page(ROOM, Span::Newest, limit(50)).await.expect("the store works");
    for (n, kept) in (1..=5).zip(kept.messages) {
        let said = message(ROOM, ADA, n);
        let expected = Kept {
            seq: n,
            message: said.message,
            user: Some(ADA),
            client_id: said.client_id,
            said_at: said.said_at,
            changed_at: None,
            body: Some(said.body),
        };
        assert_eq!(kept, expected);
    }
    assert_eq!(archive.health(), Health::Ready);
}

async fn a_repeat_gets_the_first_answer(archive: impl Archive) {
    archive.open_call(ROOM);
    let first = say(&archive, ADA, 1).await;
    let repeat = Message { message: MessageId(99), said_at: Wall(5), ..message(ROOM, ADA, 1) };
    let again = archive.append(repeat).answer().await;
    assert_eq!(again, Ok(Appended { is_repeat: true, ..first }));
    assert_eq!(say(&archive, BEN, 1).await.seq, 2, "another's client id is another's");
    let unmarked = |n| Message { client_id: None, ..message(ROOM, ADA, n) };
    assert_eq!(archive.append(unmarked(7)).answer().await.map(|it| it.seq), Ok(3));
    assert_eq!(archive.append(unmarked(8)).answer().await.map(|it| it.seq), Ok(4));
    assert_eq!(say(&archive, ADA, 2).await.seq, 5, "a repeat leaves no hole");
    assert_eq!(page(&archive, Span::Newest, 50).await.0, [1, 2, 3, 4, 5]);
}

async fn only_an_open_room_takes_messages(archive: impl Archive) {
    let refused = Err(ArchiveError::RoomNotOpen);
    assert_eq!(archive.append(message(ROOM, ADA, 1)).answer().await, refused);
    archive.open_call(ROOM);
    say(&archive, ADA, 2).await;
    archive.close_room(ROOM);
    assert_eq!(archive.append(message(ROOM, ADA, 3)).answer().await, refused);
    assert_eq!(page(&archive, Span::Newest, 50).await.0, [1], "what was said stays");
    assert_eq!(archive.open_room(ROOM, Lasting::Call).await, Ok(1), "it is taken up again");
    assert_eq!(say(&archive, ADA, 4).await.seq, 2);
}

async fn pages_are_exclusive_and_say_what_is_next(archive: impl Archive) {
    let unknown = archive.page(RoomId(404), Span::Newest, limit(1)).await;
    assert_eq!(unknown.map(|page| page.messages), Ok(Vec::new()));
    channel_with(&archive, 450).await;
    let (newest, before, after) = page(&archive, Span::Newest, 200).await;
    assert!(newest.into_iter().eq(251..=450), "the newest, ascending");
    assert_eq!((before, after), (Some(251), None));
    let (older, before, after) = page(&archive, Span::Before(251), 200).await;
    assert!(older.into_iter().eq(51..=250));
    assert_eq!((before, after), (Some(51), Some(250)));
    let (oldest, before, after) = page(&archive, Span::Before(51), 50).await;
    assert!(oldest.into_iter().eq(1..=50));
    assert_eq!((before, after), (None, Some(50)));
    let (next, before, after) = page(&archive, Span::After(250), 200).await;
    assert!(next.into_iter().eq(251..=450));
    assert_eq!((before, after), (Some(251), None));
    assert_eq!(page(&archive, Span::After(0), 1).await, (vec![1], None, Some(1)));
    for past in [Span::Before(0), Span::Before(1), Span::After(450), Span::After(u64::MAX)] {
        assert_eq!(page(&archive, past, 50).await, (vec![], None, None), "{past:?}");
    }
    let (all, ..) = page(&archive, Span::Before(u64::MAX), 1).await;
    assert_eq!(all, [450]);
}

async fn ones_own_is_edited_and_deleted_in_time(archive: impl Archive) {
    channel_with(&archive, 3).await;
    let (minute, id) = (Duration::from_secs(60), |n| message(ROOM, ADA, n).message);
    let change =
        |n| Change { room: ROOM, message: id(n), user: ADA, at: Wall(50_000), within: minute };
    let edited = archive.edit(change(1), "mended".to_owned()).await.expect("one's own");
    assert_eq!((edited.seq, edited.changed_at), (1, Some(Wall(50_000))));
    assert_eq!(edited.body.map(|body| body.text).as_deref(), Some("mended"));
    let deleted = archive.delete(change(2)).await.expect("one's own");
    assert_eq!((deleted.kept.seq, deleted.kept.body, deleted.is_repeat), (2, None, false));
    let read = archive.page(ROOM, Span::Newest, limit(50)).await.expect("the store works");
    assert_eq!(seqs(&read.messages), [1, 2, 3], "a tombstone keeps the place");
    let texts = read.messages.iter().map(|it| it.body.as_ref().map(|body| body.text.as_str()));
    let third = message(ROOM, ADA, 3).body.text;
    assert!(texts.eq([Some("mended"), None, Some(third.as_str())]));
    let missing = [
        change(2),
        change(4),
        Change { user: BEN, ..change(3) },
        Change { room: RoomId(8), ..change(3) },
    ];
    for missing in missing {
        let refused = archive.edit(missing, "x".to_owned()).await;
        assert_eq!(refused.map(|_| ()), Err(ArchiveError::NotFound), "{missing:?}");
    }
    for at in [50_000, 999_000] {
        let again = archive.delete(Change { at: Wall(at), ..change(2) }).await;
        let again = again.expect("the answer to the first may have been lost, and it is long ago");
        assert!(again.is_repeat, "nobody need hear of it again");
        let kept = again.kept;
        assert_eq!((kept.seq, kept.changed_at, kept.body), (2, Some(Wall(50_000)), None));
    }
    for others in [Change { user: BEN, ..change(2) }, change(4)] {
        assert_eq!(archive.delete(others).await.map(|_| ()), Err(ArchiveError::NotFound));
    }
    let last = Change { at: Wall(63_000), ..change(3) };
    let late = Change { at: Wall(63_001), ..change(3) };
    assert_eq!(archive.delete(late).await.map(|_| ()), Err(ArchiveError::TooLate));
    assert!(archive.edit(last, "just in time".to_owned()).await.is_ok());
    let repeat = say(&archive, ADA, 2).await;
    assert_eq!((repeat.seq, repeat.is_repeat), (2, true), "a deleted one is not said again");
}

async fn a_purge_takes_from_the_front(archive: impl Archive) {
    channel_with(&archive, 5).await;
    let early = Message { said_at: Wall(1), ..message(ROOM, ADA, 6) };
    archive.append(early).answer().await.expect("an open room takes a message");
    assert_eq!(archive.purge(Purge::Room(ROOM), Wall(3_000)).await, Ok(2));
    let (left, before, _) = page(&archive, Span::Newest, 50).await;
    assert_eq!(left, [3, 4, 5, 6], "6 is older by the clock, but not at the front");
    assert_eq!(before, None);
    let end = page(&archive, Span::Before(3), 50).await;
    assert_eq!(end, (vec![], None, None));
    assert_eq!(page(&archive, Span::After(0), 2).await, (vec![3, 4], None, Some(4)));
    assert_eq!(archive.purge(Purge::Room(ROOM), Wall(u64::MAX)).await, Ok(4));
    assert_eq!(archive.last_seq(ROOM).await, Ok(6));
    assert_eq!(say(&archive, ADA, 1).await.seq, 7, "what is gone is no repeat, and seq goes on");
}

async fn calls_are_purged_apart_from_channels(archive: impl Archive) {
    channel_with(&archive, 2).await;
    let calls = [RoomId(20), RoomId(21)];
    for call in calls {
        archive.open_call(call);
        for n in 1..=3 {
            archive.append(message(call, BEN, n)).answer().await.expect("the call is open");
        }
    }
    archive.close_room(calls[0]);
    assert_eq!(archive.purge(Purge::Calls, Wall(3_000)).await, Ok(4));
    assert_eq!(archive.purge(Purge::Calls, Wall(9_000)).await, Ok(2));
    assert_eq!(archive.last_seq(calls[0]).await, Ok(0), "a call that is over is forgotten");
    assert_eq!(archive.last_seq(calls[1]).await, Ok(3), "one that goes on is not");
    let said = archive.append(message(calls[1], BEN, 4)).answer().await;
    assert_eq!(said.map(|it| it.seq), Ok(4));
    archive.close_room(calls[1]);
    assert_eq!(archive.purge(Purge::Calls, Wall(4_000)).await, Ok(0));
    assert_eq!(archive.last_seq(calls[1]).await, Ok(4), "nor one with a newer text");
    assert_eq!(page(&archive, Span::Newest, 50).await.0, [1, 2], "channels are kept");
    assert_eq!(archive.purge(Purge::Channels, Wall(2_000)).await, Ok(1));
    assert_eq!(page(&archive, Span::Newest, 50).await.0, [2], "until they are purged");
    assert_eq!(archive.last_seq(calls[1]).await, Ok(4), "which leaves calls alone");
    assert_eq!(archive.purge(Purge::Calls, Wall(9_000)).await, Ok(1));
    assert_eq!(archive.last_seq(calls[1]).await, Ok(0), "until nothing is left of it");
}

async fn a_visitor_takes_along_and_erases_what_is_theirs(archive: impl Archive) {
    channel_with(&archive, 3).await;
    say(&archive, BEN, 1).await;
    say(&archive, ADA, 4).await;
    let other = RoomId(8);
    archive.open_call(other);
    archive.append(message(other, ADA, 1)).answer().await.expect("the call is open");
    let mut rooms = archive.rooms_of(ADA).await.expect("the store works");
    rooms.sort_unstable();
    assert_eq!(rooms, [ROOM, other]);
    let first = archive.export(ADA, ROOM, 0, limit(3)).await.expect("the store works");
    assert_eq!(seqs(&first), [1, 2, 3]);
    assert!(first.iter().all(|kept| kept.user == Some(ADA) && kept.body.is_some()));
    let rest = archive.export(ADA, ROOM, 3, limit(3)).await.expect("the store works");
    assert_eq!(seqs(&rest), [5], "and nobody else's");
    assert_eq!(archive.erase(ADA).await, Ok(5));
    assert_eq!(archive.erase(ADA).await, Ok(0));
    assert_eq!(archive.rooms_of(ADA).await, Ok(Vec::new()));
    assert_eq!(archive.export(ADA, ROOM, 0, limit(3)).await, Ok(Vec::new()));
    let read = archive.page(ROOM, Span::Newest, limit(50)).await.expect("the store works");
    assert_eq!(seqs(&read.messages), [1, 2, 3, 4, 5], "the places stay");
    for kept in read.messages {
        let is_bens = kept.seq == 4;
        assert_eq!(kept.user, is_bens.then_some(BEN));
        assert_eq!((kept.body.is_some(), kept.client_id.is_some()), (is_bens, is_bens));
    }
}

async fn appends_at_once_leave_no_hole(archive: impl Archive + 'static) {
    let archive = Arc::new(archive);
    archive.open_call(ROOM);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let archive = Arc::clone(&archive);
            tokio::spawn(async move {
                // Two at a time, asked for before either is awaited.
                let mut seqs = Vec::new();
                for n in (0..50).step_by(2) {
                    let pair = [n, n + 1].map(|n| archive.append(message(ROOM, UserId(task), n)));
                    for said in pair {
                        seqs.push(said.answer().await.expect("the room is open").seq);
                    }
                }
                assert!(seqs.is_sorted(), "one sender's messages keep their order");
                seqs
            })
        })
        .collect();
    each_once(tasks, 400).await;
}

/// An event loop polls them, and is none of a runtime's threads.
fn answers_need_no_runtime(archive: impl Archive + 'static) {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let asking = std::thread::spawn(move || {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let asked = async {
            archive.open_room(ROOM, Lasting::Channel).await.map(drop)?;
            archive.append(message(ROOM, ADA, 1)).answer().await.map(drop)?;
            archive.last_seq(ROOM).await
        };
        let mut asked = pin!(asked);
        loop {
            match asked.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(last_seq) => return last_seq,
                Poll::Pending => std::thread::park(),
            }
        }
    });
    assert_eq!(asking.join().expect("no runtime is missed"), Ok(1));
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
