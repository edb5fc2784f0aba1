//! Going back to the last partner.
//!
//! Granted when both ask, or when the other waits and is not the one who left. An ask lapses with
//! the time for it, and with any other wish of its session. Never where either has blocked the other
//! or is away.

use super::{Effect, EndReason, Lobby, Member, Mode, Parting, Rejection, Standing};
use crate::Moment;

impl Lobby {
    pub(super) fn undo_skip(&mut self, member: u32, now: Moment) -> Result<(), Rejection> {
        let own = &self.members[member];
        let parting = own.parting.filter(|last| now.since(last.at) < Parting::TIME);
        let parting = parting.ok_or(Rejection::NothingToUndo)?;
        let partner = self.slots.get(parting.partner.0).ok_or(Rejection::NothingToUndo)?;
        let other = &self.members[partner];
        if self.is_blocked([own.visitor, other.visitor]) {
            return Err(Rejection::NothingToUndo);
        }
        if matches!(own.standing, Standing::InRoom(_, present) if present == partner) {
            return Ok(());
        }
        if self.is_granted(own, other, parting) {
            self.bring_back([partner, member], parting.mode, now);
        } else {
            self.ask_back(member, parting);
        }
        Ok(())
    }

    fn is_granted(&self, own: &Member, other: &Member, parting: Parting) -> bool {
        if own.is_away || other.is_away {
            return false;
        }
        let waits = matches!(other.standing, Standing::Waiting(_)) && other.mode == parting.mode;
        let asks_too = other
            .parting
            .is_some_and(|last| last.room == parting.room && last.asks_until.is_some());
        asks_too || (waits && parting.is_leaver)
    }

    fn bring_back(&mut self, parties: [u32; 2], mode: Mode, now: Moment) {
        let places = parties.map(|party| self.leave_queue(party));
        // Whom they leave for it may meet each other, but neither of the two.
        parties.into_iter().for_each(|party| self.end_call(party, EndReason::Next, now));
        for party in parties {
            self.withdraw_ask(party);
            self.members[party].mode = mode;
        }
        self.open_room(parties, places, now);
    }

    fn ask_back(&mut self, member: u32, parting: Parting) {
        let own = &mut self.members[member];
        let until = parting.at + Parting::TIME;
        own.parting = Some(Parting { asks_until: Some(until), ..parting });
        self.asks.insert((until, own.session));
    }

    pub(super) fn withdraw_ask(&mut self, member: u32) {
        // Hardly ever does anybody ask.
        if self.asks.is_empty() {
            return;
        }
        let Member { session, parting, .. } = &mut self.members[member];
        if let Some(until) = parting.as_mut().and_then(|parting| parting.asks_until.take()) {
            self.asks.remove(&(until, *session));
        }
    }

    pub(super) fn lapse_asks(&mut self, now: Moment) {
        while let Some(&(until, session)) = self.asks.first() {
            if until > now {
                break;
            }
            let member = self.slots.get(session.0).expect("who asks is there");
            self.withdraw_ask(member);
            if matches!(self.members[member].standing, Standing::Idle) {
                self.effects.push_back(Effect::UndoLapsed { session });
            }
        }
    }
}
