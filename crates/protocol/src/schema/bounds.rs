//! The limits of a node as keywords of JSON Schema, as exact as these can be: a text is counted in
//! Unicode scalar values, without the white space at its ends.
//!
//! A field says with `x-limit` which limit bounds it. The mark stays, so that a reader of the document
//! finds the limit by its name.

use serde_json::{Value, json};

use crate::Limits;

/// The property White_Space of Unicode, inside brackets: what is trimmed.
const SPACE: &str =
    r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// What is taken out of a name, inside brackets: control characters, and Bidi_Control (UAX #9).
const UNSEEMLY: &str = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069";
/// The URL of a picture.
const IMAGE: &str = "^data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/]{4})*\
     ([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$";

/// Writes the limits into a schema, and leaves out what only Rust knows.
pub(super) fn apply(schema: &mut Value, limits: &Limits) {
    match schema {
        Value::Object(keywords) => {
            let format = keywords.get("format").and_then(Value::as_str);
            if let Some(width) = format.and_then(|format| format.strip_prefix("uint")) {
                let widest = match width {
                    "64" => Some(u64::MAX),
                    "32" => Some(u32::MAX.into()),
                    _ => None,
                };
                if let Some(widest) = widest {
                    keywords.entry("maximum").or_insert(widest.into());
                }
                keywords.remove("format");
            }
            if let Some(name) = keywords.get("x-limit").and_then(Value::as_str) {
                for (keyword, value) in keywords_of(name, limits) {
                    keywords.insert(keyword.into(), value);
                }
            }
            keywords.values_mut().for_each(|value| apply(value, limits));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| apply(value, limits)),
        _ => {}
    }
}

fn keywords_of(limit: &str, limits: &Limits) -> Vec<(&'static str, Value)> {
    let words = |most| (most > 0).then(|| ("maxItems", Value::from(most)));
    let found = match limit {
        "name_chars" => vec![name(limits.name_chars).map(|pattern| ("pattern", pattern.into()))],
        "message_chars" => vec![Some(("pattern", text(limits.message_chars, 1).into()))],
        "image_bytes" => {
            let most = limits.image_bytes;
            let longest = (most > 0).then(|| ("maxLength", Value::from(most)));
            vec![Some(("pattern", IMAGE.into())), longest]
        }
        "interests" => {
            let item = json!({"type": "string", "pattern": text(limits.interest_chars, 0)});
            vec![words(limits.interests), Some(("items", item))]
        }
        "watched_visitors" => vec![words(limits.watched_visitors)],
        other => unreachable!("no field is bounded by {other}"),
    };
    found.into_iter().flatten().collect()
}

/// A text of `least` (0 or 1) to `most` scalar values between the white space at its ends.
fn text(most: usize, least: usize) -> String {
    let between = match most {
        0 => format!(r"[\s\S]*[^{SPACE}]"),
        1 => String::new(),
        most => format!(r"([\s\S]{{0,{}}}[^{SPACE}])?", most - 2),
    };
    let core = if most == 0 { format!("({between})") } else { format!("([^{SPACE}]{between})") };
    let core = if least == 0 { format!("{core}?") } else { core };
    format!("^[{SPACE}]*{core}[{SPACE}]*$")
}

/// A name, before what is unseemly is taken out and its ends are trimmed.
fn name(most: usize) -> Option<String> {
    let ends = format!("[{SPACE}{UNSEEMLY}]*");
    (most > 0).then(|| format!("^{ends}([^{UNSEEMLY}][{UNSEEMLY}]*){{0,{most}}}{ends}$"))
}
