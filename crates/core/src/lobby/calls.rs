//! Asking for a call, leaving it, and what a lost session leaves behind.

use super::{
    Effect, EndReason, Lobby, Member, NoticeLine, Parting, Place, Rejection, Request, Stance,
    Standing,
};
use crate::{Moment, RoomId, SessionKey};

impl Lobby {
    pub(super) fn request(
        &mut self,
        member: u32,
        request: &Request,
        now: Moment,
    ) -> Result<(), Rejection> {
        match (self.members[member].standing, request.room) {
            (Standing::InRoom(present, _), Some(named)) if present != named => {
                return Err(Rejection::NotInRoom);
            }
            (Standing::Waiting(ticket), _) => {
                self.withdraw_ask(member);
                self.replace_request(member, ticket, request, now);
                return Ok(());
            }
            _ => {}
        }
        self.withdraw_ask(member);
        // Who was left is queued first: it did not choose to lose its partner.
        self.end_call(member, EndReason::Next, now);
        let Self { members, words, .. } = self;
        let own = &mut members[member];
        own.mode = request.mode;
        own.auto_next = request.auto_next;
        own.topics.replace(request.wishes.as_deref(), words);
        let stance = self.first_stance(request.again);
        self.enqueue(member, stance, None, now);
        Ok(())
    }

    /// Keeps the place, and looks anew whether somebody is there for it. What is asked for anew is
    /// relaxed anew.
    fn replace_request(&mut self, member: u32, ticket: u32, request: &Request, now: Moment) {
        let Self { members, words, tickets, .. } = self;
        let own = &mut members[member];
        own.auto_next = request.auto_next;
        let is_other_wish = own.topics.replace(request.wishes.as_deref(), words);
        let is_other_mode = own.mode != request.mode;
        let held = &mut tickets[ticket];
        // It waits by the visitor's own wish now.
        held.after_room = None;
        let is_other_will = held.stance.again != request.again;
        if !(is_other_wish || is_other_mode || is_other_will) {
            return;
        }
        self.unseat(ticket);
        self.members[member].mode = request.mode;
        if is_other_wish || is_other_mode {
            self.leave_step_line(ticket);
            let fresh = self.first_stance(request.again);
            let held = &mut self.tickets[ticket];
            (held.mode, held.asked, held.stance) = (request.mode, now, fresh);
            // What it was told is of other wishes.
            held.told = None;
            self.await_step(ticket);
        } else {
            let held = &mut self.tickets[ticket];
            let has_met_everyone = held.told.is_some_and(|told| told.relaxed.met_everyone);
            held.stance.again = request.again;
            held.stance.is_resigned = request.again || has_met_everyone;
        }
        if !self.members[member].is_away {
            self.seat(ticket);
            self.look_for(ticket, now);
        }
    }

    pub(super) fn first_stance(&self, again: bool) -> Stance {
        Stance { step: self.policy.first_step(), again, is_resigned: again }
    }

    pub(super) fn cancel(&mut self, member: u32) {
        self.withdraw_ask(member);
        if self.leave_queue(member).is_some() {
            self.rest(member);
        }
    }

    pub(super) fn stop(
        &mut self,
        member: u32,
        room: Option<RoomId>,
        now: Moment,
    ) -> Result<(), Rejection> {
        let own = &self.members[member];
        match (own.standing, room) {
            (Standing::InRoom(present, _), Some(named)) if present == named => {
                self.end_call(member, EndReason::Stopped, now);
            }
            (Standing::InRoom(..), None) => self.end_call(member, EndReason::Stopped, now),
            (Standing::Waiting(_), None) => {
                self.leave_queue(member);
            }
            (Standing::Idle, None) => {}
            (_, Some(named)) if !own.past.contains(named) => return Err(Rejection::NotInRoom),
            (Standing::Waiting(ticket), named) if self.tickets[ticket].after_room == named => {
                self.leave_queue(member);
            }
            // A late one: nothing that it names is left.
            (_, Some(_)) => return Ok(()),
        }
        self.withdraw_ask(member);
        self.rest(member);
        Ok(())
    }

    /// Ends the member's call, if it is in one: the partner is told, and queued again if it wishes
    /// so; the member itself is idle afterwards.
    pub(super) fn end_call(&mut self, member: u32, reason: EndReason, now: Moment) {
        let Standing::InRoom(room, partner) = self.members[member].standing else { return };
        self.part_from(member, partner, (room, true), now);
        let left = self.part_from(partner, member, (room, false), now);
        self.room_count -= 1;
        self.effects.push_back(Effect::PartnerLeft { session: left, room, reason });
        self.effects.push_back(Effect::RoomEnded { room });
        if self.members[partner].auto_next {
            let stance = self.first_stance(false);
            self.enqueue(partner, stance, Some(room), now);
        } else {
            self.rest(partner);
        }
    }

    /// Notes for `member` that its call with `partner` is over; gives its session.
    fn part_from(
        &mut self,
        member: u32,
        partner: u32,
        (room, is_leaver): (RoomId, bool),
        now: Moment,
    ) -> SessionKey {
        self.withdraw_ask(member);
        let Member { session: partner, visitor, .. } = self.members[partner];
        let partner_user = self.visitors.visitors[visitor].user;
        let own = &mut self.members[member];
        own.standing = Standing::Idle;
        own.past.remember(room);
        own.parting = Some(Parting {
            room,
            mode: own.mode,
            partner,
            partner_user,
            at: now,
            is_leaver,
            asks_until: None,
        });
        own.session
    }

    /// Two members, of whom neither waits nor is in a room, meet. `places` are those that they had;
    /// the first counts as the one who waited longer where there are none.
    pub(super) fn open_room(&mut self, parties: [u32; 2], places: [Option<Place>; 2], now: Moment) {
        let (parties, longer) = match places {
            [Some(one), Some(other)] if one.number < other.number => (parties, Some(one)),
            [Some(one), None] => (parties, Some(one)),
            [None, None] => (parties, None),
            [_, other] => ([parties[1], parties[0]], other),
        };
        let [first, second] = parties;
        let room = (self.mint_room)();
        self.members[first].standing = Standing::InRoom(room, second);
        self.members[second].standing = Standing::InRoom(room, first);
        self.room_count += 1;
        let mode = self.members[first].mode;
        let waited = longer.map(|place| now.since(place.joined)).unwrap_or_default();
        if longer.is_some() {
            self.modes[mode as usize].waits.remember(waited, now);
        }
        let sessions = parties.map(|party| self.members[party].session);
        self.effects.push_back(Effect::Matched { room, mode, sessions, waited });
        self.remember_meeting(parties.map(|party| self.members[party].visitor), now);
    }

    fn remember_meeting(&mut self, visitors: [u32; 2], now: Moment) {
        if self.meetings.is_off() || visitors[0] == visitors[1] {
            return;
        }
        self.visitors.remember(visitors, self.meetings.window());
        self.meetings.remember(visitors, now);
        // An older partner of theirs may have left the window.
        visitors.into_iter().for_each(|visitor| self.let_look(visitor));
        if self.meetings.len() > crate::meetings::Meetings::MAX
            && let Some(visitors) = self.meetings.forget_one(now)
        {
            self.forget_meeting(visitors);
        }
    }

    pub(super) fn away(&mut self, member: u32) {
        let own = &mut self.members[member];
        if std::mem::replace(&mut own.is_away, true) {
            return;
        }
        if let Standing::Waiting(ticket) = own.standing {
            self.unseat(ticket);
            self.leave_notice_line(ticket);
        }
    }

    pub(super) fn back(&mut self, member: u32, now: Moment) {
        let own = &mut self.members[member];
        if !std::mem::replace(&mut own.is_away, false) {
            return;
        }
        if let Standing::Waiting(ticket) = own.standing {
            self.await_notice(ticket, NoticeLine::First, now);
            self.seat(ticket);
            self.look_for(ticket, now);
        }
    }

    pub(super) fn disconnect(&mut self, member: u32, now: Moment) {
        self.end_call(member, EndReason::Disconnected, now);
        self.withdraw_ask(member);
        self.leave_queue(member);
        self.rest(member);
        let Member { session, visitor, .. } = self.members[member];
        self.members.remove(member);
        let place = self.slots.find(session.0, |_| true);
        self.slots.vacate(place.expect("a member is found by its session"));
        self.visitors.put_back(visitor);
    }

    /// What is held only for those who wait or talk is let go.
    pub(super) fn rest(&mut self, member: u32) {
        let Self { members, words, .. } = self;
        let topics = &mut members[member].topics;
        if !topics.is_empty() {
            topics.replace(None, words);
        }
    }
}
