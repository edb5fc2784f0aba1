//! The ends of rooms: whoever is left is told once, with a reason that is true; and a command that names
//! an ended room is no reason for the end of another.

use serde_json::Value;

use super::{Farewell, Model, Outcome, Place, Rule, SLACK, Sent, broken};

/// That somebody was told of an end: whether that is true is known once everything has arrived.
#[derive(Debug)]
pub(super) struct Told {
    session: usize,
    room: usize,
    reason: String,
    at: u64,
}

impl Model {
    pub(super) fn stopped(&mut self, session: usize, data: &Value) -> Rule {
        let id = data["roomId"].as_str().unwrap_or_default();
        if self.has_missed_and_left(session, id) {
            return match self.sessions[session].ended_unseen.insert(id.to_owned()) {
                true => Ok(()),
                false => broken("told-once", format!("again, of a room that was missed: {data}")),
            };
        }
        let Some(&room) = self.by_room.get(id) else {
            return broken("told-once", format!("of a room that nobody was in: {data}"));
        };
        let own = &self.sessions[session];
        let farewell = self.rooms[room].side(session).and_then(|side| side.farewell);
        if farewell == Some(Farewell::Unknown) && own.place != Place::Room(room) {
            // It had asked to leave itself, and its socket was lost before the answer.
            return Ok(());
        }
        if own.place != Place::Room(room) {
            let (id, place) = (&own.id, own.place);
            return broken("told-once", format!("{id} is told {data} while {place:?}"));
        }
        let is_queued = own.wish.as_ref().is_none_or(|wish| wish.auto_next);
        // What it has asked for last was answered on a socket that is lost.
        if own.wish.is_none() {
            self.sessions[session].is_vague = true;
        }
        self.depart(session, room, Farewell::Told);
        let told = self.rooms[room].sides.iter();
        if told.filter(|side| side.farewell == Some(Farewell::Told)).count() > 1 {
            return broken("told-once", format!("both are told that the other has left: {data}"));
        }
        self.set_place(session, if is_queued { Place::Waiting(Some(room)) } else { Place::Idle });
        self.sessions[session].asked_at = self.now;
        let reason = data["reason"].as_str().unwrap_or_default().to_owned();
        self.counts.add(match &*reason {
            "next" => "left by next",
            "stopped" => "left by stop",
            _ => "left by a lost session",
        });
        self.to_judge.push(Told { session, room, reason, at: self.now });
        Ok(())
    }

    /// Whether a session that has just come back may have missed the word of that room and left it
    /// itself, before it was lost: the `welcome` says that it is elsewhere by then, and the answer of the
    /// Lobby, where the partner was faster, is yet to come. It cannot know the room.
    fn has_missed_and_left(&self, session: usize, id: &str) -> bool {
        let own = &self.sessions[session];
        let sides = self.by_room.get(id).map_or(&[][..], |room| &self.rooms[*room].sides);
        let may_be_there = match sides {
            [] => true,
            [side] => side.partner == session,
            _ => false,
        };
        let has_asked = own.sent.iter().any(|sent| {
            let is_unknown = sent.outcome == Outcome::Lost;
            is_unknown && sent.command.may_leave(usize::MAX)
        });
        let has_missed = own.missed_at == Some(self.epoch) && own.unsure_until > self.epoch;
        has_missed
            && has_asked
            && may_be_there
            && !own.rooms.iter().any(|room| self.rooms[*room].id == id)
    }

    /// Judges the reasons that were told since everything had settled.
    pub(super) fn judge_reasons(&mut self) -> Rule {
        for told in std::mem::take(&mut self.to_judge) {
            let side = self.rooms[told.room].side(told.session);
            let Some(leaver) = side.map(|side| side.partner) else { continue };
            let own = &self.sessions[leaver];
            let is_true = match &*told.reason {
                "next" => self.has_left(leaver, told.room, &["request-room", "undo-skip"]),
                "stopped" => self.has_left(leaver, told.room, &["stop-call"]),
                "disconnected" => {
                    own.loss.as_ref().is_some_and(|loss| loss.over_from <= told.at + SLACK / 4)
                }
                _ => false,
            };
            if !is_true {
                let (room, leaver) = (&self.rooms[told.room].id, &own.id);
                let (id, reason) = (&self.sessions[told.session].id, &told.reason);
                let loss = &own.loss;
                return broken(
                    "true-reason",
                    format!(
                        "{id} is told that {leaver} has left {room}, `{reason}`: it has not ({loss:?})"
                    ),
                );
            }
        }
        Ok(())
    }

    /// Whether `leaver` has sent one of such commands that may have ended the room.
    fn has_left(&self, leaver: usize, room: usize, events: &[&str]) -> bool {
        let matched_at = self.rooms[room].side(leaver).map(|side| side.matched_at);
        let came_after_match = |sent: &Sent| match (sent.outcome, matched_at) {
            (Outcome::Granted(tick), Some(matched_at)) => tick > matched_at,
            (Outcome::Granted(tick), None) => {
                // Answered before anybody had seen the room: for a former one.
                let first = self.rooms[room].sides.iter().map(|side| side.matched_at).min();
                let own = &self.sessions[leaver];
                let may_have_missed = own.loss.is_some() || own.missed_at.is_some();
                first.is_none_or(|first| tick > first) || may_have_missed
            }
            (Outcome::Open | Outcome::Lost, _) => true,
            (Outcome::Refused, _) => false,
        };
        let is_it = |sent: &&Sent| {
            let may = events.contains(&sent.command.event) && sent.command.may_leave(room);
            let is_in_time = sent.command.event != "undo-skip"
                || self.sessions[leaver].undo_until + SLACK > sent.at;
            may && is_in_time
                && (sent.command.event == "undo-skip" && sent.outcome != Outcome::Refused
                    || came_after_match(sent))
        };
        self.sessions[leaver].sent.iter().any(|sent| is_it(&sent))
    }
}
