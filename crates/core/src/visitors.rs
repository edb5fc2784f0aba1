//! Visitors as small numbers, as long as a session or a memory speaks of them.

use crate::{
    IdMap, UserId,
    meetings::Tally,
    slab::{Chain, Slab},
};

#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) user: UserId,
    /// How many have been matched with them; wraps around.
    pub(crate) meetings: u32,
    /// Whether a block may concern them.
    pub(crate) is_in_blocks: bool,
    /// Their sessions that wait and are there, by mode; who asked first is first.
    pub(crate) tabs: [Chain; 3],
    pub(crate) tab_count: u32,
    uses: u32,
}

/// The visitors that something speaks of.
#[derive(Debug, Default)]
pub(crate) struct Visitors {
    slots: IdMap<UserId, u32>,
    pub(crate) visitors: Slab<Visitor>,
}

impl Visitors {
    /// The slot of `user`, of whom something more speaks.
    pub(crate) fn take_up(&mut self, user: UserId, is_in_blocks: bool) -> u32 {
        if let Some(slot) = self.slots.get(&user) {
            self.visitors[*slot].uses += 1;
            return *slot;
        }
        let slot = self.visitors.insert(Visitor {
            user,
            meetings: 0,
            is_in_blocks,
            tabs: Default::default(),
            tab_count: 0,
            uses: 1,
        });
        self.slots.insert(user, slot);
        slot
    }

    /// Something more speaks of the visitor in `slot`.
    pub(crate) fn speak_of(&mut self, slot: u32) {
        self.visitors[slot].uses += 1;
    }

    /// And something less.
    pub(crate) fn put_back(&mut self, slot: u32) {
        let visitor = &mut self.visitors[slot];
        visitor.uses -= 1;
        if visitor.uses == 0 {
            let user = visitor.user;
            self.slots.remove(&user);
            self.visitors.remove(slot);
            if self.slots.is_empty() && self.slots.capacity() > 4_096 {
                self.slots = IdMap::default();
            }
        }
    }

    pub(crate) fn slot(&self, user: UserId) -> Option<u32> {
        self.slots.get(&user).copied()
    }

    pub(crate) fn tally(&self, slot: u32) -> Tally {
        Tally { visitor: slot, meetings: self.visitors[slot].meetings }
    }

    /// How often each is spoken of.
    #[cfg(test)]
    pub(crate) fn uses(&self) -> std::collections::HashMap<u32, u32> {
        assert_eq!(self.slots.len(), self.visitors.len());
        self.visitors.iter().map(|(slot, visitor)| (slot, visitor.uses)).collect()
    }
}
