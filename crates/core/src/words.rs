//! Interests and languages as small numbers: what clients send is compared once, when it comes.
//!
//! A word is counted for as long as somebody waits or talks with it. Those that nobody uses any
//! more are kept for a while, so that common ones are not made again and again, but never more than
//! [`Words::UNUSED_MAX`]: what comes from outside cannot fill the memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// A word's number.
pub(crate) type WordId = u32;

/// Stands for every word; no word has this number.
pub(crate) const ANY: WordId = 0;

#[derive(Debug)]
struct Word {
    text: Arc<str>,
    uses: u32,
    /// Whether it stands in `unused`, where it may stay after it has come into use again.
    is_listed: bool,
}

/// The words in use.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Clients choose the keys, so the hash is a keyed one.
    ids: HashMap<Arc<str>, WordId>,
    words: Vec<Word>,
    free: Vec<WordId>,
    unused: VecDeque<WordId>,
}

impl Words {
    /// How many are kept that nobody uses.
    pub(crate) const UNUSED_MAX: usize = 4_096;

    /// The number of `text`, which is in use once more.
    pub(crate) fn take_up(&mut self, text: &str) -> WordId {
        if let Some(id) = self.ids.get(text) {
            self.words[*id as usize - 1].uses += 1;
            return *id;
        }
        let text: Arc<str> = text.into();
        let word = Word { text: Arc::clone(&text), uses: 1, is_listed: false };
        let id = match self.free.pop() {
            Some(id) => {
                self.words[id as usize - 1] = word;
                id
            }
            None => {
                self.words.push(word);
                WordId::try_from(self.words.len()).expect("no more than fit into memory")
            }
        };
        self.ids.insert(text, id);
        id
    }

    /// The word is in use once less.
    pub(crate) fn put_back(&mut self, id: WordId) {
        let word = &mut self.words[id as usize - 1];
        word.uses -= 1;
        if word.uses == 0 && !std::mem::replace(&mut word.is_listed, true) {
            self.unused.push_back(id);
        }
        while self.unused.len() > Self::UNUSED_MAX {
            let Some(oldest) = self.unused.pop_front() else { break };
            let word = &mut self.words[oldest as usize - 1];
            word.is_listed = false;
            if word.uses == 0 {
                self.ids.remove(&std::mem::take(&mut word.text));
                self.free.push(oldest);
            }
        }
    }

    /// How many are in use.
    pub(crate) fn used_count(&self) -> usize {
        self.ids.values().filter(|id| self.words[**id as usize - 1].uses > 0).count()
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
        for (text, id) in &words.ids {
            assert_eq!(words.words[*id as usize - 1].text, *text);
        }
    }
}
