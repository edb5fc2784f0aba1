//! Values in numbered slots, and chains through them: insertion and removal cost the same however
//! many there are, and nothing is allocated once the slots are there.

use std::ops::{Index, IndexMut};

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// Fewer slots than these are kept when the last value goes.
const KEPT_MAX: usize = 1_024;

/// Values by slot. A slot is given again after its value has gone.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(value);
            return slot;
        }
        let slot = u32::try_from(self.slots.len()).expect("no more than fit into memory");
        assert_ne!(slot, NONE, "no more than fit into memory");
        self.slots.push(Some(value));
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let place = &mut self.slots[slot as usize];
        assert!(place.is_some(), "only what is there is removed");
        *place = None;
        self.free.push(slot);
        if self.free.len() == self.slots.len() && self.slots.len() > KEPT_MAX {
            *self = Self::default();
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.slots).filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, slot: u32) -> &T {
        self.slots[slot as usize].as_ref().expect("only what is there is looked at")
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, slot: u32) -> &mut T {
        self.slots[slot as usize].as_mut().expect("only what is there is looked at")
    }
}

/// The neighbours of a value in a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    prev: u32,
    next: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { prev: NONE, next: NONE }
    }
}

/// A value that can be in as many chains at once as it has links.
pub(crate) trait Linked {
    fn link(&self, which: usize) -> &Link;
    fn link_mut(&mut self, which: usize) -> &mut Link;
}

/// The ends of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    head: u32,
    tail: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Chain {
    pub(crate) const EMPTY: Self = Self { head: NONE, tail: NONE };

    pub(crate) fn first(self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.head == NONE
    }

    /// Whether nobody is in it but `slot`, which is.
    pub(crate) fn is_only(self, slot: u32) -> bool {
        self.head == slot && self.tail == slot
    }

    pub(crate) fn push<T: Linked>(&mut self, slab: &mut Slab<T>, which: usize, slot: u32) {
        self.insert_after(slab, which, self.tail, slot);
    }

    /// Puts `slot` behind the last one that `comes_before` it. Walks from the end: who comes last
    /// costs one step.
    pub(crate) fn insert<T: Linked>(
        &mut self,
        slab: &mut Slab<T>,
        which: usize,
        slot: u32,
        comes_before: impl Fn(&T, &T) -> bool,
    ) {
        let mut prev = self.tail;
        while prev != NONE && !comes_before(&slab[prev], &slab[slot]) {
            prev = slab[prev].link(which).prev;
        }
        self.insert_after(slab, which, prev, slot);
    }

    fn insert_after<T: Linked>(&mut self, slab: &mut Slab<T>, which: usize, prev: u32, slot: u32) {
        let next = if prev == NONE { self.head } else { slab[prev].link(which).next };
        *slab[slot].link_mut(which) = Link { prev, next };
        match prev {
            NONE => self.head = slot,
            _ => slab[prev].link_mut(which).next = slot,
        }
        match next {
            NONE => self.tail = slot,
            _ => slab[next].link_mut(which).prev = slot,
        }
    }

    pub(crate) fn remove<T: Linked>(&mut self, slab: &mut Slab<T>, which: usize, slot: u32) {
        let Link { prev, next } = *slab[slot].link(which);
        match prev {
            NONE => self.head = next,
            _ => slab[prev].link_mut(which).next = next,
        }
        match next {
            NONE => self.tail = prev,
            _ => slab[next].link_mut(which).prev = prev,
        }
    }

    pub(crate) fn iter<T: Linked>(self, slab: &Slab<T>, which: usize) -> Walk<'_, T> {
        Walk { slab, which, next: self.head }
    }
}

/// The slots of a chain, first to last.
pub(crate) struct Walk<'a, T> {
    slab: &'a Slab<T>,
    which: usize,
    next: u32,
}

impl<T: Linked> Iterator for Walk<'_, T> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let slot = self.next;
        if slot == NONE {
            return None;
        }
        self.next = self.slab[slot].link(self.which).next;
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item(u32, [Link; 1]);

    impl Linked for Item {
        fn link(&self, which: usize) -> &Link {
            &self.1[which]
        }

        fn link_mut(&mut self, which: usize) -> &mut Link {
            &mut self.1[which]
        }
    }

    #[test]
    fn a_chain_keeps_its_order_through_insertions_and_removals() {
        let (mut slab, mut chain, mut slots) = (Slab::default(), Chain::default(), Vec::new());
        for value in [3, 1, 4, 1, 5, 9, 2, 6] {
            let slot = slab.insert(Item(value, Default::default()));
            chain.insert(&mut slab, 0, slot, |before, after| before.0 <= after.0);
            slots.push(slot);
        }
        let values = |chain: Chain, slab: &Slab<Item>| -> Vec<u32> {
            chain.iter(slab, 0).map(|slot| slab[slot].0).collect()
        };
        assert_eq!(values(chain, &slab), [1, 1, 2, 3, 4, 5, 6, 9]);
        for at in [1, 5, 2] {
            chain.remove(&mut slab, 0, slots[at]);
            slab.remove(slots[at]);
        }
        assert_eq!(values(chain, &slab), [1, 2, 3, 5, 6]);
        assert_eq!(slab.insert(Item(7, Default::default())), slots[2], "a slot is given again");
    }

    #[test]
    fn many_slots_are_given_back_when_the_last_value_goes() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..5_000).map(|value| slab.insert(value)).collect();
        slots.into_iter().for_each(|slot| {
            slab.remove(slot);
        });
        assert_eq!((slab.len(), slab.slots.capacity(), slab.free.capacity()), (0, 0, 0));
    }
}
