//! The packets of Engine.IO 4 and Socket.IO 5 that a client without binary data meets, in the
//! default namespace, over WebSocket alone: one packet a text frame.

use std::fmt::Write;

/// What a server may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// `0{…}`: Engine.IO is open; the client is to connect to a namespace.
    Open,
    /// `2`: to be answered by `3`.
    Ping,
    /// `40{…}`: the namespace is connected.
    Connected,
    /// `1`, `41`, `44{…}`: it is over.
    Refused,
    /// `42["name",data]`, with an id where the server wants an answer.
    Event { id: Option<u64>, name: &'a str, data: &'a str },
    /// `43id[data]`.
    Ack { id: u64, data: &'a str },
}

/// Appends an event with its data, JSON, and an id where it is to be answered.
pub(crate) fn write_event(text: &mut String, name: &str, data: &str, id: Option<u64>) {
    text.push_str("42");
    if let Some(id) = id {
        let _ = write!(text, "{id}");
    }
    let _ = write!(text, "[\"{name}\",{data}]");
}

/// Reads one packet; `None` where it is none that such a client can meet.
pub(crate) fn read(text: &str) -> Option<Packet<'_>> {
    let mut kinds = text.chars();
    match (kinds.next()?, kinds.next()) {
        ('0', _) => Some(Packet::Open),
        ('2', None) => Some(Packet::Ping),
        ('1', None) | ('4', Some('1' | '4')) => Some(Packet::Refused),
        ('4', Some('0')) => Some(Packet::Connected),
        ('4', Some('2')) => read_event(&text[2..]),
        ('4', Some('3')) => {
            let (id, data) = split_id(&text[2..])?;
            Some(Packet::Ack { id: id?, data: array(data)? })
        }
        _ => None,
    }
}

fn read_event(text: &str) -> Option<Packet<'_>> {
    let (id, rest) = split_id(text)?;
    let (name, rest) = array(rest)?.strip_prefix('"')?.split_once('"')?;
    let data = if rest.is_empty() { "" } else { rest.strip_prefix(',')? };
    Some(Packet::Event { id, name, data })
}

/// The digits before the array; `None` where they are no number of 64 bits.
fn split_id(text: &str) -> Option<(Option<u64>, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    Some((if digits.is_empty() { None } else { Some(digits.parse().ok()?) }, rest))
}

/// What stands between the brackets.
fn array(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_as_the_protocol_says() {
        let mut text = String::new();
        write_event(&mut text, "stop-call", "{\"roomId\":\"a\"}", None);
        assert_eq!(text, "42[\"stop-call\",{\"roomId\":\"a\"}]");
        text.clear();
        write_event(&mut text, "heartbeat", "{}", Some(12));
        assert_eq!(text, "4212[\"heartbeat\",{}]");
    }

    #[test]
    fn what_a_server_sends_is_read() {
        for (text, packet) in [
            ("0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000}", Packet::Open),
            ("2", Packet::Ping),
            ("1", Packet::Refused),
            ("40{\"sid\":\"a\"}", Packet::Connected),
            ("41", Packet::Refused),
            ("44{\"message\":\"no\"}", Packet::Refused),
            ("43512[{\"a\":1}]", Packet::Ack { id: 512, data: "{\"a\":1}" }),
            ("430[]", Packet::Ack { id: 0, data: "" }),
            (
                "42[\"welcome\",{\"a\":[1]}]",
                Packet::Event { id: None, name: "welcome", data: "{\"a\":[1]}" },
            ),
            ("42[\"bare\"]", Packet::Event { id: None, name: "bare", data: "" }),
            ("427[\"asked\",1]", Packet::Event { id: Some(7), name: "asked", data: "1" }),
        ] {
            assert_eq!(read(text), Some(packet), "{text}");
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in
            ["", "9", "4", "42", "42[]", "42[1]", "43[1]", "42[\"a\"", "4399999999999999999999[]"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("é"), None);
        assert_eq!(read("4é"), None);
    }
}
