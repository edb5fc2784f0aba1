//! Who must not meet: whom somebody has blocked, a partner of the memory window, somebody who is away.

use super::{Model, Named, Outcome, Place, Rule, SLACK, Sent, Session, broken, resume::LATE};

/// That somebody has blocked somebody else.
#[derive(Debug)]
pub(super) struct Block {
    who: usize,
    whom: usize,
    /// The session that did, and how often everything had settled when it was told so.
    session: usize,
    epoch: u64,
    /// Whether it is known whom it has blocked.
    is_sure: bool,
}

impl Model {
    /// A `block-user` was sent, or granted.
    pub(super) fn note_block(&mut self, session: usize, named: Named, is_granted: bool) {
        let own = &self.sessions[session];
        let rooms = match (named, own.place) {
            (Named::Room(room), _) => vec![room],
            (_, Place::Room(room)) => {
                own.rooms.iter().rev().take(2).copied().chain([room]).collect()
            }
            _ => own.rooms.iter().rev().take(2).copied().collect(),
        };
        let (who, epoch) = (own.user, self.epoch);
        let partner = |room: usize| self.rooms[room].side(session).map(|side| side.partner);
        let users = rooms.into_iter().filter_map(partner).map(|it| self.sessions[it].user);
        let users: std::collections::BTreeSet<usize> = users.filter(|user| *user != who).collect();
        // Who means the last one may mean one of whom they have not heard yet.
        let is_sure = is_granted && named != Named::None;
        self.counts.add(if is_granted { "blocks" } else { "blocks asked for" });
        let blocks = users.into_iter().map(|whom| Block { who, whom, session, epoch, is_sure });
        self.blocks.extend(blocks);
    }

    /// What a session has been told in its own order: it has blocked somebody, and meets them.
    pub(super) fn check_not_kept_apart(&self, session: usize, partner: usize) -> Rule {
        let [own, other] = [session, partner].map(|it| &self.sessions[it]);
        if own.missed_at == Some(self.epoch) {
            return Ok(());
        }
        let is_of = |block: &Block| block.is_sure && block.whom == other.user;
        if own.catch_up.is_none() && self.blocks.iter().any(|it| it.session == session && is_of(it))
        {
            return broken("never-blocked", format!("{} meets {}", own.id, other.id));
        }
        let known_at = other.loss.and_then(|loss| loss.known_at);
        if own.catch_up.is_none() && known_at.is_some_and(|at| at <= self.epoch) {
            let loss = &other.loss;
            return broken("never-away", format!("{} meets {}, away: {loss:?}", own.id, other.id));
        }
        Ok(())
    }

    /// Whether the two may be kept apart by a block.
    pub(super) fn may_be_blocked(&self, one: usize, other: usize) -> bool {
        let concerns = |block: &Block| {
            (block.who, block.whom) == (one, other) || (block.who, block.whom) == (other, one)
        };
        // Whom it meant is not known of one that was not answered, nor where a resume has left out a match:
        // the last partner may be one of whom the session never heard.
        let is_blind = |own: &Session, sent: &Sent| {
            sent.command.event == "block-user"
                && sent.command.named == Named::None
                && (matches!(sent.outcome, Outcome::Open | Outcome::Lost)
                    || own.missed_at.is_some())
        };
        let mut theirs = self.sessions.iter().filter(|own| own.user == one || own.user == other);
        self.blocks.iter().any(concerns)
            || theirs.any(|own| own.sent.iter().any(|sent| is_blind(own, sent)))
    }

    fn users_of(&self, room: usize) -> Option<[usize; 2]> {
        let side = self.rooms[room].sides.first()?;
        Some([side.session, side.partner].map(|session| self.sessions[session].user))
    }

    /// Judges the meetings that were seen since everything had settled. So many more there were than
    /// anybody has been told.
    pub(super) fn judge_meetings(&mut self, unseen: usize) -> Rule {
        for room in (0..self.rooms.len()).rev() {
            if self.rooms[room].is_judged || self.rooms[room].sides.is_empty() {
                if self.rooms.len() - room > 64 {
                    break;
                }
                continue;
            }
            self.judge_meeting(room, unseen)?;
        }
        for room in &mut self.rooms {
            room.is_judged |= !room.sides.is_empty();
        }
        Ok(())
    }

    fn judge_meeting(&self, number: usize, unseen: usize) -> Rule {
        let room = &self.rooms[number];
        let Some(users) = self.users_of(number).filter(|_| room.is_seen_live) else {
            return Ok(());
        };
        let is_of_them = |block: &&Block| {
            let two = [block.who, block.whom];
            block.is_sure
                && block.epoch < room.first_epoch
                && users.iter().all(|it| two.contains(it))
        };
        if let Some(block) = self.blocks.iter().find(is_of_them) {
            return broken("never-blocked", format!("{block:?}, and they meet in {}", room.id));
        }
        if self.wants_again(number) {
            return Ok(());
        }
        let before = (0..self.rooms.len()).rev().filter(|other| *other != number);
        let before = before.filter(|other| self.rooms[*other].first_seen <= room.first_seen);
        let former = before.into_iter().find(|other| {
            self.users_of(*other).is_some_and(|two| users.iter().all(|user| two.contains(user)))
        });
        // Of one that was told later it is not known how long ago it was.
        let Some(former) = former.filter(|it| self.rooms[*it].is_seen_live) else { return Ok(()) };
        let since = self.earliest(self.rooms[former].first_seen, LATE);
        let is_young = room.first_seen < since + self.terms.memory_time;
        let partners = users.map(|user| self.met_since(user, former, number) + unseen);
        let is_among = partners.iter().any(|count| *count < self.terms.memory_partners);
        if is_young && is_among {
            let detail = format!("{users:?} in {} after {since}, {partners:?} since", room.id);
            return broken("no-repeat", detail);
        }
        Ok(())
    }

    /// How many others a visitor may have met between two rooms.
    pub(super) fn met_since(&self, user: usize, former: usize, latter: usize) -> usize {
        let from = self.earliest(self.rooms[former].first_seen, LATE);
        let others =
            (0..self.rooms.len()).rev().take_while(|it| self.rooms[*it].first_seen >= from);
        let others = others.filter(|it| *it != former && *it != latter);
        let is_theirs = |room: &usize| self.users_of(*room).is_some_and(|two| two.contains(&user));
        // Its own meeting counts as the first.
        1 + others.filter(is_theirs).count() - 1
    }

    /// Whether one of the two goes back, or has asked to meet again whom it has met.
    fn wants_again(&self, room: usize) -> bool {
        let first_seen = self.rooms[room].first_seen;
        let sides = self.rooms[room].sides.first();
        let sessions = sides.into_iter().flat_map(|side| [side.session, side.partner]);
        sessions.into_iter().any(|session| {
            let own = &self.sessions[session];
            // Of its last requests, whatever it has said beside them.
            let wishes = own.sent.iter().rev().filter_map(|sent| sent.command.wish.as_ref());
            own.undo_until + SLACK >= first_seen || wishes.take(80).any(|wish| wish.again)
        })
    }
}
