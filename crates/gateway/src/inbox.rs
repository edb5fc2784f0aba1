//! What others have for a session: a queue bounded in number and in bytes.
//!
//! Whoever delivers never waits: a receiver that does not keep up is marked, and its connection
//! cuts itself off. An inbox dies with its connection; what is delivered afterwards is dropped.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::{Notify, mpsc};

use crate::session::Delivery;

/// How many deliveries may wait, however small.
const DELIVERIES_MAX: usize = 4_096;

#[derive(Debug, Default)]
struct Level {
    bytes: AtomicUsize,
    has_overflowed: AtomicBool,
    overflowed: Notify,
}

/// The receiver's end.
pub(crate) struct Inbox {
    deliveries: mpsc::Receiver<Delivery>,
    level: Arc<Level>,
}

/// The sender's end: cheap to copy.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    deliveries: mpsc::Sender<Delivery>,
    level: Arc<Level>,
    bytes_max: usize,
}

/// An inbox in which `bytes_max` bytes may wait; 0 is no limit.
pub(crate) fn inbox(bytes_max: usize) -> (Outlet, Inbox) {
    let (sender, receiver) = mpsc::channel(DELIVERIES_MAX);
    let level = Arc::new(Level::default());
    let outlet = Outlet { deliveries: sender, level: Arc::clone(&level), bytes_max };
    (outlet, Inbox { deliveries: receiver, level })
}

impl Outlet {
    /// Puts `delivery` into the inbox, or marks the receiver as one that does not keep up.
    pub(crate) fn deliver(&self, delivery: Delivery) {
        let bytes = delivery.bytes();
        let before = self.level.bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_over = self.bytes_max > 0 && before + bytes > self.bytes_max;
        let is_full = !is_over
            && matches!(
                self.deliveries.try_send(delivery),
                Err(mpsc::error::TrySendError::Full(_))
            );
        if is_over || is_full {
            self.level.has_overflowed.store(true, Ordering::Release);
            self.level.overflowed.notify_one();
        }
    }
}

impl Inbox {
    /// The next delivery. Safe to be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.recv().await?;
        self.level.bytes.fetch_sub(delivery.bytes(), Ordering::Relaxed);
        Some(delivery)
    }

    /// What else is there already.
    pub(crate) fn try_next(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.try_recv().ok()?;
        self.level.bytes.fetch_sub(delivery.bytes(), Ordering::Relaxed);
        Some(delivery)
    }

    /// Resolves when something could not be delivered.
    pub(crate) fn overflow(&self) -> impl Future<Output = ()> + Send + 'static {
        let level = Arc::clone(&self.level);
        async move {
            while !level.has_overflowed.load(Ordering::Acquire) {
                level.overflowed.notified().await;
            }
        }
    }
}
