//! Whom visitors have blocked: from the stores to the desk when they come, and from the desk to the stores
//! when they block somebody.

use futures_util::FutureExt;
use liveloop_core::UserId;

use super::{Driver, Post};
use crate::{
    desk::{Blocked, Desk},
    plane::{Io, Net},
};

impl<N: Net> Driver<N> {
    /// Tells the desk whom somebody has blocked who comes, before they can ask it for a partner.
    pub(super) fn tell_blocks(&mut self, io: &Io<N>, user: UserId, blocked: Vec<UserId>) {
        match &mut self.wires.desk {
            Some(desk) => {
                desk.know_blocks(user, &blocked, io.now());
                self.hear_desk();
            }
            None => self.wires.threads[0].post(Post::Blocks(user, blocked)),
        }
    }

    /// Has the stores keep the blocks that the desk has for them.
    pub(super) fn keep_blocks(&mut self) {
        while let Some(blocked) = self.wires.desk.as_mut().and_then(Desk::poll_block) {
            let Blocked { who, whom, .. } = blocked;
            let mut kept = self.wires.door.node.directory.block(who, whom, true);
            match (&mut kept).now_or_never() {
                Some(kept) => self.block_kept(blocked, kept.is_ok()),
                None => self.awaited.add(async move {
                    let is_kept = kept.await.is_ok();
                    Post::BlockKept(Box::new(blocked), is_kept)
                }),
            }
        }
    }

    pub(super) fn block_kept(&mut self, blocked: Blocked, is_kept: bool) {
        if let Some(desk) = &mut self.wires.desk {
            desk.block_kept(blocked, is_kept);
            self.hear_desk();
        }
    }
}
