//! What partners send each other: it arrives in its own room alone, once and in order.

use serde_json::Value;

use super::{Command, Model, Named, Place, Room, Rule, broken, rooms::Text};

/// Bytes that an event takes beside what it carries, roughly and at most.
const EVENT_BYTES: u64 = 700;

/// Something that was sent to whoever is the partner by then.
#[derive(Debug)]
pub(super) struct Stray {
    at: u64,
    bytes: u64,
    /// Who is the partner as far as its sender knew, with whom it counts already.
    partner: Option<usize>,
}

impl Model {
    /// What `session` sends may have to be kept for its partner.
    pub(super) fn note_incoming(&mut self, session: usize, command: &Command) {
        let bytes = command.data.len() as u64 + EVENT_BYTES;
        let room = match self.sessions[session].place {
            Place::Room(room) => self.rooms[room].side(session),
            _ => None,
        };
        let partner = room.map(|side| side.partner);
        let at = self.now;
        if let Some(partner) = partner {
            self.sessions[partner].incoming.push((at, bytes));
        }
        // Without a room the present call is meant, and by the time that it arrives that may be another
        // one than its sender has heard of.
        if partner.is_none() || command.named == Named::None {
            self.incoming.push(Stray { at, bytes, partner });
        }
    }

    /// How many bytes there may be of `count` events since then.
    pub(super) fn incoming_since(&self, session: usize, since: u64, count: u64) -> u64 {
        let own = &self.sessions[session];
        let sum = |sent: &[(u64, u64)]| -> u64 {
            let lately = sent.iter().rev().take_while(|(at, _)| *at >= since);
            lately.map(|(_, bytes)| *bytes).sum()
        };
        // For whom the others were is not known, perhaps for this one.
        let is_long = |stray: &&Stray| stray.at >= since && stray.bytes > 2 * EVENT_BYTES;
        let others = self.incoming.iter().filter(is_long);
        let others = others.filter(|stray| stray.partner != Some(session));
        let others: u64 = others.map(|stray| stray.bytes).sum();
        sum(&own.incoming) + others + count * EVENT_BYTES
    }

    pub(super) fn relayed(&mut self, session: usize, name: &str, data: &Value) -> Rule {
        let own = &self.sessions[session];
        let room = self.by_room.get(data["roomId"].as_str().unwrap_or_default()).copied();
        let here = match (own.place, room) {
            (Place::Room(here), Some(room)) if here == room => here,
            (place, _) => {
                let id = &own.id;
                return broken("own-room", format!("{id} gets {name} {data} while {place:?}"));
            }
        };
        let partner = self.rooms[here].side(session).map_or(session, |side| side.partner);
        match name {
            "newMessage" => self.text(session, partner, here, data),
            "negotiation-call-offer" => self.signal(session, partner, here, &data["offer"]),
            "negotiation-call-answer" => self.signal(session, partner, here, &data["ans"]),
            "new-ice-candidates" => {
                let one = data.get("candidate").or_else(|| data["candidates"].get(0));
                self.signal(session, partner, here, one.unwrap_or(&Value::Null))
            }
            "typing" => {
                self.counts.add("typing");
                Ok(())
            }
            "partner-away" => {
                self.counts.add("partner away");
                self.is_of_partner(partner, &data["socketId"])
            }
            "partner-back" => {
                self.counts.add("partner back");
                self.is_of_partner(partner, &data["socketId"])
            }
            _ => broken("known-event", format!("{name} {data}")),
        }
    }

    fn is_of_partner(&self, partner: usize, socket: &Value) -> Rule {
        let id = &self.sessions[partner].id;
        if socket == id { Ok(()) } else { broken("own-room", format!("of {socket}, not of {id}")) }
    }

    fn signal(&mut self, session: usize, partner: usize, room: usize, payload: &Value) -> Rule {
        self.counts.add("signals");
        let serial = payload["serial"].as_u64().unwrap_or(0);
        let was_sent = |model: &Self| {
            let mut sent = model.sessions[partner].sent.iter();
            sent.any(|sent| sent.command.serial == serial && sent.command.event != "newMessage")
        };
        if !was_sent(self) {
            return broken("relayed-once", format!("a signal that was not sent: {payload}"));
        }
        let Some(side) = self.rooms[room].side_mut(session) else { return Ok(()) };
        if side.last_signal >= serial {
            let last = side.last_signal;
            return broken("relayed-once", format!("signal {serial} after {last}"));
        }
        side.last_signal = serial;
        Ok(())
    }

    fn text(&mut self, session: usize, partner: usize, room: usize, data: &Value) -> Rule {
        self.counts.add("texts");
        let (seq, message) = (data["seq"].as_u64().unwrap_or(0), data["message"].as_str());
        let serial = message.and_then(|text| text.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let mut sent = self.sessions[partner].sent.iter();
        if !sent.any(|sent| sent.command.serial == serial && sent.command.event == "newMessage") {
            return broken("texts", format!("one that was not sent: {data}"));
        }
        let Some(side) = self.rooms[room].side_mut(session) else { return Ok(()) };
        if seq <= side.last_seq {
            return broken("texts", format!("{data} after {}", side.last_seq));
        }
        side.last_seq = seq;
        self.place_text(room, seq, (serial, partner))?.is_received = true;
        Ok(())
    }

    /// The text at `seq`, which must be the same for all.
    fn place_text(
        &mut self,
        room: usize,
        seq: u64,
        (serial, sender): (u64, usize),
    ) -> Rule<&mut Text> {
        let texts = &mut self.rooms[room].texts;
        let is_elsewhere = texts.iter().any(|(at, text)| *at != seq && text.serial == serial);
        if seq == 0 || is_elsewhere {
            return broken("texts", format!("text {serial} has two places, one is {seq}"));
        }
        let text = texts.entry(seq).or_insert_with(|| Text { serial, sender, ..Text::default() });
        if (text.serial, text.sender) == (serial, sender) {
            return Ok(text);
        }
        broken("texts", format!("at {seq} both {} and {serial}", text.serial))
    }

    /// The sender of a text was told its place.
    pub(super) fn text_placed(
        &mut self,
        session: usize,
        serial: u64,
        room: usize,
        data: &Value,
    ) -> Rule {
        let seq = data["seq"].as_u64().unwrap_or(0);
        self.place_text(room, seq, (serial, session))?.is_acknowledged = true;
        Ok(())
    }

    /// While both are in a room, whatever was acknowledged has arrived, and no place is left out.
    pub(super) fn check_texts(&self, room: usize, has_lost: bool) -> Rule {
        let Room { id, texts, .. } = &self.rooms[room];
        for (index, (seq, text)) in (1..).zip(texts) {
            if text.is_acknowledged && !text.is_received {
                return broken("texts", format!("text {} of {id} has not arrived", text.serial));
            }
            if index != *seq && !has_lost {
                return broken("texts", format!("the places of {id} have a hole before {seq}"));
            }
        }
        Ok(())
    }
}
