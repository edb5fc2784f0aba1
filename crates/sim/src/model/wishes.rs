//! What visitors ask for.

use super::{Model, Terms};

/// The kind of a call, by its name on the wire.
pub(crate) type Mode = &'static str;

/// What a `request-room` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) mode: Mode,
    pub(crate) interests: Vec<&'static str>,
    pub(crate) languages: Vec<&'static str>,
    pub(crate) auto_next: bool,
    pub(crate) again: bool,
}

impl Wish {
    /// Whether somebody who wishes so accepts who wishes that, having waited at least so long.
    fn surely_accepts(&self, other: &Self, waited: u64, terms: &Terms) -> bool {
        let shares = |own: &[&str], theirs: &[&str]| own.iter().any(|it| theirs.contains(it));
        let interests = self.interests.is_empty()
            || waited >= terms.relax_interests
            || shares(&self.interests, &other.interests);
        let languages = self.languages.is_empty()
            || waited >= terms.relax_languages
            || shares(&self.languages, &other.languages);
        interests && languages
    }

    /// Whether both accept each other, the first having waited so long and the second so.
    pub(crate) fn suits(&self, other: &Self, waited: [u64; 2], terms: &Terms) -> bool {
        self.mode == other.mode
            && self.surely_accepts(other, waited[0], terms)
            && other.surely_accepts(self, waited[1], terms)
    }
}

impl Model {
    /// A request was granted.
    pub(super) fn note_wish(&mut self, session: usize, wish: Wish, was_waiting: bool) {
        let now = self.now;
        let own = &mut self.sessions[session];
        // A wish that changes is relaxed from that moment on.
        if !was_waiting || own.wish.as_ref() != Some(&wish) {
            own.asked_at = now;
        }
        own.wish = Some(wish);
        own.is_wish_held = true;
    }
}
