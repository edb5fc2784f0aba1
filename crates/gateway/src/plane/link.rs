//! How threads reach each other: posts, and a wake-up for the first of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::{kernel::Kernel, net::Net};

/// The way to a thread.
#[derive(Debug)]
pub(crate) struct PlaneLink<P, N: Net = Kernel> {
    /// A lock, because any thread posts; held for a push or a swap.
    posts: Arc<Mutex<Vec<P>>>,
    waker: Arc<N::Waker>,
}

impl<P, N: Net> Clone for PlaneLink<P, N> {
    fn clone(&self) -> Self {
        Self { posts: Arc::clone(&self.posts), waker: Arc::clone(&self.waker) }
    }
}

impl<P, N: Net> PlaneLink<P, N> {
    pub(super) fn new(waker: N::Waker) -> Self {
        Self { posts: Arc::default(), waker: Arc::new(waker) }
    }

    /// Hands `post` to the thread, and wakes it if it has nothing else yet.
    pub(crate) fn post(&self, post: P) {
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        posts.push(post);
        let is_first = posts.len() == 1;
        drop(posts);
        if is_first && let Err(error) = N::wake(&self.waker) {
            tracing::error!(%error, "an event loop cannot be woken");
        }
    }

    /// Takes all that is there into `posts`, which is empty.
    pub(super) fn take(&self, posts: &mut Vec<P>) {
        let mut lock = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *lock, posts);
    }

    /// How much the thread has not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
