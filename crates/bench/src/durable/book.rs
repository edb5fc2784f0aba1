//! What clients were told of the places of texts: nothing of it may ever contradict itself, nor what the
//! server has kept.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, BufRead, Write},
};

use anyhow::{Context, Result, bail, ensure};

/// A text in its place, as somebody was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) message_id: String,
    /// The sender's id of the text, which is the text too.
    pub(super) client_id: String,
}

/// All that was told of one room.
#[derive(Default)]
struct Room {
    by_seq: BTreeMap<u64, Place>,
    seq_by_client_id: HashMap<String, u64>,
    /// The last place that each reader has heard of in order.
    heard_by: HashMap<usize, u64>,
    /// What readers have heard that was refused at first, which may be told late.
    heard_late: HashSet<(usize, u64)>,
    /// The tokens of some who may read it.
    tokens: Vec<String>,
}

/// How many of those are written down for each room: enough to see whether they read the same.
const READERS: usize = 2;

/// Everything that clients were told.
#[derive(Default)]
pub(super) struct Book {
    rooms: BTreeMap<String, Room>,
    refused: HashSet<String>,
    pub(super) acknowledged: u64,
    pub(super) heard: u64,
}

impl Book {
    /// The sender was told that its text has this place.
    ///
    /// # Errors
    /// Where another one has it, or the text has another one.
    pub(super) fn acknowledge(&mut self, room: &str, place: &Place) -> Result<()> {
        self.acknowledged += 1;
        self.note(room, place)
    }

    /// The sender was told that this text cannot be kept. It may be in the store all the same, with a place
    /// of before the failure, and is told when it is said again.
    pub(super) fn refuse(&mut self, client_id: &str) {
        self.refused.insert(client_id.to_owned());
    }

    /// A reader was told somebody else's text.
    ///
    /// # Errors
    /// Likewise, or where the reader has heard it or, but for what was refused, a later one before.
    pub(super) fn hear(&mut self, reader: usize, room: &str, place: &Place) -> Result<()> {
        self.heard += 1;
        let notes = self.rooms.entry(room.to_owned()).or_default();
        if self.refused.contains(&place.client_id) {
            let is_new = notes.heard_late.insert((reader, place.seq));
            ensure!(is_new, "{reader} hears {place:?} of {room} twice");
        } else {
            let before = notes.heard_by.insert(reader, place.seq).unwrap_or(0);
            ensure!(before < place.seq, "{reader} hears {place:?} of {room} after {before}");
        }
        self.note(room, place)
    }

    /// The holder of this token may read `room`.
    pub(super) fn admit(&mut self, room: &str, token: &str) {
        let tokens = &mut self.rooms.entry(room.to_owned()).or_default().tokens;
        if tokens.len() < READERS {
            tokens.push(token.to_owned());
        }
    }

    /// All rooms, with those who may read them.
    pub(super) fn readers(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.rooms.iter().map(|(room, notes)| (&**room, &*notes.tokens))
    }

    /// How many texts of a room anybody has been told of.
    pub(super) fn texts_of(&self, room: &str) -> usize {
        self.rooms.get(room).map_or(0, |notes| notes.by_seq.len())
    }

    /// Somebody has been told of a text in its place, by whatever way.
    ///
    /// # Errors
    /// Where another one has it, or the text has another one.
    pub(super) fn note(&mut self, room: &str, place: &Place) -> Result<()> {
        let notes = self.rooms.entry(room.to_owned()).or_default();
        let seq = *notes.seq_by_client_id.entry(place.client_id.clone()).or_insert(place.seq);
        ensure!(seq == place.seq, "{place:?} of {room} was {seq} before");
        let first = notes.by_seq.entry(place.seq).or_insert_with(|| place.clone());
        ensure!(*first == *place, "{place:?} of {room} was {first:?} before");
        Ok(())
    }

    /// Readers of the next round are others.
    pub(super) fn begin_round(&mut self) {
        for room in self.rooms.values_mut() {
            room.heard_by.clear();
            room.heard_late.clear();
        }
    }

    /// One line for each text: room, place, id and client's id, with tabs between; and one for each
    /// reader: room and token.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        for (room, notes) in &self.rooms {
            for token in &notes.tokens {
                writeln!(out, "{room}\t{token}")?;
            }
            for Place { seq, message_id, client_id } in notes.by_seq.values() {
                writeln!(out, "{room}\t{seq}\t{message_id}\t{client_id}")?;
            }
        }
        out.flush()
    }

    /// What was written so.
    ///
    /// # Errors
    /// Where it is none, or contradicts itself.
    pub(super) fn read(text: impl BufRead) -> Result<Self> {
        let mut book = Self::default();
        for line in text.lines() {
            let line = line?;
            match *line.split('\t').collect::<Vec<_>>() {
                [room, token] => book.admit(room, token),
                [room, seq, message_id, client_id] => {
                    let seq = seq.parse().with_context(|| format!("no place: {line}"))?;
                    let (message_id, client_id) = (message_id.to_owned(), client_id.to_owned());
                    book.note(room, &Place { seq, message_id, client_id })?;
                }
                _ => bail!("no such line: {line}"),
            }
        }
        Ok(book)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(seq: u64, id: &str) -> Place {
        Place { seq, message_id: format!("m-{id}"), client_id: id.to_owned() }
    }

    #[test]
    fn what_contradicts_itself_is_found() {
        let mut book = Book::default();
        book.acknowledge("r", &place(1, "a")).expect("the first");
        book.acknowledge("r", &place(1, "a")).expect("told again");
        book.acknowledge("s", &place(1, "b")).expect("another room's");
        book.hear(7, "r", &place(2, "c")).expect("the next");
        book.hear(8, "r", &place(1, "a")).expect("another reader");
        assert!(book.acknowledge("r", &place(1, "b")).is_err(), "two in one place");
        assert!(book.acknowledge("r", &place(3, "a")).is_err(), "one in two places");
        assert!(book.hear(7, "r", &place(2, "c")).is_err(), "heard twice");
        book.refuse("d");
        book.hear(7, "r", &place(4, "e")).expect("the next but one");
        book.hear(7, "r", &place(3, "d")).expect("it was refused, and comes late");
        assert!(book.hear(7, "r", &place(3, "d")).is_err(), "late, and twice");
        let mut out = Vec::new();
        book.write(&mut out).expect("memory is written to");
        let lines = String::from_utf8(out).expect("text");
        assert!(lines.starts_with("r\t1\tm-a\ta\nr\t2\tm-c\tc\n"), "{lines}");
    }

    #[test]
    fn it_reads_what_it_writes() {
        let mut book = Book::default();
        book.acknowledge("r", &place(1, "a")).expect("the first");
        ["t1", "t2", "t3"].iter().for_each(|token| book.admit("r", token));
        let mut out = Vec::new();
        book.write(&mut out).expect("memory is written to");
        let mut again = Book::read(&*out).expect("it is a book");
        assert_eq!(again.readers().collect::<Vec<_>>(), [("r", &["t1".into(), "t2".into()][..])]);
        assert_eq!(again.texts_of("r"), 1);
        assert!(again.note("r", &place(1, "b")).is_err(), "another one has that place");
        assert!(Book::read(&b"r\tx\tm\tc"[..]).is_err());
        assert!(Book::read(&b"r\t1\tm"[..]).is_err());
    }
}
