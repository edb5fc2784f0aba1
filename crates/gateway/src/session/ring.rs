//! What was sent to a session and might have to be sent again: its last numbered events, bounded in
//! bytes and in age, and without those that its client has shown to have.
//!
//! Events are kept without their numbers: the last one kept is the last that was numbered, and those
//! before it follow without a hole. The texts of a session's own events lie one behind the other in
//! one buffer: each in an allocation of its own would be memory that no cache has seen for long, and
//! a relayed signal would cost half as much again. What all who listen to a group were told is shared,
//! and the word of a match is written again where it has to be.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use liveloop_core::Moment;
use liveloop_protocol::Encoded;

use super::Call;

/// An event as it was written, but for its number.
#[derive(Debug)]
pub(crate) enum Kept<'a> {
    /// Of this session alone.
    Own(&'a Encoded),
    /// Of all who listen to a group.
    Shared(&'a Arc<Encoded>),
    /// That this call has begun, which can be written again: the event that was is this long.
    Begun(Arc<Call>, usize),
}

/// An event to be sent again.
#[derive(Debug)]
pub(super) enum Again {
    /// Its text, but for its number.
    Text(Vec<u8>),
    /// That this call has begun.
    Begun(Arc<Call>),
}

/// One event of the ring.
#[derive(Debug)]
struct Entry {
    text: Text,
    at: Moment,
}

#[derive(Debug)]
enum Text {
    /// So many of the bytes that all own texts have together.
    Own(usize),
    Shared(Arc<Encoded>),
    /// Of a call's beginning, which was so long.
    Begun(Arc<Call>, u32),
}

impl Entry {
    fn own_len(&self) -> usize {
        match &self.text {
            Text::Own(len) => *len,
            Text::Shared(_) | Text::Begun(..) => 0,
        }
    }

    /// What it costs, as it is counted against the bound.
    fn bytes(&self) -> usize {
        let text = match &self.text {
            Text::Own(len) => *len,
            Text::Shared(encoded) => encoded.open().len(),
            Text::Begun(_, len) => *len as usize,
        };
        text + size_of::<Self>()
    }
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes_max: usize,
    pub(super) age_max: Duration,
}

/// The last events of one session.
#[derive(Debug, Default)]
pub(super) struct Ring {
    kept: VecDeque<Entry>,
    own: VecDeque<u8>,
    bytes: usize,
}

impl Ring {
    /// The least that the buffer is made for, where that is within the bound.
    const OWN_MIN: usize = 256;

    /// Keeps one more; it is the last that was numbered.
    pub(super) fn push(&mut self, event: Kept<'_>, bounds: Bounds, now: Moment) {
        let (text, own) = match event {
            Kept::Own(encoded) => (Text::Own(encoded.open().len()), encoded.open()),
            Kept::Shared(encoded) => (Text::Shared(Arc::clone(encoded)), &[][..]),
            // One that is too long for its field is longer than any bound.
            Kept::Begun(call, len) => {
                (Text::Begun(call, u32::try_from(len).unwrap_or(u32::MAX)), &[][..])
            }
        };
        self.insert(text, own, bounds, now);
    }

    /// Keeps an event of this session alone, of which there is the text but for its number.
    pub(super) fn push_text(&mut self, text: &[u8], bounds: Bounds, at: Moment) {
        self.insert(Text::Own(text.len()), text, bounds, at);
    }

    fn insert(&mut self, text: Text, own: &[u8], bounds: Bounds, at: Moment) {
        let entry = Entry { text, at };
        let bytes = entry.bytes();
        // Before there is one more, so that the buffer does not grow beyond the bound.
        while self.bytes + bytes > bounds.bytes_max && self.drop_first() {}
        if bytes > bounds.bytes_max {
            return self.clear();
        }
        self.bytes += bytes;
        if !own.is_empty() {
            self.make_room(own.len(), bounds);
            self.own.extend(own);
        }
        self.kept.push_back(entry);
    }

    /// Grows by doubling, but not beyond the bound.
    fn make_room(&mut self, more: usize, bounds: Bounds) {
        let (len, capacity) = (self.own.len(), self.own.capacity());
        if len + more > capacity {
            let wanted = (2 * capacity).max(Self::OWN_MIN).min(bounds.bytes_max).max(len + more);
            self.own.reserve_exact(wanted - len);
        }
    }

    /// Drops what the client has shown to have, and keeps the last `unseen` events.
    pub(super) fn forget_seen(&mut self, unseen: u64) {
        let unseen = usize::try_from(unseen).unwrap_or(usize::MAX);
        while self.kept.len() > unseen && self.drop_first() {}
    }

    /// Drops what is too old, and gives an empty ring's memory back.
    pub(super) fn forget_old(&mut self, bounds: Bounds, now: Moment) {
        while self.kept.front().is_some_and(|entry| entry.at + bounds.age_max < now) {
            self.drop_first();
        }
        if self.kept.is_empty() {
            self.clear();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The last events, oldest first, numbered from `first_n` to `last_n`; `None` where so many are
    /// not there any more.
    pub(super) fn again(&self, first_n: u64, last_n: u64) -> Option<Vec<(u64, Again)>> {
        let count = usize::try_from((last_n + 1).checked_sub(first_n)?).ok()?;
        let first = self.kept.len().checked_sub(count)?;
        let mut own_at: usize = self.kept.range(..first).map(Entry::own_len).sum();
        let again = (first_n..).zip(self.kept.range(first..)).map(|(n, entry)| {
            let event = match &entry.text {
                Text::Own(len) => {
                    Again::Text(self.own.range(own_at..own_at + len).copied().collect())
                }
                Text::Shared(encoded) => Again::Text(encoded.open().to_vec()),
                Text::Begun(call, _) => Again::Begun(Arc::clone(call)),
            };
            own_at += entry.own_len();
            (n, event)
        });
        Some(again.collect())
    }

    /// The texts of all events but for their numbers, the oldest first, and when each was kept. Of a
    /// call's beginning `write` gives it.
    pub(super) fn texts(&self, write: impl Fn(&Arc<Call>) -> Vec<u8>) -> Vec<(u64, String)> {
        let mut own_at = 0;
        let texts = self.kept.iter().map(|entry| {
            let text = match &entry.text {
                Text::Own(len) => self.own.range(own_at..own_at + len).copied().collect(),
                Text::Shared(encoded) => encoded.open().to_vec(),
                Text::Begun(call, _) => write(call),
            };
            own_at += entry.own_len();
            (entry.at.as_nanos(), String::from_utf8_lossy(&text).into_owned())
        });
        texts.collect()
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.kept.pop_front() else { return false };
        self.bytes -= first.bytes();
        if self.kept.is_empty() {
            // They begin at their start again: that is what a cache may still have.
            self.kept.clear();
            self.own.clear();
        } else {
            self.own.drain(..first.own_len());
        }
        true
    }
}

#[cfg(test)]
mod tests;
