//! Who never wants to meet whom again.
//!
//! Visitors by their lasting ids, for blocks outlive sessions. What is here lives in memory alone: whoever
//! keeps blocks for good says them again when their visitor comes. Bounded: past so many the oldest of a
//! visitor goes, then the oldest of all.

use std::collections::{BTreeMap, VecDeque};

use crate::{IdMap, UserId};

/// The blocks of everybody.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    ages: IdMap<(UserId, UserId), u64>,
    by_age: BTreeMap<u64, (UserId, UserId)>,
    by_visitor: IdMap<UserId, VecDeque<u64>>,
    /// In how many blocks somebody is, on either side.
    involved: IdMap<UserId, u32>,
    next_age: u64,
}

impl Blocks {
    /// Blocks that one visitor may have.
    pub(crate) const PER_VISITOR_MAX: usize = 1_000;
    /// Blocks of all visitors: some 250 bytes each.
    pub(crate) const MAX: usize = 1 << 18;

    /// `who` never meets `whom` again. Gives a block that had to go for it.
    pub(crate) fn add(&mut self, who: UserId, whom: UserId) -> Option<(UserId, UserId)> {
        if self.ages.contains_key(&(who, whom)) {
            return None;
        }
        let own = self.by_visitor.entry(who).or_default();
        let gone = if own.len() >= Self::PER_VISITOR_MAX {
            own.front().copied()
        } else if self.by_age.len() >= Self::MAX {
            self.by_age.first_key_value().map(|(age, _)| *age)
        } else {
            None
        };
        let gone = gone.map(|age| self.remove(age));
        let age = self.next_age;
        self.next_age += 1;
        self.ages.insert((who, whom), age);
        self.by_age.insert(age, (who, whom));
        self.by_visitor.entry(who).or_default().push_back(age);
        for visitor in [who, whom] {
            *self.involved.entry(visitor).or_default() += 1;
        }
        gone
    }

    /// Whether `who` has blocked `whom`.
    pub(crate) fn has(&self, who: UserId, whom: UserId) -> bool {
        self.ages.contains_key(&(who, whom))
    }

    /// Whether either has blocked the other.
    pub(crate) fn keep_apart(&self, one: UserId, other: UserId) -> bool {
        self.has(one, other) || self.has(other, one)
    }

    /// Whether anybody is blocked by `visitor` or the other way round.
    pub(crate) fn concern(&self, visitor: UserId) -> bool {
        self.involved.contains_key(&visitor)
    }

    /// Who has blocked whom, the oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = [UserId; 2]> + '_ {
        self.by_age.values().map(|(who, whom)| [*who, *whom])
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ages.len()
    }

    /// `age` is the oldest of its visitor.
    fn remove(&mut self, age: u64) -> (UserId, UserId) {
        let (who, whom) = self.by_age.remove(&age).expect("only what is there is removed");
        self.ages.remove(&(who, whom));
        let own = self.by_visitor.get_mut(&who).expect("a block is its visitor's");
        let oldest = own.pop_front();
        debug_assert_eq!(oldest, Some(age), "the oldest goes first");
        if own.is_empty() {
            self.by_visitor.remove(&who);
        }
        for visitor in [who, whom] {
            let count = self.involved.get_mut(&visitor).expect("both are counted");
            *count -= 1;
            if *count == 0 {
                self.involved.remove(&visitor);
            }
        }
        (who, whom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_both_ways_and_the_oldest_goes() {
        let mut blocks = Blocks::default();
        let (own, first) = (UserId(1), UserId(100));
        assert_eq!(blocks.add(own, first), None);
        assert_eq!(blocks.add(own, first), None, "once is enough");
        assert!(blocks.keep_apart(own, first) && blocks.keep_apart(first, own));
        assert!(!blocks.keep_apart(own, UserId(101)));
        let others = 101..100 + Blocks::PER_VISITOR_MAX as u128;
        assert!(others.into_iter().all(|other| blocks.add(own, UserId(other)).is_none()));
        assert_eq!(blocks.add(own, UserId(9)), Some((own, first)));
        assert!(!blocks.keep_apart(own, first) && !blocks.concern(first));
        assert!(blocks.keep_apart(own, UserId(101)) && blocks.concern(UserId(101)));
    }

    #[test]
    fn all_together_are_bounded() {
        let mut blocks = Blocks::default();
        let pair = |n: usize| (UserId(2 * n as u128), UserId(2 * n as u128 + 1));
        for n in 0..Blocks::MAX {
            assert_eq!(blocks.add(pair(n).0, pair(n).1), None);
        }
        assert_eq!(blocks.add(UserId(u128::MAX), UserId(0)), Some(pair(0)));
        assert_eq!(blocks.by_age.len(), Blocks::MAX);
        assert_eq!(blocks.by_visitor.len(), Blocks::MAX);
    }
}
