//! What has happened in a run: so that one can see that nothing is asleep.

use std::collections::BTreeMap;

/// Counts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_name: BTreeMap<&'static str, u64>,
    refusals: BTreeMap<String, u64>,
    closes: BTreeMap<u16, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, name: &'static str) {
        self.add_many(name, 1);
    }

    pub(crate) fn add_many(&mut self, name: &'static str, count: u64) {
        *self.by_name.entry(name).or_default() += count;
    }

    pub(crate) fn refuse(&mut self, code: &str) {
        if let Some(count) = self.refusals.get_mut(code) {
            *count += 1;
        } else {
            self.refusals.insert(code.to_owned(), 1);
        }
    }

    pub(crate) fn close(&mut self, code: u16) {
        *self.closes.entry(code).or_default() += 1;
    }

    /// How often it has happened.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.by_name.get(name).copied().unwrap_or(0)
    }

    /// How often something was refused with this code.
    #[must_use]
    pub fn refused(&self, code: &str) -> u64 {
        self.refusals.get(code).copied().unwrap_or(0)
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.by_name {
            *self.by_name.entry(name).or_default() += count;
        }
        for (code, count) in &other.refusals {
            *self.refusals.entry(code.clone()).or_default() += count;
        }
        for (code, count) in &other.closes {
            *self.closes.entry(*code).or_default() += count;
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, count) in &self.by_name {
            writeln!(f, "{count:>12} {name}")?;
        }
        for (code, count) in &self.refusals {
            writeln!(f, "{count:>12} refused: {code}")?;
        }
        for (code, count) in &self.closes {
            writeln!(f, "{count:>12} closed by the node: {code}")?;
        }
        Ok(())
    }
}
