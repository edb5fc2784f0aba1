//! Erasing visitors: who asks for it is nobody here at once, and what they said goes then.
//!
//! First the directory, durably: from then on their token is worth nothing. Then their sessions end on
//! every event loop, and what those had under way comes to the archive; fellow members hear that they have
//! left. Then the archive makes tombstones of what they said, and the directory is told that nothing is left.
//! What a crash or a failing store interrupts is finished as soon as that can be, at the latest after the
//! next start. It does not know who may ask.

use std::{convert::Infallible, time::Duration};

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{PageLimit, Unavailable};
use liveloop_protocol::Refusal;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

use crate::{
    driver::{Erasing, Post, home_of},
    inquiry::{MemberNews, refusal_of_directory},
    keeping::{archived, listed},
    node::Node,
    plane::PlaneLink,
    serve::ask_all,
};

/// How many may wait to be erased; more are told to ask again.
pub(crate) const WANTED_MAX: usize = 64;
/// How soon it is tried again where the store has failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What a session has under way goes from its loop to a home at most.
const REST_ROUNDS: usize = 2;

/// Somebody is to be erased.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) user: UserId,
    /// Told once they are nobody here any more, or that this has failed.
    pub(crate) begun: oneshot::Sender<Result<(), Refusal>>,
    /// Told once nothing is left; dropped where that takes another attempt.
    pub(crate) done: oneshot::Sender<()>,
}

/// Somebody whose erasure has begun.
struct Begun {
    user: UserId,
    done: oneshot::Sender<()>,
}

/// Erases whoever is wanted, and those whom the process before this one has left unfinished.
pub(crate) async fn erase_all(
    node: &Node,
    links: &[PlaneLink<Post>],
    wanted: mpsc::Receiver<Wanted>,
) -> Infallible {
    let (begun, to_finish) = mpsc::channel(WANTED_MAX);
    tokio::select! {
        never = begin_all(node, links, wanted, begun) => never,
        never = finish_all(node, links, to_finish) => never,
    }
}

async fn begin_all(
    node: &Node,
    links: &[PlaneLink<Post>],
    mut wanted: mpsc::Receiver<Wanted>,
    begun: mpsc::Sender<Begun>,
) -> Infallible {
    while let Some(Wanted { user, begun: tell, done }) = wanted.recv().await {
        let outcome = begin(node, links, user).await;
        let has_begun = outcome.is_ok();
        // Whoever asked may have gone; likewise below.
        let _ = tell.send(outcome);
        if has_begun {
            let _ = begun.send(Begun { user, done }).await;
        }
    }
    std::future::pending().await
}

/// Has a visitor be nobody here any more.
async fn begin(node: &Node, links: &[PlaneLink<Post>], user: UserId) -> Result<(), Refusal> {
    let left = node.directory.erase(user).await.map_err(refusal_of_directory)?;
    // A loop that does not answer has ended, and the node with it.
    ask_all(links, |ended| Post::EndSessions(Box::new(Erasing::new(user, ended)))).await;
    for _ in 0..REST_ROUNDS {
        ask_all(links, Post::Rest).await;
    }
    for room in left {
        home(links, room).post(Post::Member(MemberNews { room, user, has_come: false }));
    }
    Ok(())
}

async fn finish_all(
    node: &Node,
    links: &[PlaneLink<Post>],
    mut begun: mpsc::Receiver<Begun>,
) -> Infallible {
    let mut is_any_unfinished = true;
    loop {
        if is_any_unfinished {
            is_any_unfinished = finish_unfinished(node, links).await.is_err();
        }
        let next = tokio::select! {
            next = begun.recv() => next,
            () = sleep(RETRY_AFTER), if is_any_unfinished => continue,
        };
        let Some(Begun { user, done }) = next else { return std::future::pending().await };
        match finish(node, links, user).await {
            Ok(()) => {
                let _ = done.send(());
            }
            Err(error) => {
                tracing::warn!(%error, "an erasure is not finished: it is tried again");
                is_any_unfinished = true;
            }
        }
    }
}

async fn finish_unfinished(node: &Node, links: &[PlaneLink<Post>]) -> Result<(), Unavailable> {
    loop {
        let some = node.directory.unfinished_erasures(PageLimit::default()).await;
        let some = listed(some)?;
        if some.is_empty() {
            return Ok(());
        }
        for user in some {
            finish(node, links, user).await?;
        }
    }
}

/// Removes what a visitor said, and has those told who listen where it was said.
async fn finish(node: &Node, links: &[PlaneLink<Post>], user: UserId) -> Result<(), Unavailable> {
    let rooms = archived(node.archive.rooms_of(user).await)?;
    let messages = archived(node.archive.erase(user).await)?;
    rooms.into_iter().for_each(|room| home(links, room).post(Post::ShowErased(room)));
    listed(node.directory.end_erasure(user).await)?;
    tracing::info!(messages, "a visitor is erased");
    Ok(())
}

/// The event loop at which a channel is at home.
fn home(links: &[PlaneLink<Post>], room: RoomId) -> &PlaneLink<Post> {
    &links[home_of(room.0, links.len())]
}
