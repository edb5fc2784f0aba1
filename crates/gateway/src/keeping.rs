//! What a node does beside its event loops for what it keeps: it tells the log how the store is, and
//! removes what is older than it may be.

use std::{convert::Infallible, time::Duration};

use liveloop_ports::{ArchiveError, DirectoryError, Health, PageLimit, Purge, Unavailable, Wall};
use tokio::time::sleep;

use crate::{node::Node, settings::Span};

/// How often it is looked how the store is. A store that has failed does not work again sooner.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often something is removed at most and at least, whatever the retention is.
const REMOVE_EVERY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(3_600));
/// What is removed is at most this part of its retention too old.
const REMOVALS_A_RETENTION: u32 = 24;

/// Tells the log of each change of the store's health, once.
pub(crate) async fn watch_health(node: &Node) -> Infallible {
    let mut known = Health::Ready;
    loop {
        let health = node.archive.health();
        if !is_same(&known, &health) {
            tell(&known, &health);
            known = health;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Whether nobody need be told of the one after the other.
fn is_same(known: &Health, now: &Health) -> bool {
    match (known, now) {
        (Health::Down(known), Health::Down(now)) => known.cause == now.cause,
        (known, now) => known == now,
    }
}

fn tell(known: &Health, now: &Health) {
    match (known, now) {
        (_, Health::Down(why)) => tracing::warn!(
            cause = ?why.cause,
            reason = %why.reason,
            advice = why.cause.advice(),
            "the store does not work: messages are refused, calls go on; it is tried until it works"
        ),
        (_, Health::Checking) => {
            tracing::info!(
                "the last stop was not a clean one: the store works, and is being checked"
            );
        }
        (Health::Checking, Health::Ready) => tracing::info!("the store is checked, and sound"),
        (_, Health::Ready) => tracing::info!("the store works again"),
    }
}

/// Removes what is older than it may be, at once and then again and again.
pub(crate) async fn remove_old(node: &Node) -> Infallible {
    let store = &node.shared.settings.store;
    let retentions =
        [(Purge::Calls, store.retention_calls), (Purge::Channels, store.retention_channels)];
    let retentions: Vec<_> =
        retentions.into_iter().filter(|(_, retention)| !retention.0.is_zero()).collect();
    let Some(shortest) = retentions.iter().map(|(_, retention)| retention.0).min() else {
        return std::future::pending().await;
    };
    let (least, most) = REMOVE_EVERY;
    let every = (shortest / REMOVALS_A_RETENTION).clamp(least, most);
    loop {
        for (purge, retention) in &retentions {
            match remove(node, *purge, *retention).await {
                Ok(0) => {}
                Ok(messages) => {
                    tracing::info!(messages, ?purge, %retention, "what was too old was removed");
                }
                // The store's health is told elsewhere, and the next time it is tried again.
                Err(error) => tracing::debug!(%error, "what is too old was not removed"),
            }
        }
        sleep(every).await;
    }
}

/// How many messages went.
async fn remove(node: &Node, purge: Purge, retention: Span) -> Result<u64, Unavailable> {
    let now = node.clock.now().wall;
    let before = Wall(now.0.saturating_sub(retention.as_millis()));
    let messages = archived(node.archive.purge(purge, before).await)?;
    if purge == Purge::Calls {
        forget_calls(node, before).await?;
    }
    Ok(messages)
}

/// Has the directory forget the calls that were made before `before` and of which the archive holds
/// nothing any more. One that goes on, or in which something was said since, is read by those in it.
async fn forget_calls(node: &Node, before: Wall) -> Result<(), Unavailable> {
    let limit = PageLimit::new(PageLimit::MAX.into()).unwrap_or_default();
    let mut after = None;
    loop {
        let old = listed(node.directory.calls_before(before, after, limit).await)?;
        let is_last = old.len() < limit.get();
        after = old.last().copied();
        let mut gone = Vec::new();
        for (_, room) in old {
            if archived(node.archive.last_seq(room).await)? == 0 {
                gone.push(room);
            }
        }
        if !gone.is_empty() {
            listed(node.directory.remove_calls(gone).await)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The archive's answer; nothing where it is refused, which no question of these is.
pub(crate) fn archived<T: Default>(answer: Result<T, ArchiveError>) -> Result<T, Unavailable> {
    match answer {
        Err(ArchiveError::Unavailable(why)) => Err(why),
        answer => Ok(answer.unwrap_or_default()),
    }
}

/// Likewise the directory's.
pub(crate) fn listed<T: Default>(answer: Result<T, DirectoryError>) -> Result<T, Unavailable> {
    match answer {
        Err(DirectoryError::Unavailable(why)) => Err(why),
        answer => Ok(answer.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use liveloop_ports::Cause;

    use super::*;

    #[test]
    fn the_same_trouble_is_told_once_whatever_its_words() {
        let down = |cause, words| Health::Down(Unavailable::new(cause, words));
        assert!(is_same(&down(Cause::Io, "one"), &down(Cause::Io, "other")));
        assert!(!is_same(&down(Cause::Io, "one"), &down(Cause::Full, "one")));
        assert!(!is_same(&Health::Ready, &down(Cause::Io, "one")));
        assert!(!is_same(&Health::Checking, &Health::Ready));
        assert!(is_same(&Health::Ready, &Health::Ready));
    }
}
