//! Texts that were refused because the store had failed, and may be in it all the same: a commit whose
//! sync has failed is found there sometimes. Nobody has heard of them, so that one which is said again is
//! told like a new one, though the archive knows it.

use std::collections::{HashSet, VecDeque};

use liveloop_ports::{ArchiveError, MessageId};

use super::texts::SaidAnswer;

/// How many are remembered, the last ones: as many as may wait for a store at once.
const TEXTS_MAX: usize = 16_384;

/// The ids that they were given.
#[derive(Default)]
pub(super) struct Doubtful {
    texts: HashSet<MessageId>,
    oldest_first: VecDeque<MessageId>,
}

impl Doubtful {
    /// The answer to the text with this id, as it is to be told.
    pub(super) fn settle(&mut self, text: MessageId, mut answer: SaidAnswer) -> SaidAnswer {
        match &mut answer {
            Err(ArchiveError::Unavailable(_)) => self.remember(text),
            Ok(appended) if appended.is_repeat && !self.texts.is_empty() => {
                // Ids are never given twice: it is that very text which the archive has kept.
                appended.is_repeat = !self.texts.remove(&appended.message);
            }
            Ok(_) | Err(_) => {}
        }
        answer
    }

    fn remember(&mut self, text: MessageId) {
        self.texts.insert(text);
        self.oldest_first.push_back(text);
        if self.oldest_first.len() > TEXTS_MAX
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.texts.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use liveloop_ports::{Appended, Cause, Unavailable, Wall};

    use super::*;

    fn refused() -> SaidAnswer {
        Err(Unavailable::new(Cause::Io, "on purpose").into())
    }

    fn kept(message: u128, is_repeat: bool) -> SaidAnswer {
        Ok(Appended { message: MessageId(message), seq: 1, said_at: Wall(0), is_repeat })
    }

    #[test]
    fn only_what_nobody_has_heard_of_is_told_though_it_is_a_repeat() {
        let mut doubtful = Doubtful::default();
        // 1 was acknowledged; its repeat, 2, fails, and so does 3, which is kept all the same.
        assert_eq!(doubtful.settle(MessageId(1), kept(1, false)), kept(1, false));
        assert_eq!(doubtful.settle(MessageId(2), refused()), refused());
        assert_eq!(doubtful.settle(MessageId(3), refused()), refused());
        assert_eq!(doubtful.settle(MessageId(4), kept(1, true)), kept(1, true));
        assert_eq!(doubtful.settle(MessageId(5), kept(3, true)), kept(3, false));
        assert_eq!(doubtful.settle(MessageId(6), kept(3, true)), kept(3, true), "once");
    }

    #[test]
    fn it_remembers_the_last_ones() {
        let mut doubtful = Doubtful::default();
        for text in 0..=TEXTS_MAX as u128 {
            let _ = doubtful.settle(MessageId(text), refused());
        }
        assert_eq!((doubtful.texts.len(), doubtful.oldest_first.len()), (TEXTS_MAX, TEXTS_MAX));
        assert_eq!(doubtful.settle(MessageId(9), kept(0, true)), kept(0, true));
        assert_eq!(doubtful.settle(MessageId(9), kept(1, true)), kept(1, false));
    }
}
