//! Waiting: tickets, and the order of a visitor's own.

use super::{Lobby, NoticeLine, Place, Stance, Standing, TABS, Ticket};
use crate::{
    Moment, RoomId,
    slab::{Link, NONE},
};

impl Lobby {
    /// Puts an idle member into a room with whoever waits for it, or else into the queue.
    pub(super) fn enqueue(
        &mut self,
        member: u32,
        stance: Stance,
        after_room: Option<RoomId>,
        now: Moment,
    ) {
        let own = &self.members[member];
        let (visitor, mode, is_away) = (own.visitor, own.mode, own.is_away);
        if !is_away && let Some(partner) = self.find(member, stance) {
            let partner = self.tickets[partner].member;
            let place = self.leave_queue(partner);
            self.open_room([partner, member], [place, None], now);
            return;
        }
        let place = Place::new(self.next_number, after_room.is_some(), now);
        self.next_number += 1;
        let ticket = self.tickets.insert(Ticket {
            member,
            visitor,
            mode,
            place,
            stance,
            asked: now,
            is_seated: false,
            is_listed: false,
            stands: NONE,
            after_room,
            notice: NoticeLine::None,
            tell_at: now,
            is_in_step_line: false,
            told: None,
            links: [Link::default(); 3],
        });
        self.members[member].standing = Standing::Waiting(ticket);
        self.await_step(ticket);
        if !is_away {
            self.await_notice(ticket, NoticeLine::First, now);
            self.seat(ticket);
        }
    }

    /// Takes a member out of the queue, if it waits there; it is idle afterwards.
    pub(super) fn leave_queue(&mut self, member: u32) -> Option<Place> {
        let Standing::Waiting(ticket) = self.members[member].standing else { return None };
        self.unseat(ticket);
        self.leave_notice_line(ticket);
        self.leave_step_line(ticket);
        self.members[member].standing = Standing::Idle;
        let place = self.tickets[ticket].place;
        self.tickets.remove(ticket);
        Some(place)
    }

    /// Makes a ticket whose holder is there one of its visitor's, in the order in which they asked.
    /// Only the first of a visitor is listed: so nobody has to look past all windows of one visitor,
    /// and the first is as far relaxed as any of them.
    pub(super) fn seat(&mut self, ticket: u32) {
        let held = &mut self.tickets[ticket];
        held.is_seated = true;
        let (visitor, mode) = (held.visitor, held.mode);
        self.modes[mode as usize].present += 1;
        let owner = &mut self.visitors.visitors[visitor];
        let tabs = &mut owner.tabs[mode as usize];
        let former = tabs.first();
        tabs.insert(&mut self.tickets, TABS, ticket, |before, after| before.asked <= after.asked);
        owner.tab_count += 1;
        let is_first = tabs.first() == Some(ticket);
        if self.policy.same_visitor || is_first {
            if let Some(former) = former.filter(|_| !self.policy.same_visitor) {
                self.unlist(former);
            }
            self.list(ticket);
        }
    }

    /// Undoes [`Lobby::seat`], where it was done.
    pub(super) fn unseat(&mut self, ticket: u32) {
        let held = &mut self.tickets[ticket];
        if !std::mem::replace(&mut held.is_seated, false) {
            return;
        }
        let (visitor, mode, is_listed) = (held.visitor, held.mode, held.is_listed);
        self.modes[mode as usize].present -= 1;
        let owner = &mut self.visitors.visitors[visitor];
        let tabs = &mut owner.tabs[mode as usize];
        tabs.remove(&mut self.tickets, TABS, ticket);
        owner.tab_count -= 1;
        let next = tabs.first();
        if is_listed {
            self.unlist(ticket);
            if let Some(next) = next.filter(|_| !self.policy.same_visitor) {
                self.list(next);
                self.to_look.push((next, self.tickets[next].place.number));
            }
        }
    }
}
