//! Whom one visitor has met lately: the last so many, as long as their meetings are remembered.
//!
//! A check reads one or two cache lines of a record that a match needs anyway. The first
//! [`Partners::NEAR`] lie in the record itself; where a site wants more, the others lie behind it.

use std::collections::VecDeque;

use crate::slab::NONE;

/// The last partners of a visitor, by their slots.
#[derive(Debug)]
pub(crate) struct Partners {
    /// A ring; [`NONE`] where nobody is.
    near: [u32; Self::NEAR],
    /// Where in `near` the next one goes.
    next: u8,
    near_count: u8,
    /// How many meetings are remembered, those with earlier partners among them.
    remembered: u32,
    /// Partners before those in `near`, oldest first.
    older: Option<Box<Older>>,
}

#[derive(Debug, Default)]
struct Older(VecDeque<u32>);

impl Default for Partners {
    fn default() -> Self {
        Self { near: [NONE; Self::NEAR], next: 0, near_count: 0, remembered: 0, older: None }
    }
}

impl Partners {
    /// As many as a site remembers unless it wants otherwise.
    const NEAR: usize = 20;

    /// Remembers a meeting; only the last `window` partners, at least one, are kept.
    pub(crate) fn add(&mut self, partner: u32, window: u32) {
        let window = usize::try_from(window).unwrap_or(usize::MAX);
        self.remembered += 1;
        if usize::from(self.near_count) == window.min(Self::NEAR) {
            let oldest = self.take_oldest_near();
            if window > Self::NEAR {
                let Older(older) = self.older.get_or_insert_default().as_mut();
                if older.len() == window - Self::NEAR {
                    older.pop_front();
                }
                older.push_back(oldest);
            }
        }
        self.near[usize::from(self.next)] = partner;
        let is_last = usize::from(self.next) + 1 == Self::NEAR;
        self.next = if is_last { 0 } else { self.next + 1 };
        self.near_count += 1;
    }

    /// Forgets the oldest meeting that is remembered.
    pub(crate) fn forget_oldest(&mut self) {
        self.remembered -= 1;
        if self.len() <= self.remembered as usize {
            return;
        }
        match &mut self.older {
            Some(older) => {
                older.0.pop_front();
                if older.0.is_empty() {
                    self.older = None;
                }
            }
            None => {
                self.take_oldest_near();
            }
        }
    }

    /// How many meetings are remembered.
    pub(crate) fn remembered(&self) -> u32 {
        self.remembered
    }

    /// Whether no partner was dropped for later ones whose meeting is still remembered.
    pub(crate) fn are_all(&self) -> bool {
        self.len() == self.remembered as usize
    }

    pub(crate) fn contain(&self, partner: u32) -> bool {
        // Without an early end it is a handful of vector instructions.
        let is_near = self.near.iter().fold(false, |found, near| found | (*near == partner));
        is_near || self.older.as_ref().is_some_and(|older| older.0.contains(&partner))
    }

    fn len(&self) -> usize {
        usize::from(self.near_count) + self.older.as_ref().map_or(0, |older| older.0.len())
    }

    fn take_oldest_near(&mut self) -> u32 {
        let oldest = usize::from(self.next) + Self::NEAR - usize::from(self.near_count);
        self.near_count -= 1;
        std::mem::replace(&mut self.near[oldest % Self::NEAR], NONE)
    }

    /// Oldest first.
    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u32> {
        let first = usize::from(self.next) + Self::NEAR - usize::from(self.near_count);
        let near = (first..).take(self.near_count.into()).map(|at| self.near[at % Self::NEAR]);
        let older = self.older.iter().flat_map(|older| older.0.iter().copied());
        older.chain(near).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meetings come and are forgotten in turns, and after each the partners are the last of those
    /// that are remembered.
    fn check(window: u32) {
        let (mut partners, mut remembered) = (Partners::default(), VecDeque::new());
        // Six of a hundred visitors meet again and again.
        let whom = |turn: u32| turn * 7 % if turn.is_multiple_of(3) { 6 } else { 100 };
        for turn in 0..2_000 {
            let is_forgetting = turn % 400 > 250 || turn % 5 == 4;
            if is_forgetting && !remembered.is_empty() {
                remembered.pop_front();
                partners.forget_oldest();
            } else {
                remembered.push_back(whom(turn));
                partners.add(whom(turn), window);
            }
            let dropped = remembered.len().saturating_sub(window as usize);
            let last: Vec<u32> = remembered.iter().skip(dropped).copied().collect();
            assert_eq!(partners.to_vec(), last, "turn {turn}, window {window}");
            assert_eq!(partners.remembered() as usize, remembered.len());
            assert_eq!(partners.are_all(), dropped == 0);
            assert!((0..100).all(|one| partners.contain(one) == last.contains(&one)));
        }
        remembered.iter().for_each(|_| partners.forget_oldest());
        assert!(partners.to_vec().is_empty() && partners.older.is_none());
    }

    #[test]
    fn the_last_partners_are_kept_as_long_as_they_are_remembered() {
        [1, 2, 19, 20, 21, 40, 1_000, u32::MAX].into_iter().for_each(check);
    }
}
