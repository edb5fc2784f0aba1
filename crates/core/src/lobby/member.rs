//! A session that the Lobby knows, and what it remembers of its calls.

use std::{sync::Arc, time::Duration};

use super::Mode;
use crate::{
    Moment, RecentRooms, RoomId, SessionKey, UserId,
    words::{WordId, Words},
};

/// What a visitor would like of a partner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What they like to talk about, each once. The first [`Wishes::INTERESTS_MAX`] count.
    pub interests: Vec<String>,
    /// What they speak, each once. The first [`Wishes::LANGUAGES_MAX`] count.
    pub languages: Vec<String>,
}

impl Wishes {
    /// Interests by which a partner is looked for.
    pub const INTERESTS_MAX: usize = 16;
    /// Languages by which a partner is looked for.
    pub const LANGUAGES_MAX: usize = 8;

    /// Whether anybody would do from the start.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interests.is_empty() && self.languages.is_empty()
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Standing {
    Idle,
    /// With a ticket in this slot.
    Waiting(u32),
    /// With the member in that slot.
    InRoom(RoomId, u32),
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) session: SessionKey,
    pub(super) visitor: u32,
    pub(super) mode: Mode,
    pub(super) auto_next: bool,
    pub(super) is_away: bool,
    pub(super) standing: Standing,
    pub(super) topics: Topics,
    pub(super) past: RecentRooms,
    pub(super) parting: Option<Parting>,
}

/// How the last call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parting {
    pub(super) room: RoomId,
    pub(super) mode: Mode,
    pub(super) partner: SessionKey,
    pub(super) partner_user: UserId,
    pub(super) at: Moment,
    /// Whether this one left the other.
    pub(super) is_leaver: bool,
    /// Until when it asks for the partner back, where it does.
    pub(super) asks_until: Option<Moment>,
}

impl Parting {
    /// For how long after a call one may go back.
    pub(super) const TIME: Duration = Duration::from_secs(30);
}

/// Wishes as numbers. Empty while the member neither waits nor talks.
#[derive(Debug, Default)]
pub(super) struct Topics {
    pub(super) wishes: Option<Arc<Wishes>>,
    words: Vec<WordId>,
    interest_count: usize,
}

impl Topics {
    pub(super) fn interests(&self) -> &[WordId] {
        &self.words[..self.interest_count]
    }

    pub(super) fn languages(&self) -> &[WordId] {
        &self.words[self.interest_count..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Takes over other wishes; says whether they are other ones indeed.
    pub(super) fn replace(&mut self, wishes: Option<Arc<Wishes>>, words: &mut Words) -> bool {
        let wishes = wishes.filter(|wishes| !wishes.is_empty());
        let are_both_none = self.wishes.is_none() && wishes.is_none();
        if are_both_none || self.wishes == wishes {
            return false;
        }
        self.words.drain(..).for_each(|word| words.put_back(word));
        self.interest_count = 0;
        if let Some(wishes) = &wishes {
            let interests = wishes.interests.iter().take(Wishes::INTERESTS_MAX);
            let languages = wishes.languages.iter().take(Wishes::LANGUAGES_MAX);
            self.interest_count = interests.len();
            self.words.extend(interests.chain(languages).map(|text| words.take_up(text)));
        }
        self.wishes = wishes;
        true
    }
}
