//! Answers: one to each `ref`, and the one that the state demands.

use serde_json::Value;

use super::{Farewell, Model, Named, Outcome, Place, Rule, Sent, broken};

impl Model {
    /// `session` has received the answer to `reference`.
    pub(crate) fn answer(&mut self, session: usize, reference: u64, frame: &Value) -> Rule {
        let own = &self.sessions[session];
        let Some(&index) = own.by_reference.get(&reference) else {
            return broken("one-answer", format!("{} to what was not asked: {frame}", own.id));
        };
        let sent = own.sent[index].clone();
        if matches!(sent.outcome, Outcome::Granted(_) | Outcome::Refused) {
            return broken("one-answer", format!("{} again: {frame}", own.id));
        }
        match frame["error"]["code"].as_str() {
            Some(code) => {
                self.counts.refuse(code);
                self.sessions[session].sent[index].outcome = Outcome::Refused;
                self.check_refusal(session, &sent, code)
            }
            None => {
                self.counts.add("granted");
                self.sessions[session].sent[index].outcome = Outcome::Granted(self.tick);
                self.check_grant(session, &sent, &frame["data"])?;
                self.take_effect(session, &sent);
                Ok(())
            }
        }
    }

    /// A refusal without a `ref`.
    pub(super) fn error(&mut self, session: usize, data: &Value) -> Rule {
        let code = data["code"].as_str().unwrap_or_default();
        self.counts.refuse(code);
        let known = ["bad-frame", "unknown-event", "bad-payload", "too-long", "not-allowed"];
        let is_known = known.contains(&code)
            || ["not-in-room", "rate-limited", "room-not-found"].contains(&code);
        let mut sent = self.sessions[session].sent.iter().rev();
        let is_due = sent.any(|sent| sent.reference.is_none());
        if is_known && is_due { Ok(()) } else { broken("refusals", data.to_string()) }
    }

    /// Whether its visitor knows where the session stood at the last frame.
    fn is_certain(&self, session: usize) -> bool {
        let own = &self.sessions[session];
        !own.is_vague && own.unsure_until <= self.epoch && own.catch_up.is_none()
    }

    /// Whether nothing has changed for the session since the command was sent, nor is about to.
    fn is_stable(&self, session: usize, sent: &Sent) -> bool {
        let own = &self.sessions[session];
        let is_before = |other: &Sent| other.at < sent.at || other.reference < sent.reference;
        let is_open = |other: &&Sent| {
            matches!(other.outcome, Outcome::Open)
                && is_before(other)
                && (other.command.may_leave(usize::MAX) || other.command.named != Named::None)
                && other.command.is_for_lobby()
        };
        self.is_certain(session)
            && own.place_since <= sent.tick
            && !own.sent.iter().any(|other| is_open(&other))
    }

    fn was_in(&self, session: usize, named: Named) -> bool {
        let rooms = &self.sessions[session].rooms;
        matches!(named, Named::Room(room) if rooms.iter().rev().take(12).any(|it| *it == room))
    }

    /// Whether the room that it names, or the present one, is the session's.
    fn names_own(&self, session: usize, sent: &Sent) -> bool {
        match (self.sessions[session].place, sent.command.named) {
            (Place::Room(_), Named::None) => true,
            (Place::Room(here), Named::Room(named)) => here == named,
            _ => false,
        }
    }

    fn check_refusal(&self, session: usize, sent: &Sent, code: &str) -> Rule {
        let command = &sent.command;
        if command.must_fail == Some(code) {
            return Ok(());
        }
        let own = &self.sessions[session];
        let (is_own, is_stable) = (self.names_own(session, sent), self.is_stable(session, sent));
        let told =
            || broken("refusals", format!("{}: {code} to {sent:?} while {:?}", own.id, own.place));
        let minute = self.earliest(self.now, 60_000);
        let lately = |event: &str| own.said_since(minute, |it| it == event);
        if code == "rate-limited" {
            let is_over = lately("request-room") >= 20
                || lately("newMessage") >= 20
                || own.said_since(minute, |_| true) >= 400;
            return if is_over { Ok(()) } else { told() };
        }
        if command.must_fail.is_some() {
            return told();
        }
        let is_documented = match command.event {
            "request-room" => {
                code == "not-in-room" && command.named != Named::None && !(is_own && is_stable)
            }
            "stop-call" => {
                let is_known = is_own && is_stable || self.was_in(session, command.named);
                code == "not-in-room" && command.named != Named::None && !is_known
            }
            "block-user" => code == "not-in-room" && !(is_own && is_stable),
            "undo-skip" => code == "not-allowed",
            "newMessage" => {
                let has_ended = matches!(self.meant(session, command.named), Some(room)
                    if self.rooms[room].sides.iter().any(|side| side.farewell.is_some())
                        || self.partner_may_leave(session, room));
                code == "not-in-room" && (!(is_own && is_stable) || has_ended)
            }
            "cancel-request" | "heartbeat" => false,
            _ => code == "not-in-room" && !(is_own && is_stable),
        };
        if is_documented { Ok(()) } else { told() }
    }

    /// Whether the partner has sent something by which the room may have ended.
    fn partner_may_leave(&self, session: usize, room: usize) -> bool {
        let Some(partner) = self.rooms[room].side(session).map(|side| side.partner) else {
            return true;
        };
        let partner = &self.sessions[partner];
        let mut sent = partner.sent.iter().rev().take(20);
        partner.loss.is_some() || sent.any(|sent| sent.command.may_leave(room))
    }

    fn check_grant(&mut self, session: usize, sent: &Sent, data: &Value) -> Rule {
        let command = &sent.command;
        let told = |model: &Self, what: &str| {
            let own = &model.sessions[session];
            broken("refusals", format!("{}: {what}: {sent:?} while {:?}", own.id, own.place))
        };
        if command.must_fail.is_some() {
            return told(self, "granted, and must be refused");
        }
        let is_own = self.names_own(session, sent);
        let is_stable = self.is_stable(session, sent);
        // Of a room that it was not told of nobody knows here.
        let has_missed = self.sessions[session].missed_at.is_some();
        let was_there = is_own || has_missed || self.was_in(session, command.named);
        let was_nowhere = self.sessions[session].rooms.is_empty() && !has_missed;
        let is_wrong = match command.event {
            "request-room" => {
                let here = matches!(self.sessions[session].place, Place::Room(_));
                here && !is_own && self.is_certain(session)
            }
            "stop-call" => command.named != Named::None && !was_there && is_stable,
            "block-user" => was_nowhere && is_stable || command.named == Named::Nowhere,
            "undo-skip" => was_nowhere && is_stable,
            "cancel-request" | "heartbeat" => false,
            _ => !is_own && is_stable || command.named == Named::Nowhere,
        };
        if is_wrong {
            return told(self, "granted");
        }
        if command.event == "newMessage"
            && let Some(room) = self.meant(session, command.named)
            && is_stable
        {
            return self.text_placed(session, command.serial, room, data);
        }
        Ok(())
    }

    /// A request that was granted says where the session stands, unless something was said without a
    /// number after it.
    fn is_clear_again(&mut self, session: usize, sent: &Sent) {
        let own = &mut self.sessions[session];
        let later = own.sent.iter().rev().take_while(|other| other.reference != sent.reference);
        let mut later = later.filter(|other| other.command.is_for_lobby());
        own.is_vague &= later.any(|other| other.reference.is_none());
    }

    /// What a granted command changes.
    fn take_effect(&mut self, session: usize, sent: &Sent) {
        let command = &sent.command;
        let place = self.sessions[session].place;
        let farewell = if self.is_certain(session) { Farewell::Own } else { Farewell::Unknown };
        match (command.event, place) {
            ("request-room", _) => {
                if let Place::Room(room) = place {
                    self.depart(session, room, farewell);
                }
                self.is_clear_again(session, sent);
                if let Some(wish) = command.wish.clone() {
                    self.note_wish(session, wish, matches!(place, Place::Waiting(_)));
                }
                self.set_place(session, Place::Waiting(None));
            }
            ("cancel-request", Place::Waiting(_)) => self.set_place(session, Place::Idle),
            ("stop-call", Place::Room(room)) if self.names_own(session, sent) => {
                self.depart(session, room, farewell);
                self.set_place(session, Place::Idle);
            }
            ("stop-call", Place::Waiting(after)) => {
                let named = match command.named {
                    Named::Room(room) => Some(room),
                    _ => None,
                };
                let is_known = self.sessions[session].is_after_known;
                if command.named == Named::None || is_known && after.is_some() && after == named {
                    self.set_place(session, Place::Idle);
                } else if !is_known {
                    self.sessions[session].is_vague = true;
                }
            }
            ("block-user", _) => self.note_block(session, command.named, true),
            _ => {}
        }
    }
}
