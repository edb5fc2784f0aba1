//! What is the store's own: its lock, its schema, its checks, and what it does when it cannot write.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Appending, Archive, ArchiveError, Cause, Health, Lasting, PageLimit, Purge, Span, Wall,
    conformance::message,
};
use liveloop_sqlite::{OpenError, SqliteStore, WalLimits};
use rusqlite::Connection;
use tempfile::TempDir;

const ROOM: RoomId = RoomId(7);
const ADA: UserId = UserId(1);

async fn store_with(directory: &Path, messages: u64) -> SqliteStore {
    let store = SqliteStore::open(directory).unwrap();
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    let asked: Vec<_> = (1..=messages).map(|n| store.append(message(ROOM, ADA, n))).collect();
    for said in asked {
        said.answer().await.unwrap();
    }
    store
}

/// As a process leaves it that was killed.
fn leave_unclean(directory: &Path) {
    fs::write(directory.join("store.lock"), "1").unwrap();
}

async fn until(store: &SqliteStore, is_so: impl Fn(&Health) -> bool) {
    let began = Instant::now();
    while !is_so(&Archive::health(store)) {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", Archive::health(store));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_down(cause: Cause) -> impl Fn(&Health) -> bool {
    move |health| matches!(health, Health::Down(why) if why.cause == cause)
}

#[tokio::test]
async fn a_directory_has_one_process() {
    let directory = TempDir::new().unwrap();
    let store = store_with(directory.path(), 1).await;
    let refused = SqliteStore::open(directory.path()).err().unwrap();
    assert!(matches!(&refused, OpenError::InUse { process, .. }
        if *process == std::process::id().to_string()));
    assert!(refused.to_string().contains(&*directory.path().to_string_lossy()));
    drop(store);
    assert!(SqliteStore::open(directory.path()).is_ok());
}

#[tokio::test]
async fn what_is_closed_refuses_and_leaves_the_directory_to_others() {
    let directory = TempDir::new().unwrap();
    let store = store_with(directory.path(), 1).await;
    let asked = store.append(message(ROOM, ADA, 2));
    store.close();
    assert_eq!(asked.answer().await.unwrap().seq, 2, "what was asked before is done");
    let closed = store.append(message(ROOM, ADA, 3)).answer().await;
    assert!(matches!(closed, Err(ArchiveError::Unavailable(why)) if why.cause == Cause::Closed));
    let closed = store.last_seq(ROOM).await;
    assert!(matches!(closed, Err(ArchiveError::Unavailable(why)) if why.cause == Cause::Closed));
    let other = SqliteStore::open(directory.path()).unwrap();
    assert_eq!(Archive::health(&other), Health::Ready, "it was a clean stop");
    assert_eq!(other.last_seq(ROOM).await, Ok(2));
    store.close();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let _store = store_with(directory.path(), 1).await;
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_a_newer_version_has_written_is_left_alone() {
    let directory = TempDir::new().unwrap();
    drop(store_with(directory.path(), 1).await);
    let file = Connection::open(directory.path().join("store.db")).unwrap();
    file.pragma_update(None, "user_version", 1_000).unwrap();
    drop(file);
    let refused = SqliteStore::open(directory.path()).err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 1_000, .. }), "{refused}");
}

#[tokio::test]
async fn after_an_unclean_stop_it_works_and_is_clean_again() {
    let directory = TempDir::new().unwrap();
    drop(store_with(directory.path(), 2_000).await);
    assert_eq!(fs::read_to_string(directory.path().join("store.lock")).unwrap(), "");
    leave_unclean(directory.path());
    let store = SqliteStore::open(directory.path()).unwrap();
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    assert_eq!(store.append(message(ROOM, ADA, 2_001)).answer().await.unwrap().seq, 2_001);
    until(&store, |health| *health == Health::Ready).await;
    drop(store);
    assert_eq!(fs::read_to_string(directory.path().join("store.lock")).unwrap(), "");
}

#[tokio::test]
async fn damage_is_found_and_nothing_is_written_then() {
    let directory = TempDir::new().unwrap();
    drop(store_with(directory.path(), 2_000).await);
    let file = directory.path().join("store.db");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 8_192 * 4_096;
    bytes[middle..middle + 4_096].fill(0xa5);
    fs::write(&file, bytes).unwrap();
    leave_unclean(directory.path());
    let store = SqliteStore::open(directory.path()).unwrap();
    until(&store, is_down(Cause::Corrupt)).await;
    store.open_call(ROOM);
    let refused = store.append(message(ROOM, ADA, 3_000));
    assert!(matches!(refused, Appending::Now(Err(ArchiveError::Unavailable(_)))));
    drop(store);
    assert_ne!(fs::read_to_string(directory.path().join("store.lock")).unwrap(), "");
}

#[tokio::test]
async fn a_lock_of_somebody_else_is_told_at_once_and_outlived() {
    let directory = TempDir::new().unwrap();
    let store = store_with(directory.path(), 3).await;
    let other = Connection::open(directory.path().join("store.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.append(message(ROOM, ADA, 4)).answer().await.unwrap_err();
    assert!(matches!(&refused, ArchiveError::Unavailable(why) if why.cause == Cause::Locked));
    assert!(is_down(Cause::Locked)(&Archive::health(&store)));
    let again = store.append(message(ROOM, ADA, 4));
    assert!(matches!(again, Appending::Now(Err(ArchiveError::Unavailable(_)))), "at once");
    let page = store.page(ROOM, Span::Newest, PageLimit::default()).await.unwrap();
    assert_eq!(page.messages.len(), 3, "what is there can be read");
    other.execute_batch("ROLLBACK").unwrap();
    until(&store, |health| *health == Health::Ready).await;
    assert_eq!(store.append(message(ROOM, ADA, 4)).answer().await.unwrap().seq, 4);
}

/// So small that a test meets them.
const SMALL: WalLimits = WalLimits { bring: 64, rest: 16, wait: 256, warn: 512, refuse: 1_024 };
/// A page of 4 KiB with its header in the log.
const FRAME: u64 = 4_096 + 24;

fn wal_pages(directory: &Path) -> u64 {
    fs::metadata(directory.join("store.db-wal")).unwrap().len() / FRAME
}

/// Says messages from `first` on, 32 at once, until one is refused or there are `count`.
async fn say(store: &SqliteStore, first: u64, count: u64) -> Result<(), ArchiveError> {
    for n in (first..first + count).step_by(32) {
        let asked: Vec<_> = (n..n + 32).map(|n| store.append(message(ROOM, ADA, n))).collect();
        for said in asked {
            said.answer().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_log_starts_over_while_others_read_and_write() {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open_with(directory.path(), SMALL).unwrap();
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    for n in 0..200 {
        let read = store.page(ROOM, Span::Newest, PageLimit::default());
        let (said, page) = tokio::join!(say(&store, n * 64, 64), read);
        said.unwrap();
        page.unwrap();
        // A batch of 32 messages is less than 200 pages.
        let pages = wal_pages(directory.path());
        assert!(pages < u64::from(SMALL.wait) + 200, "{pages} pages after {n}");
    }
    assert_eq!(store.last_seq(ROOM).await, Ok(200 * 64));
}

#[tokio::test]
async fn a_reader_that_stays_makes_the_log_long_but_not_for_ever() {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open_with(directory.path(), SMALL).unwrap();
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    say(&store, 0, 320).await.unwrap();
    let reader = Connection::open(directory.path().join("store.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message").unwrap();
    let refused = say(&store, 320, 1_000_000).await.unwrap_err();
    assert!(matches!(&refused, ArchiveError::Unavailable(why) if why.cause == Cause::Locked));
    assert!(is_down(Cause::Locked)(&Archive::health(&store)));
    let pages = wal_pages(directory.path());
    assert!((1_024..1_224).contains(&pages), "{pages} pages");
    let page = store.page(ROOM, Span::Newest, PageLimit::default()).await.unwrap();
    assert_eq!(page.messages.len(), 50, "what is there can be read");
    reader.execute_batch("ROLLBACK").unwrap();
    until(&store, |health| *health == Health::Ready).await;
    let last = store.last_seq(ROOM).await.unwrap();
    say(&store, 2_000_000, 3_200).await.unwrap();
    assert_eq!(store.last_seq(ROOM).await, Ok(last + 3_200));
    let pages = wal_pages(directory.path());
    assert!(pages < u64::from(SMALL.wait) + 200, "{pages} pages");
}

#[tokio::test]
async fn after_an_unclean_stop_nothing_is_written_before_the_log_is_empty() {
    let directory = TempDir::new().unwrap();
    drop(store_with(directory.path(), 3).await);
    let file = directory.path().join("store.db");
    let other = Connection::open(&file).unwrap();
    let reader = Connection::open(&file).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message").unwrap();
    other.execute_batch("UPDATE probe SET commits = commits + 1").unwrap();
    leave_unclean(directory.path());
    let store = SqliteStore::open(directory.path()).unwrap();
    until(&store, is_down(Cause::Locked)).await;
    reader.execute_batch("ROLLBACK").unwrap();
    until(&store, |health| *health == Health::Ready).await;
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    assert_eq!(store.append(message(ROOM, ADA, 4)).answer().await.unwrap().seq, 4);
}

#[tokio::test]
async fn more_than_the_queue_takes_is_refused_and_leaves_no_hole() {
    let directory = TempDir::new().unwrap();
    let store = store_with(directory.path(), 0).await;
    let (mut asked, mut refused) = (Vec::new(), 0);
    for n in 1..2_000_000 {
        if refused == 100 {
            break;
        }
        match store.append(message(ROOM, ADA, n)) {
            Appending::Now(Err(ArchiveError::Unavailable(why))) => {
                assert_eq!(why.cause, Cause::Overloaded);
                refused += 1;
            }
            said => asked.push(said),
        }
    }
    assert!(refused > 0, "it has kept up");
    for (said, seq) in asked.into_iter().zip(1..) {
        assert_eq!(said.answer().await.unwrap().seq, seq);
    }
    assert_eq!(Archive::health(&store), Health::Ready);
}

#[tokio::test]
async fn nothing_is_left_in_the_files_of_what_was_removed() {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open(directory.path()).unwrap();
    let said = |room, user, n, what: &str| {
        let mut said = message(room, user, n);
        said.body.text = format!("{what} {n} {}", "x".repeat(200));
        said
    };
    let call = RoomId(8);
    store.open_room(ROOM, Lasting::Channel).await.unwrap();
    store.open_call(call);
    let mut asked = Vec::new();
    for n in 1..=1_200 {
        for said in [
            said(ROOM, ADA, n, "to-be-erased"),
            said(ROOM, UserId(2), n, "to-be-kept"),
            said(call, UserId(2), n, "to-be-purged"),
        ] {
            asked.push(store.append(said));
        }
    }
    for said in asked {
        said.answer().await.unwrap();
    }
    let holds = |what: &str| {
        let files = fs::read_dir(directory.path()).unwrap();
        files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(what.len()).any(|window| window == what.as_bytes()))
    };
    assert!(holds("to-be-erased") && holds("to-be-purged"));
    store.close_room(call);
    assert_eq!(store.purge(Purge::Calls, Wall(u64::MAX)).await, Ok(1_200));
    assert_eq!(store.last_seq(call).await, Ok(0));
    assert_eq!(Archive::erase(&store, ADA).await, Ok(1_200));
    assert!(!holds("to-be-erased"));
    assert!(!holds("to-be-purged"));
    assert!(holds("to-be-kept"));
}
