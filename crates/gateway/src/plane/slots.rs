//! Slots for connections, in blocks that never move: no copying and no slack when they grow.

/// Slots per block.
const BLOCK: usize = 256;

/// A list of slots; a free one is reused, the last freed first.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    /// The generation that each slot begins with.
    first_generation: u32,
    blocks: Vec<Box<[Slot<T>]>>,
    free: Vec<u32>,
    len: usize,
}

#[derive(Debug)]
struct Slot<T> {
    /// Rises whenever the slot is freed, so that an old id finds nothing.
    generation: u32,
    value: Option<T>,
}

/// Which slot, and which of those that have been in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Self {
        Self::beginning_with(0)
    }

    /// Slots that do not give again what others have given below this generation.
    pub(crate) fn beginning_with(first_generation: u32) -> Self {
        Self { first_generation, blocks: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// No key has had a greater generation.
    pub(crate) fn generation(&self) -> u32 {
        let generations = self.blocks.iter().flatten().map(|slot| slot.generation);
        generations.max().unwrap_or(0).max(self.first_generation)
    }

    pub(crate) fn insert(&mut self, value: T) -> Key {
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        let place = self.slot_mut(slot).expect("a free slot is there");
        place.value = Some(value);
        let key = Key { slot, generation: place.generation };
        self.len += 1;
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        let slot = self.blocks.get(key.slot as usize / BLOCK)?.get(key.slot as usize % BLOCK)?;
        slot.value.as_ref().filter(|_| slot.generation == key.generation)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slot_mut(key.slot)?;
        slot.value.as_mut().filter(|_| slot.generation == key.generation)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slot_mut(key.slot)?;
        if slot.generation != key.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(key.slot);
        self.len -= 1;
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten().filter_map(|slot| slot.value.as_ref())
    }

    fn grow(&mut self) -> u32 {
        let first = u32::try_from(self.blocks.len() * BLOCK).expect("no node has so many");
        self.blocks.push(
            (0..BLOCK).map(|_| Slot { generation: self.first_generation, value: None }).collect(),
        );
        let last = first + u32::try_from(BLOCK).expect("a block is small") - 1;
        self.free.extend((first + 1..=last).rev());
        first
    }

    fn slot_mut(&mut self, slot: u32) -> Option<&mut Slot<T>> {
        self.blocks.get_mut(slot as usize / BLOCK)?.get_mut(slot as usize % BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_finds_nothing_in_a_slot_that_is_used_again() {
        let mut slots = Slots::new();
        let old = slots.insert("old");
        assert_eq!(slots.remove(old), Some("old"));
        let new = slots.insert("new");
        assert_eq!(new.slot, old.slot);
        assert_eq!((slots.get(old), slots.get(new)), (None, Some(&"new")));
        assert_eq!(slots.remove(old), None);
        assert_eq!(slots.len, 1);
    }

    #[test]
    fn those_that_go_on_give_no_key_again() {
        let mut former = Slots::new();
        let mut given = std::collections::HashSet::new();
        for turn in 0..600 {
            let key = former.insert(turn);
            given.insert(key);
            if turn % 3 == 0 {
                former.remove(key);
            }
        }
        let mut slots = Slots::beginning_with(former.generation() + 1);
        assert!((0..600).all(|turn| !given.contains(&slots.insert(turn))));
        assert_eq!(Slots::<u32>::beginning_with(7).generation(), 7);
    }

    #[test]
    fn it_grows_and_keeps_what_is_there() {
        let mut slots = Slots::new();
        let keys: Vec<Key> = (0..1_000).map(|n| slots.insert(n)).collect();
        assert!(keys.iter().enumerate().all(|(n, key)| slots.get(*key) == Some(&n)));
        for key in &keys[..500] {
            slots.remove(*key);
        }
        assert_eq!(slots.len, 500);
    }
}
