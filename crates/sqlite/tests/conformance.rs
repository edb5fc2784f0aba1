//! The store keeps every guarantee of its ports, over restarts too.

#![allow(clippy::unwrap_used)]

use liveloop_ports::conformance;
use liveloop_sqlite::SqliteStore;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_archive_keeps_every_guarantee() {
    let directories = std::cell::RefCell::new(Vec::new());
    conformance::archive(|| {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(directory.path()).unwrap();
        directories.borrow_mut().push(directory);
        store
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_keeps_every_guarantee() {
    let directories = std::cell::RefCell::new(Vec::new());
    conformance::directory(|| {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(directory.path()).unwrap();
        directories.borrow_mut().push(directory);
        store
    })
    .await;
}

#[tokio::test]
async fn both_outlast_their_process() {
    for is_archive in [true, false] {
        let directory = TempDir::new().unwrap();
        let open = || SqliteStore::open(directory.path()).unwrap();
        let reopen = |store| {
            drop(store);
            open()
        };
        if is_archive {
            conformance::persistent_archive(open(), reopen).await;
        } else {
            conformance::persistent_directory(open(), reopen).await;
        }
    }
}
