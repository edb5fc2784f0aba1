//! Random numbers that follow from a seed alone: `SplitMix64` (Steele, Lea and Flood, 2014).

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream `which` of `seed`: so each step has its own, whatever other steps there are.
    pub(crate) fn new(seed: u64, which: u64) -> Self {
        let mut first = Self(seed ^ 0x5851_f42d_4c95_7f2d);
        let mut second = Self(first.next() ^ which);
        Self(second.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An index below `len`, which is not 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `all`, which is not empty.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.index(all.len())]
    }

    /// One of `all` by its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, all: &[(u64, T)]) -> T {
        let total: u64 = all.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(total.max(1));
        for (weight, what) in all {
            if at < *weight {
                return *what;
            }
            at -= weight;
        }
        all[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_the_same_each_time_and_differ_from_each_other() {
        let first = |seed, which| Random::new(seed, which).next();
        assert_eq!(first(1, 2), first(1, 2));
        let all: std::collections::BTreeSet<_> =
            (0..100).flat_map(|seed| (0..100).map(move |which| first(seed, which))).collect();
        assert_eq!(all.len(), 10_000);
    }

    #[test]
    fn every_choice_comes_and_weightless_ones_do_not() {
        let mut random = Random::new(7, 7);
        let mut seen = [0; 3];
        (0..1_000).for_each(|_| seen[random.weighted(&[(3, 0), (0, 1), (1, 2)])] += 1);
        assert!(seen[0] > 2 * seen[2] && seen[1] == 0 && seen[2] > 100, "{seen:?}");
        assert!((0..100).all(|_| (3..=5).contains(&random.between(3, 5))));
    }
}
