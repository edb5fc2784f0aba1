//! What was sent to a session and might have to be sent again: its last numbered events, bounded in
//! bytes and in age, and without those that its client has shown to have.
//!
//! A session comes back to its ring after thousands of others, and no cache has it then: each line of
//! memory that is touched costs more than a hundred instructions. So an entry is one piece of one
//! buffer, where it is not shared: its header, then its text. The buffer grows as it is needed, begins
//! at its start again when it is empty, and is at its bound written where it was just read.

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

/// What an entry stands for whose text is not in the ring itself.
#[derive(Debug)]
enum Elsewhere {
    Shared(Arc<Encoded>),
    Begun(Arc<Call>),
}

/// An event to be sent again.
#[derive(Debug)]
pub(super) enum Again {
    /// Its text, but for its number.
    Text(Vec<u8>),
    /// That this call has begun.
    Begun(Arc<Call>),
}

/// What stands before the text of an entry.
#[derive(Clone, Copy, Debug)]
struct Header {
    at: Moment,
    /// How long the text is.
    len: u32,
    /// The lower bits of the event's number.
    n: u32,
    is_elsewhere: bool,
}

impl Header {
    const BYTES: usize = 16;
    const ELSEWHERE: u32 = 1 << 31;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let len = self.len | if self.is_elsewhere { Self::ELSEWHERE } else { 0 };
        let words =
            u128::from(self.at.as_nanos()) | u128::from(len) << 64 | u128::from(self.n) << 96;
        words.to_le_bytes()
    }

    fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let (at, rest) = bytes.split_at(8);
        let (len, n) = rest.split_at(4);
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        let nanos = u64::from_le_bytes(at.try_into().expect("eight bytes"));
        let at = Moment::from_start(Duration::from_nanos(nanos));
        let len = word(len);
        let is_elsewhere = len & Self::ELSEWHERE != 0;
        Self { at, len: len & !Self::ELSEWHERE, n: word(n), is_elsewhere }
    }

    /// Bytes of the entry in the buffer.
    fn buffered(self) -> usize {
        Self::BYTES + if self.is_elsewhere { 0 } else { self.len as usize }
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
    buffer: Buffer,
    elsewhere: Option<Box<AllElsewhere>>,
}

/// What is not in the buffer, in the order of its entries.
#[derive(Debug, Default)]
struct AllElsewhere {
    all: VecDeque<Elsewhere>,
    /// How long their texts are.
    bytes: usize,
}

impl Ring {
    /// Keeps one more, the event `n`, which follows the last one that was kept.
    pub(super) fn push(&mut self, event: Kept<'_>, n: u64, bounds: Bounds, now: Moment) {
        let (len, text, elsewhere) = match event {
            Kept::Own(encoded) => (encoded.open().len(), encoded.open(), None),
            Kept::Shared(encoded) => {
                let shared = Elsewhere::Shared(Arc::clone(encoded));
                (encoded.open().len(), &[][..], Some(shared))
            }
            Kept::Begun(call, len) => (len, &[][..], Some(Elsewhere::Begun(call))),
        };
        let bytes = Header::BYTES + len;
        // Before there is one more, so that the buffer does not grow beyond the bound.
        while self.bytes() + bytes > bounds.bytes_max && self.drop_first() {}
        let len = u32::try_from(len).ok().filter(|len| len & Header::ELSEWHERE == 0);
        let Some(len) = len.filter(|_| bytes <= bounds.bytes_max) else { return self.clear() };
        let header = Header { at: now, len, n: low(n), is_elsewhere: elsewhere.is_some() };
        self.buffer.make_room(header.buffered(), bounds.bytes_max);
        self.buffer.push(&header.to_bytes());
        self.buffer.push(text);
        if let Some(elsewhere) = elsewhere {
            let others = self.elsewhere.get_or_insert_default();
            others.bytes += len as usize;
            others.all.push_back(elsewhere);
        }
    }

    /// What it costs, as it is counted against the bound.
    fn bytes(&self) -> usize {
        self.buffer.len as usize + self.elsewhere.as_ref().map_or(0, |others| others.bytes)
    }

    /// Drops what the client has shown to have: the events up to `n`.
    pub(super) fn forget_seen(&mut self, n: u64) {
        while self.first().is_some_and(|first| is_up_to(first.n, n)) {
            self.drop_first();
        }
    }

    /// Drops what is too old, and gives an empty ring's memory back.
    pub(super) fn forget_old(&mut self, bounds: Bounds, now: Moment) {
        while self.first().is_some_and(|first| first.at + bounds.age_max < now) {
            self.drop_first();
        }
        if self.is_empty() {
            self.clear();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.len == 0
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The last events, oldest first, numbered from `first_n` to `last_n`; `None` where so many are
    /// not there any more.
    pub(super) fn again(&self, first_n: u64, last_n: u64) -> Option<Vec<(u64, Again)>> {
        let count = usize::try_from((last_n + 1).checked_sub(first_n)?).ok()?;
        let all = self.all();
        let first = all.len().checked_sub(count)?;
        Some((first_n..).zip(all.into_iter().skip(first)).collect())
    }

    fn all(&self) -> Vec<Again> {
        let mut others = self.elsewhere.iter().flat_map(|others| &others.all);
        let mut all = Vec::new();
        let mut at = 0;
        while let Some(header) = self.header_at(at) {
            let other = if header.is_elsewhere { others.next() } else { None };
            all.push(match other {
                Some(Elsewhere::Shared(encoded)) => Again::Text(encoded.open().to_vec()),
                Some(Elsewhere::Begun(call)) => Again::Begun(Arc::clone(call)),
                None => {
                    let mut text = vec![0; header.len as usize];
                    self.buffer.read(at + Header::BYTES, &mut text);
                    Again::Text(text)
                }
            });
            at += header.buffered();
        }
        all
    }

    fn first(&self) -> Option<Header> {
        self.header_at(0)
    }

    fn header_at(&self, at: usize) -> Option<Header> {
        let mut bytes = [0; Header::BYTES];
        (at < self.buffer.len as usize).then(|| {
            self.buffer.read(at, &mut bytes);
            Header::from_bytes(bytes)
        })
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.first() else { return false };
        self.buffer.drop_first(first.buffered());
        if first.is_elsewhere
            && let Some(others) = &mut self.elsewhere
        {
            others.all.pop_front();
            others.bytes -= first.len as usize;
        }
        true
    }
}

/// A queue of bytes in one piece of memory, which it goes through in circles.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Box<[u8]>,
    start: u32,
    len: u32,
}

impl Buffer {
    /// The least that it is made for, where that is within the bound.
    const BYTES_MIN: usize = 256;

    /// Grows by doubling, but not beyond `bytes_max`.
    fn make_room(&mut self, more: usize, bytes_max: usize) {
        let (needed, capacity) = (self.len as usize + more, self.bytes.len());
        if needed > capacity {
            let mut bytes = vec![0; (2 * capacity).max(Self::BYTES_MIN).min(bytes_max).max(needed)];
            self.read(0, &mut bytes[..self.len as usize]);
            (self.bytes, self.start) = (bytes.into(), 0);
        }
    }

    /// Appends what there is room for.
    fn push(&mut self, more: &[u8]) {
        let at = self.place(self.len as usize);
        let (head, tail) = more.split_at(more.len().min(self.bytes.len() - at));
        self.bytes[at..at + head.len()].copy_from_slice(head);
        self.bytes[..tail.len()].copy_from_slice(tail);
        self.len += word(more.len());
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        let at = self.place(at);
        let (head, tail) = into.split_at_mut(into.len().min(self.bytes.len() - at));
        head.copy_from_slice(&self.bytes[at..at + head.len()]);
        tail.copy_from_slice(&self.bytes[..tail.len()]);
    }

    /// An empty one begins at its start again: that is what a cache may still have.
    fn drop_first(&mut self, len: usize) {
        self.start = word(self.place(len));
        self.len -= word(len);
        if self.len == 0 {
            self.start = 0;
        }
    }

    /// Where the byte is that is the `at`th from the first one.
    fn place(&self, at: usize) -> usize {
        let place = self.start as usize + at;
        if place < self.bytes.len() { place } else { place - self.bytes.len() }
    }
}

/// A length within a buffer.
fn word(len: usize) -> u32 {
    u32::try_from(len).expect("no buffer is longer")
}

/// The lower bits of an event's number.
fn low(n: u64) -> u32 {
    u32::try_from(n & u64::from(u32::MAX)).expect("masked to 32 bits")
}

/// Whether the event with these lower bits, one of the last of its session, is `n` or was before it.
fn is_up_to(low_bits: u32, n: u64) -> bool {
    low(n).wrapping_sub(low_bits) < 1 << 31
}

#[cfg(test)]
mod tests;
