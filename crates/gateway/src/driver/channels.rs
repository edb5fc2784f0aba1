//! What sessions ask of the stores, and the homes of channels: each channel has a thread, by its id,
//! where its texts get their order, where it is opened and closed, and where it is known whether anybody
//! listens. What others have for a home is posted to it, so it comes in the order in which it was sent.

use std::sync::atomic::Ordering::Relaxed;

use futures_util::FutureExt;
use liveloop_core::{Hearing, MembersChange, RoomId};

use super::{Driver, Post};
use crate::{
    inquiry::{Finding, Inquiry, MemberNews, Reply},
    plane::{ConnId, Io, Net, PlaneLink},
    session::{Delivery, Publication, bad_token},
};

/// The thread, of so many, at which a channel or a visitor with this id is at home.
pub(crate) fn home_of(id: u128, threads: usize) -> usize {
    // Ids are random, so any bits of them are as good as a hash.
    usize::try_from(id % threads as u128).expect("fewer threads than that")
}

impl<N: Net> Driver<N> {
    /// Has a question of a session answered, at its home where it has one.
    pub(super) fn inquire(&mut self, io: &Io<N>, mut inquiry: Inquiry) {
        if let Some(room) = inquiry.question.home() {
            if let Some(home) = self.elsewhere(room.0) {
                return home.post(Post::Inquire(Box::new(inquiry)));
            }
            inquiry.question.note_open(self.channels.is_open(room));
        }
        let Inquiry { question, by, number } = inquiry;
        let answer = question.ask(&self.wires.door.node);
        let mut finding = Box::pin(async move { Finding { by, number, outcome: answer.await } });
        // A store in memory has answered already.
        match (&mut finding).now_or_never() {
            Some(finding) => self.found(io, finding),
            None => self.awaited.add(async move { Post::Found(Box::new(finding.await)) }),
        }
    }

    /// Brings what was found to whoever has asked, wherever they are now.
    pub(super) fn found(&mut self, io: &Io<N>, mut finding: Finding) {
        if let Ok(Reply::Known { user, .. }) = finding.outcome
            && self.erased.has(user)
        {
            // They were not yet when this was looked up.
            finding.outcome = Err(bad_token());
        }
        if let Ok(Reply::Known { user, blocked }) = &mut finding.outcome
            && !blocked.is_empty()
        {
            let (user, blocked) = (*user, std::mem::take(blocked));
            self.tell_blocks(io, user, blocked);
        }
        if let Some(news) = finding.news() {
            match self.elsewhere(news.room.0) {
                Some(home) => home.post(Post::Member(news)),
                None => self.member_news.push(news),
            }
        }
        if let Some(publication) = Publication::of_finding(&finding) {
            self.publish(publication);
        }
        if let Some(room) = finding.opened()
            && !self.channels.opened(room)
        {
            self.wires.door.node.archive.close_room(room);
        }
        self.deliver(finding.by.outlet, Delivery::Found(Box::new(finding)));
    }

    pub(super) fn listen(&mut self, room: RoomId, id: ConnId) {
        if self.listeners.add(room, id) {
            self.tell_heard(room, true);
        }
    }

    pub(super) fn unlisten(&mut self, room: RoomId, id: ConnId) {
        if self.listeners.remove(room, id) {
            self.tell_heard(room, false);
        }
    }

    /// The thread at which a channel or a visitor with this id is at home.
    pub(super) fn home_of(&self, id: u128) -> usize {
        home_of(id, self.wires.threads.len())
    }

    /// That thread, where it is not this one.
    pub(super) fn elsewhere(&self, id: u128) -> Option<&PlaneLink<Post<N>, N>> {
        let home = self.home_of(id);
        (home != usize::from(self.thread)).then(|| &self.wires.threads[home])
    }

    fn tell_heard(&mut self, room: RoomId, is_heard: bool) {
        match self.elsewhere(room.0) {
            Some(home) => home.post(Post::Heard(room, is_heard)),
            None => self.heard(room, is_heard),
        }
    }

    /// On one more thread, or on one less, somebody listens to a channel that is at home here.
    pub(super) fn heard(&mut self, room: RoomId, is_heard: bool) {
        let node = &self.wires.door.node;
        let groups = &node.shared.figures.groups;
        match self.channels.heard(room, is_heard) {
            Hearing::Begun => {
                groups.fetch_add(1, Relaxed);
            }
            Hearing::Ended => {
                groups.fetch_sub(1, Relaxed);
                node.archive.close_room(room);
            }
            Hearing::Same => {}
        }
    }

    /// Takes up who has come to channels that are at home here, and gone, and tells of it what is due.
    pub(super) fn tell_members(&mut self, io: &Io<N>) {
        let now = io.now();
        for news in std::mem::take(&mut self.member_news) {
            let MemberNews { room, user, has_come } = news;
            self.channels.member(room, user, has_come, now);
            if !has_come {
                self.check_members(news);
                for (thread, link) in self.wires.threads.iter().enumerate() {
                    if thread != usize::from(self.thread) {
                        link.post(Post::CheckMembers(news));
                    }
                }
            }
        }
        self.channels.handle_timeout(now);
        while let Some(change) = self.channels.poll_change() {
            self.count_members(change);
        }
    }

    /// Those sessions of one who has left a channel ask whether they may listen still.
    pub(super) fn check_members(&mut self, news: MemberNews) {
        let listeners: Vec<ConnId> = self.listeners.of(news.room).collect();
        for outlet in listeners {
            if self.session_mut(outlet).is_some_and(|session| session.user() == news.user) {
                self.deliver(outlet, Delivery::MemberGone(news.room));
            }
        }
    }

    fn count_members(&mut self, change: MembersChange) {
        let asked = self.wires.door.node.directory.channel(change.room);
        let mut count = asked.map(|found| found.ok().map(|found| found.count));
        match (&mut count).now_or_never() {
            Some(count) => self.counted(&change, count),
            None => self.awaited.add(async move { Post::Counted(change, count.await) }),
        }
    }

    /// Tells all who listen. While the store does not count they are told nothing; the next change
    /// says how many there are.
    pub(super) fn counted(&mut self, change: &MembersChange, count: Option<u32>) {
        if let Some(count) = count {
            self.publish(Publication::of_members(change, count as usize));
        }
    }
}
