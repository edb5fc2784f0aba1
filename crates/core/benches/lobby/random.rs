//! Numbers that look random and are the same in each run.

/// Marsaglia, "Xorshift RNGs", 2003.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap_or(0) % bound
    }

    pub(crate) fn id(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    /// From 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

/// Words of which the second is half as common as the first, the third a third, and so on.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(words: u32) -> Self {
        let mut sum = 0.0;
        let sums = (1..=words).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Self(sums.collect())
    }

    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let drawn = random.fraction() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|sum| *sum < drawn).min(self.0.len() - 1)
    }

    /// So many different ones.
    pub(crate) fn draw_some(&self, count: usize, random: &mut Random) -> Vec<String> {
        let mut drawn = Vec::new();
        while drawn.len() < count {
            let word = self.draw(random);
            if !drawn.contains(&word) {
                drawn.push(word);
            }
        }
        drawn.into_iter().map(|word| format!("interest {word}")).collect()
    }
}
