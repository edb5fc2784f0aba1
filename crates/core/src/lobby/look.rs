//! Looking for a partner.
//!
//! Two may meet where they share a key (see [`crate::index`]) and nothing keeps them apart: they are
//! not one visitor, neither has blocked the other, and they have not met lately or are willing to
//! meet again. Of those, whoever has most in common comes first, and then whoever came first.

use std::cmp::Reverse;

use super::{Lobby, Stance, Step, Ticket};
use crate::{
    Moment,
    index::Key,
    slab::NONE,
    words::{ANY, WordId},
};

/// How many that may be met are compared under one key. There is hardly ever more than one.
const COMPARED_MAX: usize = 4;

impl Lobby {
    /// The best partner for a member that stands so.
    pub(super) fn find(&self, member: u32, stance: Stance) -> Option<u32> {
        let own = &self.members[member];
        if own.topics.is_empty() {
            let key = Key::of_the_open(own.mode);
            return self.index.under(key).find(|other| self.may_meet(member, stance, *other));
        }
        let mut best = None;
        for_each_key(
            own.topics.interests(),
            own.topics.languages(),
            self.needs(member, stance.step),
            |interest, language| {
                // Whoever shares an interest comes before all who share none.
                if interest == ANY && best.is_some() {
                    return;
                }
                let key = Key::new(own.mode, interest, language);
                let others =
                    self.index.under(key).filter(|other| self.may_meet(member, stance, *other));
                for other in others.take(COMPARED_MAX) {
                    let score =
                        (self.in_common(member, other), Reverse(self.tickets[other].place.rank));
                    if best.is_none_or(|(best, _)| score > best) {
                        best = Some((score, other));
                    }
                }
            },
        );
        best.map(|(_, other)| other)
    }

    /// Lets the holder of a ticket look for a partner, and meet them.
    pub(super) fn look_for(&mut self, ticket: u32, now: Moment) {
        let Ticket { member, stance, is_listed, .. } = self.tickets[ticket];
        if !is_listed {
            return;
        }
        if let Some(other) = self.find(member, stance) {
            let parties = [member, self.tickets[other].member];
            let places = parties.map(|party| self.leave_queue(party));
            self.open_room(parties, places, now);
        }
    }

    /// Lets all look who may have found somebody through what happened to others.
    pub(super) fn look_again(&mut self, now: Moment) {
        while let Some((ticket, number)) = self.to_look.pop() {
            if self.tickets.get(ticket).is_some_and(|held| held.place.number == number) {
                self.look_for(ticket, now);
            }
        }
    }

    /// The sessions of a visitor are to look again.
    pub(super) fn let_look(&mut self, visitor: u32) {
        let visitor = &self.visitors.visitors[visitor];
        if visitor.tab_count == 0 {
            return;
        }
        for tabs in visitor.tabs {
            let listed = tabs.iter(&self.tickets, super::TABS);
            let listed = listed.take_while(|ticket| self.tickets[*ticket].is_listed);
            self.to_look.extend(listed.map(|ticket| (ticket, self.tickets[ticket].place.number)));
        }
    }

    /// A meeting no longer keeps two apart.
    pub(super) fn forget_meeting(&mut self, visitors: [u32; 2]) {
        // One of the two is enough, for it finds the other.
        self.let_look(visitors[0]);
        self.visitors.forget(visitors);
    }

    /// Whether a partner must share an interest, and a language.
    pub(super) fn needs(&self, member: u32, step: Step) -> (bool, bool) {
        let topics = &self.members[member].topics;
        let interest = step == Step::Nothing && !topics.interests().is_empty();
        (interest, step < Step::Languages && !topics.languages().is_empty())
    }

    /// Puts a ticket under the keys of what its holder would agree to.
    pub(super) fn list(&mut self, ticket: u32) {
        let Ticket { member, mode, place, stance, .. } = self.tickets[ticket];
        let needs = self.needs(member, stance.step);
        let Self { members, index, .. } = self;
        let topics = &members[member].topics;
        let mut stands = NONE;
        for_each_key(topics.interests(), topics.languages(), needs, |interest, language| {
            stands = index.add(stands, ticket, place.rank, Key::new(mode, interest, language));
        });
        let held = &mut self.tickets[ticket];
        (held.stands, held.is_listed) = (stands, true);
        self.modes[mode as usize].listed += 1;
    }

    /// Undoes [`Lobby::list`].
    pub(super) fn unlist(&mut self, ticket: u32) {
        let held = &mut self.tickets[ticket];
        held.is_listed = false;
        self.modes[held.mode as usize].listed -= 1;
        self.index.remove(std::mem::replace(&mut held.stands, NONE));
    }

    /// Whether nothing keeps the two apart but what they look for.
    fn may_meet(&self, member: u32, stance: Stance, ticket: u32) -> bool {
        let other = &self.tickets[ticket];
        if other.member == member {
            return false;
        }
        let visitors = [self.members[member].visitor, other.visitor];
        let [one, two] = visitors;
        if one == two {
            return self.policy.same_visitor;
        }
        let are_willing = (stance.again && other.stance.is_resigned)
            || (other.stance.again && stance.is_resigned);
        (are_willing || !self.visitors.have_met(visitors)) && !self.is_blocked(visitors)
    }

    /// Whether either of two visitors has blocked the other.
    pub(super) fn is_blocked(&self, visitors: [u32; 2]) -> bool {
        let [one, two] = visitors.map(|visitor| &self.visitors.visitors[visitor]);
        one.is_in_blocks && two.is_in_blocks && self.blocks.keep_apart(one.user, two.user)
    }

    /// How many interests the two share, and whether they share a language.
    fn in_common(&self, member: u32, ticket: u32) -> (usize, bool) {
        let own = &self.members[member].topics;
        let other = &self.members[self.tickets[ticket].member].topics;
        let shared = |own: &[WordId], other: &[WordId]| {
            own.iter().filter(|word| other.contains(word)).count()
        };
        let languages = shared(own.languages(), other.languages());
        (shared(own.interests(), other.interests()), languages > 0)
    }
}

/// Every key's words: the interests, and any interest where none is needed, with the languages, and
/// any language where none is needed.
fn for_each_key(
    interests: &[WordId],
    languages: &[WordId],
    (needs_interest, needs_language): (bool, bool),
    mut act: impl FnMut(WordId, WordId),
) {
    let any_interest = (!needs_interest).then_some(ANY);
    let any_language = (!needs_language).then_some(ANY);
    for interest in interests.iter().copied().chain(any_interest) {
        for language in languages.iter().copied().chain(any_language) {
            act(interest, language);
        }
    }
}
