//! A map from numbers to small values in one flat array: a look-up reads one cache line in most
//! cases, and a removal leaves nothing behind that would have to be swept later.
//!
//! Open addressing with linear probing; the entries behind a removed one move up (Knuth, "The Art of
//! Computer Programming", 6.4, algorithm R). Where a key is looked for depends on a number that is
//! drawn for each table, so that nobody outside can know which keys come to lie together.

use std::hash::{BuildHasher, RandomState};

/// A value one of which means that there is none.
pub(crate) trait Vacant: Copy {
    const VACANT: Self;

    fn is_vacant(self) -> bool;
}

impl Vacant for u32 {
    const VACANT: Self = crate::slab::NONE;

    fn is_vacant(self) -> bool {
        self == Self::VACANT
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<V> {
    key: u64,
    value: V,
}

/// Values by key.
#[derive(Debug)]
pub(crate) struct Table<V> {
    /// A power of two of them, or none.
    entries: Vec<Entry<V>>,
    len: usize,
    seed: u64,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), len: 0, seed: RandomState::new().hash_one(0) }
    }
}

impl<V: Vacant> Table<V> {
    /// The fewest entries that are taken at once.
    const MIN: usize = 16;
    /// More entries are given back when the last value goes.
    const KEPT_MAX: usize = 4_096;

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: u64) -> Option<V> {
        self.find(key, |_| true).map(|place| self.value(place))
    }

    /// Where the value of `key` is that `is_it`; good until something is added or removed.
    #[inline]
    pub(crate) fn find(&self, key: u64, is_it: impl Fn(V) -> bool) -> Option<usize> {
        let mut place = self.home(key);
        loop {
            let Entry { key: found, value } = *self.entries.get(place)?;
            if value.is_vacant() {
                return None;
            }
            if found == key && is_it(value) {
                return Some(place);
            }
            place = self.after(place);
        }
    }

    /// The value of `key`, which is vacant where it was not there: then the caller fills it.
    pub(crate) fn entry(&mut self, key: u64) -> &mut V {
        let place = self.find(key, |_| true).unwrap_or_else(|| self.claim(key));
        &mut self.entries[place].value
    }

    /// Adds a value, beside any others of the same key.
    pub(crate) fn add(&mut self, key: u64, value: V) {
        let place = self.claim(key);
        self.entries[place].value = value;
    }

    /// The value in a place that was found.
    pub(crate) fn value(&self, place: usize) -> V {
        self.entries[place].value
    }

    /// The value in a place that was found; it is not to be made vacant.
    pub(crate) fn value_mut(&mut self, place: usize) -> &mut V {
        &mut self.entries[place].value
    }

    /// Removes the value in a place that was found.
    pub(crate) fn vacate(&mut self, mut gap: usize) {
        self.len -= 1;
        if self.len == 0 && self.entries.len() > Self::KEPT_MAX {
            self.entries = Vec::new();
            return;
        }
        let mut place = gap;
        loop {
            place = self.after(place);
            let entry = self.entries[place];
            if entry.value.is_vacant() {
                break;
            }
            // It may move up unless that would be before the place where it is looked for first.
            let mask = self.entries.len() - 1;
            let from_home = place.wrapping_sub(self.home(entry.key)) & mask;
            if from_home >= place.wrapping_sub(gap) & mask {
                self.entries[gap] = entry;
                gap = place;
            }
        }
        self.entries[gap].value = V::VACANT;
    }

    /// A vacant place for one value more.
    fn claim(&mut self, key: u64) -> usize {
        if (self.len + 1) * 8 > self.entries.len() * 5 {
            self.grow();
        }
        self.len += 1;
        let place = self.vacancy(key);
        self.entries[place].key = key;
        place
    }

    fn vacancy(&self, key: u64) -> usize {
        let mut place = self.home(key);
        while !self.entries[place].value.is_vacant() {
            place = self.after(place);
        }
        place
    }

    fn grow(&mut self) {
        let vacant = Entry { key: 0, value: V::VACANT };
        let more = vec![vacant; (self.entries.len() * 2).max(Self::MIN)];
        for entry in std::mem::replace(&mut self.entries, more) {
            if !entry.value.is_vacant() {
                let place = self.vacancy(entry.key);
                self.entries[place] = entry;
            }
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the bits that are left count")]
    fn home(&self, key: u64) -> usize {
        const GOLDEN: u128 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(key ^ self.seed) * GOLDEN;
        let mixed = (product >> 64) as u64 ^ product as u64;
        mixed as usize & self.entries.len().wrapping_sub(1)
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.entries.len() - 1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, V)> + '_ {
        let there = self.entries.iter().filter(|entry| !entry.value.is_vacant());
        there.map(|entry| (entry.key, entry.value))
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn it_is_a_map_through_insertions_and_removals() {
        let (mut table, mut model) = (Table::<u32>::default(), HashMap::new());
        let mut drawn = 1_u64;
        for turn in 0..60_000_u32 {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Few keys, many times each; it fills up and is emptied in turns.
            let key = drawn >> 54;
            let is_adding = drawn >> 20 & 7 < if turn / 4_000 % 2 == 0 { 6 } else { 2 };
            if is_adding {
                *table.entry(key) = turn;
                model.insert(key, turn);
            } else {
                let place = table.find(key, |_| true);
                assert_eq!(place.is_some(), model.remove(&key).is_some());
                place.into_iter().for_each(|place| table.vacate(place));
            }
            assert_eq!(table.len(), model.len());
            if turn % 100 == 0 {
                assert!((0..1_024).all(|key| table.get(key) == model.get(&key).copied()));
            }
        }
        assert_eq!(table.iter().collect::<HashMap<_, _>>(), model);
        assert!(table.capacity() <= 2_048, "{}", table.capacity());
    }

    #[test]
    fn a_key_can_have_several_values() {
        let mut table = Table::<u32>::default();
        (0..40).for_each(|value| table.add(u64::from(value % 2), value));
        let find = |table: &Table<u32>, key, value| table.find(key, |it| it == value);
        assert!((0..40).all(|value| find(&table, u64::from(value % 2), value).is_some()));
        assert_eq!(find(&table, 1, 4), None);
        for value in (0..40).step_by(3) {
            let place = find(&table, u64::from(value % 2), value).unwrap();
            table.vacate(place);
        }
        let is_there = |value| find(&table, u64::from(value % 2), value).is_some();
        assert!((0..40).all(|value| is_there(value) == (value % 3 != 0)));
    }

    #[test]
    fn many_entries_are_given_back_when_the_last_value_goes() {
        let mut table = Table::<u32>::default();
        (0..5_000).for_each(|value| table.add(u64::from(value) << 40, value));
        assert!(table.capacity() >= 8_000);
        for value in 0..5_000_u64 {
            let place = table.find(value << 40, |_| true).unwrap();
            table.vacate(place);
        }
        assert_eq!((table.len(), table.capacity()), (0, 0));
        assert_eq!(table.get(0), None);
    }
}
