//! What an event loop waits for while it does other things: the store's answers.
//!
//! Each ends as a post that this very loop then handles. It polls them itself, so that an answer costs
//! no task and no other thread; the first that is there wakes it, once for all that come meanwhile.

use std::{
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use liveloop_ports::BoxFuture;

use super::Post;
use crate::plane::{Net, PlaneLink};

/// The answers that one loop waits for.
pub(super) struct Awaited<N: Net> {
    answers: FuturesUnordered<BoxFuture<'static, Post<N>>>,
    waker: Waker,
    /// Whether one may be there: one is new, for which nobody would wake the loop before it was polled,
    /// or the loop was woken.
    may_be_there: bool,
}

struct Woken<N: Net>(PlaneLink<Post<N>, N>);

impl<N: Net> Wake for Woken<N> {
    fn wake(self: Arc<Self>) {
        self.0.post(Post::Answers);
    }
}

impl<N: Net> Awaited<N> {
    /// For the loop that is reached by `link`.
    pub(super) fn new(link: PlaneLink<Post<N>, N>) -> Self {
        let waker = Waker::from(Arc::new(Woken(link)));
        Self { answers: FuturesUnordered::new(), waker, may_be_there: false }
    }

    pub(super) fn add(&mut self, answer: impl Future<Output = Post<N>> + Send + 'static) {
        self.answers.push(Box::pin(answer));
        self.may_be_there = true;
    }

    /// The loop was woken for an answer.
    pub(super) fn wake(&mut self) {
        self.may_be_there = true;
    }

    /// The next answer that is there.
    pub(super) fn poll(&mut self) -> Option<Post<N>> {
        if !self.may_be_there {
            return None;
        }
        match self.answers.poll_next_unpin(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(Some(post)) => Some(post),
            Poll::Ready(None) | Poll::Pending => {
                self.may_be_there = false;
                None
            }
        }
    }
}
