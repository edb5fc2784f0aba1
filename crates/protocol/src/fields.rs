//! Reading and bounding single fields of a payload, and naming the one that is at fault.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ErrorCode, Limits, Refusal};

/// Longest id from a client (`roomId`, `clientId`, `to`), in bytes.
pub(crate) const ID_BYTES_MAX: usize = 64;

/// Reads a payload. Only a failure pays for finding out which field it was.
pub(crate) fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, Refusal> {
    // Serde would also read an array as a struct.
    if !data.starts_with('{') {
        return Err(Refusal::new(ErrorCode::BadPayload, "`data` must be a JSON object"));
    }
    serde_json::from_str(data).map_err(|_| refusal_of::<T>(data))
}

fn refusal_of<'a, T: Deserialize<'a>>(data: &'a str) -> Refusal {
    let mut reader = serde_json::Deserializer::from_str(data);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return Refusal::new(ErrorCode::BadPayload, "the payload must be one JSON object");
    };
    let path = error.path().to_string();
    let reason = error.inner().to_string();
    if let Some(field) = between_backticks(&reason, "missing field `") {
        return Refusal::bad_field(field, "present and not null");
    }
    if let Some(field) = between_backticks(&reason, "duplicate field `") {
        return Refusal::bad_field(field, "there only once");
    }
    Refusal::bad_field(&path, "of the type that the protocol gives it")
}

fn between_backticks<'a>(reason: &'a str, start: &str) -> Option<&'a str> {
    reason.strip_prefix(start)?.split('`').next()
}

/// A required opaque value: not null, and not nested too deep.
pub(crate) fn bounded_opaque(
    field: &str,
    value: &RawValue,
    limits: &Limits,
) -> Result<(), Refusal> {
    if value.get() == "null" {
        return Err(Refusal::bad_field(field, "present and not null"));
    }
    bounded_depth(field, value, limits)
}

/// Refuses what is nested deeper than a receiver's JSON reader may bear.
pub(crate) fn bounded_depth(field: &str, value: &RawValue, limits: &Limits) -> Result<(), Refusal> {
    if limits.json_depth == 0 {
        return Ok(());
    }
    let (bytes, mut at, mut depth) = (value.get().as_bytes(), 0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth > limits.json_depth {
            let expected = format!("nested no deeper than {}", limits.json_depth);
            return Err(Refusal::bad_field(field, &expected));
        }
    }
    Ok(())
}

/// Where the string that was entered before `at` has ended.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// An id that a client names. Longer than any of ours is `too-long`.
pub(crate) fn bounded_id(field: &str, id: Option<&str>) -> Result<(), Refusal> {
    match id {
        Some(id) if id.len() > ID_BYTES_MAX => Err(Refusal::too_long(field, ID_BYTES_MAX, "bytes")),
        _ => Ok(()),
    }
}

/// At most `limit` Unicode scalar values; 0 is no limit.
pub(crate) fn bounded_chars(field: &str, text: &str, limit: usize) -> Result<(), Refusal> {
    let is_over = limit > 0 && text.len() > limit && text.chars().nth(limit).is_some();
    if is_over { Err(Refusal::too_long(field, limit, "characters")) } else { Ok(()) }
}

/// The text without white space at its ends.
pub(crate) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// A name as partners may see it: no control characters, nothing that turns the direction of the
/// text around it; blank counts as absent.
///
/// # Errors
/// `too-long`.
pub fn clean_name<'a>(
    name: Option<Cow<'a, str>>,
    limits: &Limits,
) -> Result<Option<Cow<'a, str>>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    let name = if name.contains(is_unseemly) {
        Cow::Owned(name.chars().filter(|c| !is_unseemly(*c)).collect())
    } else {
        name
    };
    let name = trimmed(name);
    bounded_chars("name", &name, limits.name_chars)?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn is_unseemly(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Interests: bounded in number and length; trimmed, in lower case, each once, blank ones left out.
pub(crate) fn clean_interests<'a>(
    interests: Option<Vec<Cow<'a, str>>>,
    limits: &Limits,
) -> Result<Option<Vec<Cow<'a, str>>>, Refusal> {
    clean_words("interests", interests, (limits.interests, limits.interest_chars))
}

/// Languages: likewise, and of a tag (BCP 47) its primary language alone, so that `en-GB` and `en-US`
/// are one.
pub(crate) fn clean_languages<'a>(
    languages: Option<Vec<Cow<'a, str>>>,
    limits: &Limits,
) -> Result<Option<Vec<Cow<'a, str>>>, Refusal> {
    let mut clean = clean_words("languages", languages, (limits.interests, limits.interest_chars))?;
    if let Some(tags) = &mut clean {
        for tag in tags.iter_mut() {
            let primary = tag.split(['-', '_']).next().unwrap_or_default().trim_end().to_owned();
            *tag = Cow::Owned(primary);
        }
        let tags_then = std::mem::take(tags);
        tags_then.into_iter().for_each(|tag| push_once(tags, tag));
    }
    Ok(clean)
}

fn clean_words<'a>(
    field: &str,
    words: Option<Vec<Cow<'a, str>>>,
    (words_max, chars_max): (usize, usize),
) -> Result<Option<Vec<Cow<'a, str>>>, Refusal> {
    let Some(words) = words else { return Ok(None) };
    if words_max > 0 && words.len() > words_max {
        return Err(Refusal::too_long(field, words_max, field));
    }
    let mut clean: Vec<Cow<'a, str>> = Vec::with_capacity(words.len());
    for (index, word) in words.into_iter().enumerate() {
        let word = trimmed(word);
        let is_over = chars_max > 0 && word.len() > chars_max;
        if is_over {
            bounded_chars(&format!("{field}[{index}]"), &word, chars_max)?;
        }
        push_once(&mut clean, Cow::Owned(word.to_lowercase()));
    }
    Ok(Some(clean))
}

fn push_once<'a>(words: &mut Vec<Cow<'a, str>>, word: Cow<'a, str>) {
    if !word.is_empty() && !words.contains(&word) {
        words.push(word);
    }
}

/// A picture that is safe to show: a base64 data URL of a raster format.
pub(crate) fn bounded_image<'a>(
    url: Cow<'a, str>,
    limits: &Limits,
) -> Result<Cow<'a, str>, Refusal> {
    if limits.image_bytes > 0 && url.len() > limits.image_bytes {
        return Err(Refusal::too_long("userImage", limits.image_bytes, "bytes"));
    }
    let body = ["png", "jpeg", "webp"].iter().find_map(|kind| {
        url.strip_prefix("data:image/")?.strip_prefix(kind)?.strip_prefix(";base64,")
    });
    let is_base64 = |body: &str| {
        let digits = body.trim_end_matches('=');
        body.len().is_multiple_of(4)
            && body.len() - digits.len() <= 2
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    };
    if body.is_some_and(is_base64) {
        Ok(url)
    } else {
        Err(Refusal::bad_field("userImage", "a `data:image/png|jpeg|webp;base64,` URL"))
    }
}

/// The wire's words for [`liveloop_core::Mode`].
pub(crate) mod mode {
    use liveloop_core::Mode;
    use schemars::JsonSchema;
    use serde::{Deserialize, Deserializer};

    /// The kind of a call.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[schemars(rename = "Mode")]
    pub(crate) enum Word {
        /// Picture and sound.
        Video,
        /// Sound alone.
        Audio,
        /// Neither.
        Text,
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Mode>, D::Error> {
        Ok(Option::<Word>::deserialize(from)?.map(|word| match word {
            Word::Video => Mode::Video,
            Word::Audio => Mode::Audio,
            Word::Text => Mode::Text,
        }))
    }
}
