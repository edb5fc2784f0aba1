//! How what strangers say and hear is put into text frames: as Live Loop's own JSON envelope, or as
//! Socket.IO packets. Knows no socket.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::socketio::{self, Packet};

/// Which framing a server speaks inside WebSocket frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `{"event","data","ref"?}` at `/ws`.
    Plain,
    /// Socket.IO 5 over Engine.IO 4, WebSocket alone.
    SocketIo,
}

/// What a server has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// An event. `data` begins with its JSON; on the plain wire the rest of the frame follows.
    Event { name: &'a str, data: &'a str },
    /// The answer to something that was asked; where in it the data stand is the wire's affair.
    Ack { answer: &'a str },
    /// To be answered with this text at once.
    Reply(&'static str),
    /// Nothing that a stranger minds.
    Nothing,
    /// The end of this connection, or a text that makes no sense.
    Bad,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Option<&'a str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    ack: Option<u64>,
}

impl Wire {
    /// Where to ask for the WebSocket.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Plain => "/ws",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// Writes an event, which is to be answered where it has a reference.
    pub(crate) fn write(self, text: &mut String, event: &str, data: &str, ask: Option<u64>) {
        let _ = match (self, ask) {
            (Self::Plain, None) => write!(text, "{{\"event\":\"{event}\",\"data\":{data}}}"),
            (Self::Plain, Some(reference)) => {
                write!(text, "{{\"event\":\"{event}\",\"data\":{data},\"ref\":{reference}}}")
            }
            (Self::SocketIo, _) => {
                socketio::write_event(text, event, data, ask);
                Ok(())
            }
        };
    }

    /// Reads a text that the server has sent.
    pub(crate) fn read(self, text: &str) -> Heard<'_> {
        match self {
            Self::Plain => read_plain(text),
            Self::SocketIo => match socketio::read(text) {
                Some(Packet::Event { name, data, .. }) => Heard::Event { name, data },
                Some(Packet::Ack { data, .. }) => Heard::Ack { answer: data },
                Some(Packet::Open) => Heard::Reply("40"),
                Some(Packet::Ping) => Heard::Reply("3"),
                Some(Packet::Connected) => Heard::Nothing,
                Some(Packet::Refused) | None => Heard::Bad,
            },
        }
    }
}

/// The usual order of fields is read at a glance, so that the loader does not hold the server up.
fn read_plain(text: &str) -> Heard<'_> {
    if text.starts_with("{\"ack\":") {
        return Heard::Ack { answer: text };
    }
    let usual = text.strip_prefix("{\"event\":\"").and_then(|rest| rest.split_once('"'));
    if let Some((name, data)) = usual
        && let Some(data) = data.strip_prefix(",\"data\":")
    {
        return Heard::Event { name, data };
    }
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(Envelope { ack: Some(_), .. }) => Heard::Ack { answer: text },
        Ok(Envelope { event: Some(name), data, .. }) => {
            Heard::Event { name, data: data.map_or("{}", RawValue::get) }
        }
        _ => Heard::Bad,
    }
}

/// The text of the field `name`, where `json` has one that is free of escapes.
pub(crate) fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    for at in memchr::memmem::find_iter(json.as_bytes(), name.as_bytes()) {
        let rest = json[..at].ends_with('"').then(|| &json[at + name.len()..]);
        let value = rest.and_then(|rest| rest.strip_prefix('"')).map(str::trim_ascii_start);
        let value = value.and_then(|rest| rest.strip_prefix(':')).map(str::trim_ascii_start);
        if let Some(value) = value.and_then(|rest| rest.strip_prefix('"')) {
            return value.split('"').next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_wire_says_and_hears() {
        let mut text = String::new();
        Wire::Plain.write(&mut text, "heartbeat", "{}", Some(7));
        assert_eq!(text, "{\"event\":\"heartbeat\",\"data\":{},\"ref\":7}");
        let heard = Wire::Plain.read("{\"event\":\"match-done\",\"data\":{\"a\":1},\"n\":1}");
        assert_eq!(heard, Heard::Event { name: "match-done", data: "{\"a\":1},\"n\":1}" });
        let text = "{\"ack\":7,\"data\":{}}";
        assert_eq!(Wire::Plain.read(text), Heard::Ack { answer: text });
    }

    #[test]
    fn a_server_may_order_and_space_its_fields_as_it_likes() {
        let heard = Wire::Plain.read("{ \"data\": {\"a\": 1}, \"event\": \"welcome\" }");
        assert_eq!(heard, Heard::Event { name: "welcome", data: "{\"a\": 1}" });
        let text = "{ \"data\": {}, \"ack\": 1 }";
        assert_eq!(Wire::Plain.read(text), Heard::Ack { answer: text });
        assert_eq!(Wire::Plain.read("hello"), Heard::Bad);
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let json = "{\"oldroomId\":\"x\",\"note\":\"roomId\",\"roomId\" : \"abc\"}";
        assert_eq!(field(json, "roomId"), Some("abc"));
        assert_eq!(field(json, "room"), None);
    }
}
