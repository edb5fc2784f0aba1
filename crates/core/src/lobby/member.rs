//! A session that the Lobby knows, and what it remembers of its calls.

use std::time::Duration;

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
    /// Interests, then languages. In the record itself: whoever is looked at has theirs looked at.
    words: [WordId; Self::MAX],
    interest_count: u8,
    count: u8,
}

impl Topics {
    const MAX: usize = Wishes::INTERESTS_MAX + Wishes::LANGUAGES_MAX;

    pub(super) fn interests(&self) -> &[WordId] {
        &self.words[..usize::from(self.interest_count)]
    }

    pub(super) fn languages(&self) -> &[WordId] {
        &self.words[usize::from(self.interest_count)..usize::from(self.count)]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes over other wishes; says whether they are other ones indeed.
    pub(super) fn replace(&mut self, wishes: Option<&Wishes>, words: &mut Words) -> bool {
        if self.is_empty() && wishes.is_none_or(Wishes::is_empty) {
            return false;
        }
        let mut fresh = Self::default();
        if let Some(wishes) = wishes {
            let interests = wishes.interests.iter().take(Wishes::INTERESTS_MAX);
            interests.for_each(|text| fresh.add(words.take_up(text)));
            fresh.interest_count = fresh.count;
            let languages = wishes.languages.iter().take(Wishes::LANGUAGES_MAX);
            languages.for_each(|text| fresh.add(words.take_up(text)));
        }
        let is_same =
            (self.interests(), self.languages()) == (fresh.interests(), fresh.languages());
        let former = std::mem::replace(self, fresh);
        former.words[..usize::from(former.count)].iter().for_each(|word| words.put_back(*word));
        !is_same
    }

    fn add(&mut self, word: WordId) {
        self.words[usize::from(self.count)] = word;
        self.count += 1;
    }
}
