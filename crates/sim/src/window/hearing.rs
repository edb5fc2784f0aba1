//! What a window makes of what arrives: the answer to its handshake, greetings, and then frames.

use liveloop_protocol::websocket::{Incoming, Limit, Opcode, Role, encode_masked};
use serde_json::Value;

use super::{Around, Phase, Window};
use crate::model::{Broken, Rule, broken};

enum Heard {
    Text(String),
    Ping(Vec<u8>),
    Close(Option<u16>),
}

impl Window {
    pub(super) fn take(&mut self, around: &mut Around<'_>, mut bytes: Vec<u8>) -> Rule {
        let Some(line) = &mut self.line else { return Ok(()) };
        if let Phase::Handshake(head) = &mut line.phase {
            head.extend_from_slice(&bytes);
            let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else {
                return Ok(());
            };
            let rest = head.split_off(end + 4);
            let is_upgraded = head.starts_with(b"HTTP/1.1 101 ");
            line.phase = Phase::Greeting(0, None);
            if !is_upgraded {
                around.model.counts.add("handshakes refused");
                return if line.deserts.is_draining { Ok(()) } else { broken("let-in", "no 101") };
            }
            bytes = rest;
        }
        let mut heard = Vec::new();
        let fed = line.decoder.feed(&mut bytes, (Role::Client, Limit(0)), |incoming| {
            heard.push(match incoming {
                Incoming::Text(text) => Heard::Text(text.to_owned()),
                Incoming::Ping(payload) => Heard::Ping(payload.to_vec()),
                Incoming::Close(code) => Heard::Close(code),
                Incoming::Pong(_) | Incoming::Binary(_) | Incoming::Fragment => return,
            });
        });
        if fed.is_err() {
            return broken("websocket", format!("{fed:?}"));
        }
        for what in heard {
            match what {
                Heard::Text(text) => self.hear(around, &text)?,
                Heard::Ping(payload) => {
                    let mut pong = Vec::new();
                    encode_masked(&mut pong, Opcode::Pong, &payload, [3, 1, 3, 1]);
                    around.model.counts.add("pings");
                    self.put_raw(around, pong);
                }
                Heard::Close(code) => self.ended(around, code)?,
            }
        }
        Ok(())
    }

    fn hear(&mut self, around: &mut Around<'_>, text: &str) -> Rule {
        around.model.count_frame();
        around.transcript.note(around.model.now, || {
            let number = self.number;
            // The rest of a `welcome` is the same for all.
            let end = text.find(",\"limits\":").unwrap_or(text.len());
            format!("window {number} < {}", &text[..end])
        });
        around.transcript.digest(text.as_bytes());
        let frame: Value = serde_json::from_str(text)
            .map_err(|_| Broken { rule: "json", detail: text.to_owned() })?;
        let Some(line) = &mut self.line else { return Ok(()) };
        if let Phase::Greeting(..) = line.phase {
            return self.greeted(around, &frame);
        }
        let Some(session) = self.session else { return Ok(()) };
        match (frame["ack"].as_u64(), frame["event"].as_str()) {
            (Some(reference), None) => around.model.answer(session, reference, &frame),
            (None, Some(name)) => {
                around.model.event(session, (name, &frame["data"], text), frame["n"].as_u64())
            }
            _ => broken("json", text),
        }
    }

    /// Before the session goes on: welcomes, and what has become of `hello`.
    fn greeted(&mut self, around: &mut Around<'_>, frame: &Value) -> Rule {
        let Some(line) = &mut self.line else { return Ok(()) };
        let Phase::Greeting(count, last) = &mut line.phase else { return Ok(()) };
        let (says_hello, is_announced) = (line.claim.is_said, line.claim.is_announced);
        match frame["event"].as_str() {
            Some("welcome") => {
                *count += 1;
                *last = Some(frame["data"].clone());
                if says_hello && !is_announced && *count == 1 {
                    return Ok(());
                }
                // Time has leapt while `hello` was on its way: the node has not waited for it.
                let is_early =
                    is_announced && line.claim.is_before_its_time(around.model, &frame["data"]);
                if is_early && around.model.has_leapt {
                    line.claim.is_announced = false;
                    return Ok(());
                }
            }
            Some("error") if says_hello => {
                let code = frame["data"]["code"].as_str().unwrap_or_default().to_owned();
                around.model.counts.refuse(&code);
                let claim = &mut line.claim;
                claim.refused = Some(code);
                // After a resume that fails a `welcome` follows always.
                if is_announced || claim.session.is_some() {
                    return Ok(());
                }
            }
            Some("draining") => return Ok(()),
            _ => return broken("welcome-first", frame.to_string()),
        }
        let Some(welcome) = last.take() else { return broken("welcome-first", frame.to_string()) };
        let claim = std::mem::take(&mut line.claim);
        line.phase = Phase::On;
        let session = around.model.welcome(&welcome, &claim)?;
        self.session = Some(session);
        if welcome["resumed"] == true {
            self.repeat(around, session);
        }
        Ok(())
    }

    /// Says again what was not handled, and texts whose answer was lost.
    fn repeat(&mut self, around: &mut Around<'_>, session: usize) {
        let again = around.model.repeat(session);
        for (command, reference) in again {
            match reference {
                Some(reference) => {
                    let (event, data) = (command.event, &command.data);
                    self.put(around, event, data, Some(reference));
                }
                None => self.say(around, command, true),
            }
        }
    }
}
