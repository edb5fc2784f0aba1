//! Writing JSON (RFC 8259) for the wire.
//!
//! The events are serde's, the writer is ours: it appends to one buffer that cannot fail, and looks at
//! eight bytes of a string at a time. A `match-done` takes a third of the instructions that
//! `serde_json`'s writer does. What it writes is the same, byte for byte, which the tests hold it to;
//! it knows only what events are made of.

use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{Impossible, SerializeMap, SerializeSeq, SerializeStruct},
};
use serde_json::value::RawValue;

/// Bytes that most frames fit in, and the tail that is added later too: a signal is one that grows out
/// of 512. It is a little less than the allocator still keeps at hand for the thread.
const FRAME_BYTES: usize = 1_000;

/// `value` as JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(FRAME_BYTES);
    value.serialize(Writer { out: &mut out }).expect("events have string keys and no exotic parts");
    out
}

/// For `serialize_with`: a field that is passed on as it came. What is handed over as bytes is JSON
/// already.
pub(crate) fn raw<S: Serializer>(value: &RawValue, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(value.get().as_bytes())
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

/// What is inside brackets or braces.
struct Inside<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
    close: u8,
}

/// A part that no event has.
#[derive(Debug)]
pub(crate) struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

impl serde::ser::Error for Unsupported {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

fn unsupported<T>(what: &str) -> Result<T, Unsupported> {
    Err(Unsupported(format!("no event holds a {what}")))
}

type Done = Result<(), Unsupported>;

impl<'a> Writer<'a> {
    fn integer(self, value: impl itoa::Integer) -> Done {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn open(self, open: u8, close: u8) -> Inside<'a> {
        self.out.push(open);
        Inside { out: self.out, is_empty: true, close }
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeMap = Inside<'a>;
    type SerializeTuple = Impossible<(), Unsupported>;
    type SerializeTupleStruct = Impossible<(), Unsupported>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeStructVariant = Impossible<(), Unsupported>;

    fn serialize_bool(self, value: bool) -> Done {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Done {
        self.integer(value)
    }

    fn serialize_i16(self, value: i16) -> Done {
        self.integer(value)
    }

    fn serialize_i32(self, value: i32) -> Done {
        self.integer(value)
    }

    fn serialize_i64(self, value: i64) -> Done {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Done {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Done {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Done {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Done {
        self.integer(value)
    }

    fn serialize_f32(self, _: f32) -> Done {
        unsupported("fraction")
    }

    fn serialize_f64(self, _: f64) -> Done {
        unsupported("fraction")
    }

    fn serialize_char(self, value: char) -> Done {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Done {
        string(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, json: &[u8]) -> Done {
        self.out.extend_from_slice(json);
        Ok(())
    }

    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        unsupported("variant with a value")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Unsupported> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        unsupported("tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unsupported> {
        unsupported("tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        unsupported("variant with a value")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'a>, Unsupported> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Unsupported> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        unsupported("variant with a value")
    }
}

impl SerializeSeq for Inside<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Done {
        self.out.push(self.close);
        Ok(())
    }
}

impl SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        let start = self.out.len();
        key.serialize(Writer { out: self.out })?;
        if self.out.get(start) == Some(&b'"') { Ok(()) } else { unsupported("key but a string") }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.out.push(b':');
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Done {
        self.out.push(self.close);
        Ok(())
    }
}

impl SerializeStruct for Inside<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Done {
        // A name of ours has nothing to be escaped.
        let open: &[u8] = if std::mem::take(&mut self.is_empty) { b"\"" } else { b",\"" };
        self.out.reserve(open.len() + key.len() + 2);
        self.out.extend_from_slice(open);
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Done {
        self.out.push(self.close);
        Ok(())
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    if has_escapes(text.as_bytes()) {
        escape(out, text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

/// Whether anything in `bytes` may not stand in a string as it is (RFC 8259, section 7).
fn has_escapes(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words = words.iter().fold(0, |found, word| found | escapes_in(*word));
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    in_words | escapes_in(last) != 0
}

/// Not zero where one of the eight is a control character, a quotation mark or a backslash: what
/// borrows from its highest bit and had not set it.
fn escapes_in(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(bytes);
    let is_below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
    let is = |byte: u8| is_below(word ^ (ONES * u64::from(byte)), 1);
    is_below(word, 0x20) | is(b'"') | is(b'\\')
}

fn escape(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in text.bytes() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 0x0f].map(|digit| HEX[usize::from(digit)]));
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend([b'\\', short]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Serialize)]
    enum Kind {
        One,
    }

    #[derive(Debug, Serialize)]
    struct Newtype(u32);

    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Event<'a> {
        text: &'a str,
        is_so: bool,
        numbers: Vec<i64>,
        absent: Option<u8>,
        none_here: (),
        kind: Kind,
        inner: Newtype,
        by_name: BTreeMap<&'a str, bool>,
        others: Vec<Event<'a>>,
    }

    proptest! {
        #[test]
        fn it_writes_what_serde_json_writes(text in any::<String>(), bytes in any::<Vec<u8>>(), numbers: Vec<i64>, is_so: bool) {
            // Many control characters, at every place of a word.
            let low: String = bytes.iter().map(|byte| char::from(byte & 0x7f)).collect();
            let inner = |text| Event {
                text,
                is_so,
                numbers: numbers.clone(),
                absent: is_so.then_some(7),
                none_here: (),
                kind: Kind::One,
                inner: Newtype(u32::MAX),
                by_name: [(text, is_so), (low.as_str(), !is_so)].into(),
                others: Vec::new(),
            };
            let event = Event { others: vec![inner(&low), inner("")], ..inner(&text) };
            let ours = String::from_utf8(to_json(&event)).unwrap();
            prop_assert_eq!(ours, serde_json::to_string(&event).unwrap());
        }
    }

    #[test]
    fn each_character_is_escaped_as_serde_json_does_it() {
        for code in 0..0x180 {
            let character = char::from_u32(code).unwrap();
            for before in 0..9 {
                let text = format!("{}{character}abcdefghi", "x".repeat(before));
                let ours = String::from_utf8(to_json(&text)).unwrap();
                assert_eq!(ours, serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn what_no_event_has_is_refused_and_not_written_wrong() {
        let mut out = Vec::new();
        assert!(1.5_f64.serialize(Writer { out: &mut out }).is_err());
        assert!((1, 2).serialize(Writer { out: &mut out }).is_err());
        assert!(BTreeMap::from([(1, 2)]).serialize(Writer { out: &mut out }).is_err());
    }
}
