//! Those waiting, by what they would agree to.
//!
//! Everybody stands under keys of one interest (or any) and one language (or any), such that two
//! accept each other exactly where they share a key. Since whoever could meet has met, those under
//! one key exclude each other pairwise, so a chain is never longer than exclusions make it: with at
//! most `k` exclusions a visitor, `2 k + 1`, however many wait.

use crate::{
    Mode,
    slab::{Chain, Link, Linked, NONE, Slab},
    table::{Table, Vacant},
    words::{ANY, WordId},
};

/// A mode, an interest or [`ANY`], and a language or [`ANY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u64);

impl Key {
    pub(crate) fn new(mode: Mode, interest: WordId, language: WordId) -> Self {
        let words = u64::from(interest) << 31 | u64::from(language);
        Self((mode as u64) << 62 | words)
    }

    /// Those who accept anybody.
    pub(crate) fn of_the_open(mode: Mode) -> Self {
        Self::new(mode, ANY, ANY)
    }

    /// The mode, where the key is of those who accept anybody.
    fn mode_of_the_open(self) -> Option<usize> {
        let is_open = self.0 & (u64::MAX >> 2) == 0;
        is_open.then(|| usize::from((self.0 >> 62) as u8))
    }
}

#[derive(Debug)]
struct Stand {
    ticket: u32,
    /// The next stand of the same ticket.
    sibling: u32,
    rank: u64,
    key: Key,
    link: Link,
}

impl Linked for Stand {
    fn link(&self, _: usize) -> &Link {
        &self.link
    }

    fn link_mut(&mut self, _: usize) -> &mut Link {
        &mut self.link
    }
}

impl Vacant for Chain {
    const VACANT: Self = Self::EMPTY;

    fn is_vacant(self) -> bool {
        self.is_empty()
    }
}

/// Chains of tickets by key, each in the order of rank.
#[derive(Debug, Default)]
pub(crate) struct Index {
    open: [Chain; 3],
    open_count: [usize; 3],
    chains: Table<Chain>,
    stands: Slab<Stand>,
}

impl Index {
    /// Puts a ticket under one more key; `first` is its newest stand, or [`NONE`].
    pub(crate) fn add(&mut self, first: u32, ticket: u32, rank: u64, key: Key) -> u32 {
        let link = Link::default();
        let stand = self.stands.insert(Stand { ticket, sibling: first, rank, key, link });
        let chain = match key.mode_of_the_open() {
            Some(mode) => {
                self.open_count[mode] += 1;
                &mut self.open[mode]
            }
            None => self.chains.entry(key.0),
        };
        chain.insert(&mut self.stands, 0, stand, |before, after| before.rank < after.rank);
        stand
    }

    /// Takes a ticket away from all its keys.
    pub(crate) fn remove(&mut self, first: u32) {
        let mut next = first;
        while next != NONE {
            let Stand { key, sibling, .. } = self.stands[next];
            match key.mode_of_the_open() {
                Some(mode) => {
                    self.open_count[mode] -= 1;
                    self.open[mode].remove(&mut self.stands, 0, next);
                }
                None => self.remove_from_chain(key, next),
            }
            self.stands.remove(next);
            next = sibling;
        }
    }

    fn remove_from_chain(&mut self, key: Key, stand: u32) {
        let place = self.chains.find(key.0, |_| true).expect("a stand is in a chain");
        let chain = self.chains.value_mut(place);
        // One that stands alone takes its chain along.
        if chain.is_only(stand) {
            self.chains.vacate(place);
        } else {
            chain.remove(&mut self.stands, 0, stand);
        }
    }

    /// The tickets under `key`, by rank.
    pub(crate) fn under(&self, key: Key) -> impl Iterator<Item = u32> + '_ {
        let chain = match key.mode_of_the_open() {
            Some(mode) => self.open[mode],
            None => self.chains.get(key.0).unwrap_or_default(),
        };
        chain.iter(&self.stands, 0).map(|stand| self.stands[stand].ticket)
    }

    /// How many accept anybody.
    pub(crate) fn open_count(&self, mode: Mode) -> usize {
        self.open_count[mode as usize]
    }

    /// How many places there are, of all tickets together.
    pub(crate) fn len(&self) -> usize {
        self.stands.len()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.chains.len() == 0 && self.stands.len() == 0 && self.open_count == [0; 3]
    }

    /// The ranks under each key.
    #[cfg(test)]
    pub(crate) fn ranks(&self) -> impl Iterator<Item = (Key, Vec<u64>)> + '_ {
        self.chains.iter().map(|(key, chain)| {
            (Key(key), chain.iter(&self.stands, 0).map(|stand| self.stands[stand].rank).collect())
        })
    }

    /// The keys of a ticket.
    #[cfg(test)]
    pub(crate) fn keys(&self, first: u32) -> Vec<Key> {
        let next = |stand: &u32| Some(self.stands[*stand].sibling).filter(|next| *next != NONE);
        let stands = std::iter::successors((first != NONE).then_some(first), next);
        stands.map(|stand| self.stands[stand].key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_apart_and_chains_are_by_rank() {
        let mut index = Index::default();
        let chess = Key::new(Mode::Video, 1, ANY);
        let open = Key::of_the_open(Mode::Video);
        let mut firsts = Vec::new();
        for (ticket, rank) in [(7, 70), (8, 20), (9, 50)] {
            let first = index.add(NONE, ticket, rank, chess);
            firsts.push(index.add(first, ticket, rank, open));
        }
        let under = |index: &Index, key| index.under(key).collect::<Vec<_>>();
        assert_eq!(under(&index, chess), [8, 9, 7]);
        assert_eq!((under(&index, open), index.open_count(Mode::Video)), (vec![8, 9, 7], 3));
        for key in [
            Key::new(Mode::Text, 1, ANY),
            Key::new(Mode::Video, ANY, 1),
            Key::new(Mode::Video, 1, 1),
            Key::of_the_open(Mode::Audio),
        ] {
            assert_eq!(under(&index, key), [0; 0], "{key:?}");
        }
        index.remove(firsts[1]);
        assert_eq!(under(&index, chess), [9, 7]);
        index.remove(firsts[0]);
        index.remove(firsts[2]);
        assert!(index.is_empty());
    }
}
