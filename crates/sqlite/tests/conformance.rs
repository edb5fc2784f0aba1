//! The store keeps every guarantee of its ports, over restarts too.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;

use liveloop_ports::conformance;
use liveloop_sqlite::SqliteStore;
use tempfile::TempDir;

/// New stores, each in a directory of its own, which last as long as this.
#[derive(Default)]
struct Stores(RefCell<Vec<TempDir>>);

impl Stores {
    fn make(&self) -> SqliteStore {
        let directory = TempDir::new().unwrap();
        let store = SqliteStore::open(directory.path()).unwrap();
        self.0.borrow_mut().push(directory);
        store
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_archive_keeps_every_guarantee() {
    let stores = Stores::default();
    conformance::archive(|| stores.make()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_keeps_every_guarantee() {
    let stores = Stores::default();
    conformance::directory(|| stores.make()).await;
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
