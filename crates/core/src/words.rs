//! Interests and languages as small numbers: what clients send is compared once, when it comes.
//!
//! A word is counted for as long as somebody waits or talks with it. Those that nobody uses any
//! more are kept for a while, so that common ones are not made again and again, but never more than
//! [`Words::UNUSED_MAX`]: what comes from outside cannot fill the memory.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
};

use crate::table::Table;

/// A word's number.
pub(crate) type WordId = u32;

/// Stands for every word; no word has this number.
pub(crate) const ANY: WordId = 0;

#[derive(Debug)]
struct Word {
    text: Text,
    uses: u32,
    /// Whether it stands in `unused`, where it may stay after it has come into use again.
    is_listed: bool,
}

/// The words in use.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// By the hash of the text.
    ids: Table<WordId>,
    hash: TextHash,
    words: Vec<Word>,
    free: Vec<WordId>,
    unused: VecDeque<WordId>,
}

impl Words {
    /// How many are kept that nobody uses.
    pub(crate) const UNUSED_MAX: usize = 4_096;

    /// The number of `text`, which is in use once more.
    pub(crate) fn take_up(&mut self, text: &str) -> WordId {
        let hash = self.hash.of(text.as_bytes());
        if let Some(place) = self.ids.find(hash, |id| self.words[at(id)].text.is(text)) {
            let id = self.ids.value(place);
            self.words[at(id)].uses += 1;
            return id;
        }
        let word = Word { text: Text::new(text), uses: 1, is_listed: false };
        let id = match self.free.pop() {
            Some(id) => {
                self.words[at(id)] = word;
                id
            }
            None => {
                self.words.push(word);
                WordId::try_from(self.words.len()).expect("no more than fit into memory")
            }
        };
        self.ids.add(hash, id);
        id
    }

    /// The word is in use once less.
    pub(crate) fn put_back(&mut self, id: WordId) {
        let word = &mut self.words[at(id)];
        word.uses -= 1;
        if word.uses == 0 && !std::mem::replace(&mut word.is_listed, true) {
            self.unused.push_back(id);
            self.forget_unused();
        }
    }

    /// Forgets those that have been out of use for longest, where they are too many.
    fn forget_unused(&mut self) {
        while self.unused.len() > Self::UNUSED_MAX {
            let Some(oldest) = self.unused.pop_front() else { break };
            let word = &mut self.words[at(oldest)];
            word.is_listed = false;
            if word.uses == 0 {
                let hash = self.hash.of(word.text.as_bytes());
                word.text = Text::new("");
                let place = self.ids.find(hash, |id| id == oldest);
                self.ids.vacate(place.expect("a word is found by its text"));
                self.free.push(oldest);
            }
        }
    }

    /// The text of a word that is in use.
    pub(crate) fn text(&self, id: WordId) -> String {
        String::from_utf8_lossy(self.words[at(id)].text.as_bytes()).into_owned()
    }

    /// How many are in use.
    pub(crate) fn used_count(&self) -> usize {
        self.ids.iter().filter(|(_, id)| self.words[at(*id)].uses > 0).count()
    }
}

/// A text, in place where it is short: comparing it then reads no other memory.
#[derive(Debug)]
enum Text {
    Short { len: u8, bytes: [u8; Text::SHORT_MAX] },
    Long(Box<[u8]>),
}

impl Text {
    /// Two words fit into a cache line.
    const SHORT_MAX: usize = 22;

    fn new(text: &str) -> Self {
        let mut bytes = [0; Self::SHORT_MAX];
        match (u8::try_from(text.len()), bytes.get_mut(..text.len())) {
            (Ok(len), Some(place)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short { len, bytes }
            }
            _ => Self::Long(text.as_bytes().into()),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }

    fn is(&self, text: &str) -> bool {
        self.as_bytes() == text.as_bytes()
    }
}

/// Where a word is among `words`.
fn at(id: WordId) -> usize {
    id as usize - 1
}

/// A keyed hash: clients choose the texts, and are not to choose which of them collide.
///
/// The text is a polynomial over the field of 2^61 - 1, of which the hash is the value at a secret
/// point (Carter and Wegman, "New hash functions and their use in authentication and set equality",
/// 1981): two texts of up to n bytes collide for at most n / 4 + 2 points of 2^61.
#[derive(Debug)]
struct TextHash {
    point: u64,
}

impl Default for TextHash {
    fn default() -> Self {
        Self { point: RandomState::new().hash_one(0) & TextHash::PRIME }
    }
}

impl TextHash {
    const PRIME: u64 = (1 << 61) - 1;

    fn of(&self, text: &[u8]) -> u64 {
        let (whole, rest) = text.as_chunks();
        // With the length in front none continues another.
        let sum = whole
            .iter()
            .fold(text.len() as u64 + 1, |sum, four| self.step(sum, u32::from_le_bytes(*four)));
        let last = rest.iter().fold(0, |last, byte| last << 8 | u32::from(*byte));
        self.step(sum, last)
    }

    /// `sum` times the point and `next` more, below 2^62.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits, and what is above them")]
    fn step(&self, sum: u64, next: u32) -> u64 {
        let product = u128::from(sum) * u128::from(self.point);
        let folded = (product as u64 & Self::PRIME) + (product >> 61) as u64;
        (folded & Self::PRIME) + (folded >> 61) + u64::from(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_number_as_long_as_it_is_used() {
        let mut words = Words::default();
        let chess = words.take_up("chess");
        assert_ne!(chess, ANY);
        assert_eq!(words.take_up("chess"), chess);
        assert_ne!(words.take_up("go"), chess);
        words.put_back(chess);
        words.put_back(chess);
        assert_eq!(words.used_count(), 1);
        assert_eq!(words.take_up("chess"), chess, "and a while longer");
    }

    #[test]
    fn words_from_outside_do_not_fill_the_memory() {
        let mut words = Words::default();
        let kept = words.take_up("kept");
        for n in 0..20 * Words::UNUSED_MAX {
            let id = words.take_up(&format!("word {n}"));
            words.put_back(id);
            // Comes into use, and out of it, while it stands among the unused.
            let again = words.take_up("now and then");
            words.put_back(again);
        }
        assert!(words.words.len() <= Words::UNUSED_MAX + 4, "{}", words.words.len());
        assert!(words.ids.len() <= Words::UNUSED_MAX + 4);
        assert_eq!(words.take_up("kept"), kept);
        for (hash, id) in words.ids.iter() {
            assert_eq!(words.hash.of(words.words[at(id)].text.as_bytes()), hash);
        }
    }

    #[test]
    fn short_and_long_texts_are_kept_alike() {
        let texts = (0..60).map(|len| "xyz".chars().cycle().take(len).collect::<String>());
        let texts: Vec<String> = texts.collect();
        let mut words = Words::default();
        let ids: Vec<WordId> = texts.iter().map(|text| words.take_up(text)).collect();
        assert!(texts.iter().map(|text| words.take_up(text)).eq(ids.iter().copied()));
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), texts.len());
        assert!(size_of::<Word>() <= 32);
    }

    #[test]
    fn texts_are_told_apart_by_their_hash() {
        let hash = TextHash { point: 0x1234_5678_9abc_def1 & TextHash::PRIME };
        let texts = ["", "a", "b", "ab", "ba", "abcd", "abcde", "abcd\0", "abcdabcd", "\0", "\0\0"];
        let more = (0..10_000).map(|n| format!("interest {n}"));
        let texts = texts.into_iter().map(str::to_owned).chain(more).collect::<Vec<_>>();
        let hashes: std::collections::HashSet<u64> =
            texts.iter().map(|it| hash.of(it.as_bytes())).collect();
        assert_eq!(hashes.len(), texts.len());
        let other = TextHash::default();
        assert!(
            texts.iter().all(|text| other.of(text.as_bytes()) != hash.of(text.as_bytes())),
            "the point is secret"
        );
    }

    #[test]
    fn a_hash_is_the_value_of_the_polynomial() {
        let hash = TextHash { point: (1 << 60) + 12_345 };
        let text = "forty-two";
        let prime = u128::from(TextHash::PRIME);
        let coefficients = text.as_bytes().chunks(4).map(|four| match *four {
            [one, two, three, four] => u32::from_le_bytes([one, two, three, four]),
            ref rest => rest.iter().fold(0, |last, byte| last << 8 | u32::from(*byte)),
        });
        let value = coefficients.fold(text.len() as u128 + 1, |sum, next| {
            (sum * u128::from(hash.point) + u128::from(next)) % prime
        });
        assert_eq!(u128::from(hash.of(text.as_bytes())) % prime, value);
    }
}
