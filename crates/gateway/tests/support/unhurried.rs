//! A directory in memory that answers later, to some sooner than to those before them, and fails when it
//! is told to.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use liveloop_core::{RoomId, UserId};
use liveloop_ports::{
    Admission, Cause, Channel, Directory, Found, Health, Joined, Listed, Member, MemoryDirectory,
    PageLimit, Profile, SecretHash, Unavailable, Wall,
};
use tokio::{runtime::Handle, sync::oneshot, time::sleep};

pub struct Unhurried {
    memory: MemoryDirectory,
    runtime: Handle,
    asked: AtomicU64,
    fails: AtomicBool,
}

impl Unhurried {
    /// One that waits on the runtime of whoever makes it.
    pub fn here() -> Self {
        let (memory, asked) = (MemoryDirectory::default(), AtomicU64::default());
        Self { memory, runtime: Handle::current(), asked, fails: AtomicBool::default() }
    }

    /// From now on it does not work, or does again.
    #[allow(dead_code, reason = "not every suite has it fail")]
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Relaxed);
    }

    /// What was asked is done already; the answer is on its way.
    fn later<T: Send + 'static>(&self, answer: impl FnOnce() -> Listed<T>) -> Listed<T> {
        if self.fails.load(Relaxed) {
            let why = Unavailable::new(Cause::Io, "on purpose, in /a/file");
            return Box::pin(async { Err(why.into()) });
        }
        let answer = answer();
        let wait = Duration::from_millis(self.asked.fetch_add(7, Relaxed) % 5);
        let (tell, told) = oneshot::channel();
        self.runtime.spawn(async move {
            sleep(wait).await;
            // Whoever asked may have gone.
            let _ = tell.send(answer.await);
        });
        Box::pin(async { told.await.expect("the runtime outlives the server") })
    }
}

macro_rules! later {
    ($($name:ident($($field:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($field: $kind),*) -> Listed<$answer> {
            self.later(|| self.memory.$name($($field),*))
        })*
    };
}

impl Directory for Unhurried {
    later! {
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
        Health::Ready
    }
}
