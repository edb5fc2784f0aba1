//! A Directory that counts how often the one behind it says that it does not work, whichever adapter
//! that is.

use std::sync::Arc;

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Admission, Channel, Directory, DirectoryError, Found, Health, Joined, Listed, Member,
    PageLimit, Profile, SecretHash, Wall,
};

use crate::figures::Figures;

/// The Directory of a node, counted.
pub(crate) struct CountedDirectory {
    inner: Arc<dyn Directory>,
    figures: Arc<Figures>,
}

impl CountedDirectory {
    pub(crate) fn new(inner: Arc<dyn Directory>, figures: Arc<Figures>) -> Self {
        Self { inner, figures }
    }

    /// The same answer, counted where it says that the store does not work.
    fn counted<T: Send + 'static>(&self, answer: Listed<T>) -> Listed<T> {
        let figures = Arc::clone(&self.figures);
        Box::pin(async move {
            let answer = answer.await;
            if let Err(DirectoryError::Unavailable(why)) = &answer {
                figures.count_store_failure(why.cause);
            }
            answer
        })
    }
}

macro_rules! counted {
    ($($name:ident($($field:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($field: $kind),*) -> Listed<$answer> {
            self.counted(self.inner.$name($($field),*))
        })*
    };
}

impl Directory for CountedDirectory {
    counted! {
        put_visitor(profile: Profile) -> ();
        visitor(user: UserId) -> Option<Profile>;
        visitors(users: Vec<UserId>) -> Vec<Option<Profile>>;
        create(channel: Channel, members: Vec<UserId>) -> Found;
        channel(room: RoomId) -> Found;
        public(after: Option<RoomId>, limit: PageLimit) -> Vec<Found>;
        groups_made_by(user: UserId) -> u32;
        channels_of(user: UserId, after: Option<RoomId>, limit: PageLimit)
            -> Vec<(Found, Member)>;
        member(room: RoomId, user: UserId) -> Member;
        members(room: RoomId, after: Option<UserId>, limit: PageLimit) -> Vec<Member>;
        are_fellows(one: UserId, other: UserId) -> bool;
        join(room: RoomId, user: UserId, by: Admission, at: Wall) -> Joined;
        leave(room: RoomId, user: UserId) -> Found;
        read(room: RoomId, user: UserId, seq: u64) -> u64;
        invite(room: RoomId, by: UserId, secret: Option<SecretHash>) -> ();
        remove(room: RoomId) -> ();
        calls_before(before: Wall, after: Option<(Wall, RoomId)>, limit: PageLimit)
            -> Vec<(Wall, RoomId)>;
        remove_calls(calls: Vec<RoomId>) -> u64;
        block(user: UserId, other: UserId, is_blocked: bool) -> ();
        blocked_by(user: UserId) -> Vec<UserId>;
        erase(user: UserId) -> Vec<RoomId>;
        unfinished_erasures(limit: PageLimit) -> Vec<UserId>;
        end_erasure(user: UserId) -> ();
    }

    fn health(&self) -> Health {
        self.inner.health()
    }
}

#[cfg(test)]
mod tests {
    use liveloop_ports::{MemoryDirectory, conformance};

    use super::*;

    #[tokio::test]
    async fn keeps_every_guarantee_of_the_one_behind_it() {
        let figures = Arc::new(Figures::new(1));
        conformance::directory(|| {
            CountedDirectory::new(Arc::new(MemoryDirectory::default()), Arc::clone(&figures))
        })
        .await;
        let counted = figures.store_failures.counts().map(|(_, count)| count).sum::<u64>();
        assert_eq!(counted, 0, "what is not there is no failure of the store");
    }
}
