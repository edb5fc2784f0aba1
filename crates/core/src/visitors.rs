//! Visitors as small numbers, as long as a session or a memory speaks of them.

use crate::{
    UserId,
    partners::Partners,
    slab::{Chain, Slab},
    table::Table,
};

#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) user: UserId,
    /// Whether a block may concern them.
    pub(crate) is_in_blocks: bool,
    /// Their sessions that wait and are there, by mode; who asked first is first.
    pub(crate) tabs: [Chain; 3],
    pub(crate) tab_count: u32,
    pub(crate) partners: Partners,
    /// How many sessions are theirs.
    session_count: u32,
}

/// The visitors that something speaks of.
#[derive(Debug, Default)]
pub(crate) struct Visitors {
    slots: Table<u32>,
    pub(crate) visitors: Slab<Visitor>,
}

impl Visitors {
    /// The slot of `user`, of whom there is one session more.
    pub(crate) fn take_up(&mut self, user: UserId, is_in_blocks: bool) -> u32 {
        if let Some(slot) = self.slot(user) {
            self.visitors[slot].session_count += 1;
            return slot;
        }
        let slot = self.visitors.insert(Visitor {
            user,
            is_in_blocks,
            tabs: Default::default(),
            tab_count: 0,
            partners: Partners::default(),
            session_count: 1,
        });
        self.slots.add(key(user), slot);
        slot
    }

    /// And one less.
    pub(crate) fn put_back(&mut self, slot: u32) {
        self.visitors[slot].session_count -= 1;
        self.let_go(slot);
    }

    /// Two have met; each keeps only the last `window` partners.
    pub(crate) fn remember(&mut self, visitors: [u32; 2], window: u32) {
        let [one, other] = visitors;
        for (visitor, partner) in [(one, other), (other, one)] {
            self.visitors[visitor].partners.add(partner, window);
        }
    }

    /// The oldest meeting of either that is remembered is forgotten; it is the same one.
    pub(crate) fn forget(&mut self, visitors: [u32; 2]) {
        for visitor in visitors {
            self.visitors[visitor].partners.forget_oldest();
            self.let_go(visitor);
        }
    }

    /// Whether two have met so lately that they are not to meet again: whether either is one of the
    /// other's last partners.
    pub(crate) fn have_met(&self, [one, other]: [u32; 2]) -> bool {
        let own = &self.visitors[one].partners;
        // Most are no partners of anybody, and who remembers every meeting remembers theirs.
        own.contain(other) || !own.are_all() && self.visitors[other].partners.contain(one)
    }

    pub(crate) fn slot(&self, user: UserId) -> Option<u32> {
        let place = self.slots.find(key(user), |slot| self.visitors[slot].user == user)?;
        Some(self.slots.value(place))
    }

    /// Forgets the visitor, unless something speaks of them.
    fn let_go(&mut self, slot: u32) {
        let visitor = &self.visitors[slot];
        if visitor.session_count > 0 || visitor.partners.remembered() > 0 {
            return;
        }
        let place = self.slots.find(key(visitor.user), |other| other == slot);
        self.slots.vacate(place.expect("a visitor is found by their id"));
        self.visitors.remove(slot);
    }

    /// How many sessions each has, and their last partners, the oldest first.
    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, u32, u32, Vec<u32>)> + '_ {
        assert_eq!(self.slots.len(), self.visitors.len());
        self.visitors.iter().map(|(slot, visitor)| {
            let partners = &visitor.partners;
            (slot, visitor.session_count, partners.remembered(), partners.to_vec())
        })
    }
}

/// Both halves of an id; it is 128 random bits.
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
fn key(UserId(id): UserId) -> u64 {
    let [low, high] = [id, id >> 64].map(|half| half as u64);
    low ^ high
}
