//! Whether a visitor is online, as one session makes it so, and whose coming and going it hears of.
//!
//! A connection counts from when its visitor can be watched: they have come back with a token, or are a
//! member of a channel. A stranger costs nothing here. Presence is not numbered: what is missed while
//! there is no socket is told afresh to the next one.

use std::collections::BTreeMap;

use liveloop_core::UserId;
use liveloop_protocol::{
    Presence, PresenceWatched, ServerEvent, WatchPresence, format_id, parse_id,
};

use super::{Effect, Session};
use crate::{
    desk::AskedBy,
    inquiry::{Inquiry, Question, not_a_fellow},
    plane::ConnId,
};

/// Whom a session wants to hear of.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) watcher: ConnId,
    pub(crate) users: Vec<UserId>,
    /// Of the session's question.
    pub(crate) number: u32,
}

/// Who of some of them is online.
#[derive(Debug)]
pub(crate) struct Online {
    pub(crate) users: Vec<(UserId, bool)>,
    /// Of the question.
    pub(crate) number: u32,
}

/// Whom a session watches.
#[derive(Debug, Default)]
pub(super) struct Watching {
    users: Vec<UserId>,
    /// Of the question that named them.
    number: u32,
    /// Questions that not all who know have answered.
    asked: Vec<Asked>,
}

impl Watching {
    /// What a session watches that begins with these; nothing where there is nobody.
    pub(super) fn of(users: Vec<UserId>) -> Option<Box<Self>> {
        (!users.is_empty()).then(|| Box::new(Self { users, ..Self::default() }))
    }
}

#[derive(Debug)]
struct Asked {
    number: u32,
    /// The frame that is acknowledged; where there is none each of them is told as an event.
    by: Option<AskedBy>,
    missing: usize,
    online: BTreeMap<UserId, bool>,
}

impl Session {
    /// The visitor can be watched from now on.
    pub(super) fn become_present(&mut self) {
        let has_no_socket =
            |traces: &super::Traces| traces.away_until.is_some() || traces.is_resting;
        let is_away = self.traces.as_deref().is_some_and(has_no_socket);
        if !std::mem::replace(&mut self.is_present, true) && !is_away {
            self.effects.push_back(Effect::Present(self.user, true));
        }
    }

    /// Whether its connection counts.
    pub(crate) fn is_present(&self) -> bool {
        self.is_present
    }

    /// It has a socket again.
    pub(super) fn be_back(&mut self) {
        if self.is_present {
            self.effects.push_back(Effect::Present(self.user, true));
        }
        let watched = self.watched();
        if !watched.is_empty() {
            let number = self.next_number();
            self.ask_who_is_online(None, number, watched);
        }
    }

    pub(super) fn watch_presence(&mut self, watch: &WatchPresence<'_>, reference: Option<u64>) {
        let users: Option<Vec<_>> =
            watch.user_ids.iter().map(|id| parse_id(id).map(UserId)).collect();
        let asked = users.ok_or_else(not_a_fellow).and_then(|mut others| {
            others.sort_unstable();
            others.dedup();
            let by =
                AskedBy { event: "watch-presence", room: None, reference, outlet: self.outlet };
            let number = self.next_number();
            let question = Question::AreFellows { user: self.user, others };
            self.inquire(Inquiry { question, by, number })
        });
        if let Err(refusal) = asked {
            self.refuse(reference, Some("watch-presence"), None, &refusal);
        }
    }

    /// All of `users` may be watched, and are from now on; those before them not any more.
    pub(super) fn may_watch(&mut self, by: AskedBy, number: u32, users: Vec<UserId>) {
        let watching = self.traces.get_or_insert_default().watching.get_or_insert_default();
        // A list that was sent later is in its place already where that was answered sooner.
        let is_last = watching.number < number;
        let former = if is_last {
            watching.number = number;
            std::mem::replace(&mut watching.users, users.clone())
        } else {
            users.clone()
        };
        let kept = &watching.users;
        let gone: Vec<_> = former.into_iter().filter(|user| !kept.contains(user)).collect();
        self.ask_who_is_online(Some(by), number, users);
        if !gone.is_empty() {
            self.effects.push_back(Effect::Unwatch(self.outlet, gone));
        }
    }

    fn ask_who_is_online(&mut self, by: Option<AskedBy>, number: u32, users: Vec<UserId>) {
        let (missing, online) = (users.len(), BTreeMap::new());
        let watching = self.traces.get_or_insert_default().watching.get_or_insert_default();
        watching.asked.push(Asked { number, by, missing, online });
        if missing > 0 {
            self.effects.push_back(Effect::Watch(Watch { watcher: self.outlet, users, number }));
        } else {
            self.tell_online(number);
        }
    }

    /// One of those who know has answered.
    pub(super) fn online(&mut self, answer: Online) {
        let Some(asked) = self.asked_mut().iter_mut().find(|asked| asked.number == answer.number)
        else {
            return;
        };
        asked.missing = asked.missing.saturating_sub(answer.users.len());
        // Who has come or gone since is here already.
        for (user, is_online) in answer.users {
            asked.online.entry(user).or_insert(is_online);
        }
        if asked.missing == 0 {
            self.tell_online(answer.number);
        }
    }

    fn tell_online(&mut self, number: u32) {
        let asked = self.asked_mut();
        let Some(place) = asked.iter().position(|asked| asked.number == number) else { return };
        let Asked { by, online, .. } = asked.remove(place);
        let Some(by) = by else {
            for (user, is_online) in online {
                self.tell_presence(user, is_online);
            }
            return;
        };
        let ids: Vec<_> = online.into_iter().map(|(user, is)| (format_id(user.0), is)).collect();
        let online = ids.iter().map(|(id, is_online)| (id.as_str(), *is_online)).collect();
        self.acknowledge(by.reference, &PresenceWatched { online });
    }

    /// One whom it watches has come or gone.
    pub(super) fn presence_changed(&mut self, user: UserId, is_online: bool) {
        let mut is_told_soon = false;
        for asked in self.asked_mut() {
            // Whoever knows of them has answered already; those who have not know no better.
            if let Some(known) = asked.online.get_mut(&user) {
                *known = is_online;
                is_told_soon = true;
            }
        }
        if !is_told_soon && self.watched().contains(&user) {
            self.tell_presence(user, is_online);
        }
    }

    fn tell_presence(&mut self, user: UserId, online: bool) {
        let user_id = format_id(user.0);
        self.send(&ServerEvent::Presence(&Presence { user_id: &user_id, online }), false);
    }

    fn asked_mut(&mut self) -> &mut Vec<Asked> {
        &mut self.traces.get_or_insert_default().watching.get_or_insert_default().asked
    }

    /// Whom it watches.
    pub(crate) fn watched(&self) -> Vec<UserId> {
        let watching = self.traces.as_ref().and_then(|traces| traces.watching.as_ref());
        watching.map(|watching| watching.users.clone()).unwrap_or_default()
    }
}
