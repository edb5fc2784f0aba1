//! What must hold once all that was under way has arrived.

use super::{Farewell, Model, Place, Rule, broken};

/// What the node says that it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) waiting: usize,
    pub(crate) rooms: usize,
    pub(crate) rooms_created: usize,
}

impl Model {
    /// All that was under way has arrived.
    pub(crate) fn settled(&mut self, held: Held) -> Rule {
        self.counts.add("checks of the whole");
        let unanswered =
            self.sessions.iter().find(|own| own.is_live && own.open().next().is_some());
        if let Some(own) = unanswered {
            let open = own.open().next();
            return broken("one-answer", format!("{} gets no answer to {open:?}", own.id));
        }
        if let Some(own) = self.sessions.iter().find(|own| own.is_live && own.catch_up.is_some()) {
            let detail = format!("{} is at {}, to be at {:?}", own.id, own.last_n, own.catch_up);
            return broken("numbers", detail);
        }
        self.epoch += 1;
        self.note_known_losses();
        self.sessions.iter_mut().for_each(|own| own.has_stray_claim = false);
        self.judge_reasons()?;
        let seen = self.rooms.iter().filter(|room| !room.sides.is_empty()).count();
        let Some(unseen) = held.rooms_created.checked_sub(seen) else {
            return broken("two-in-a-room", format!("{seen} rooms were seen of {held:?}"));
        };
        self.judge_meetings(unseen)?;
        (0..self.rooms.len()).try_for_each(|room| self.check_room(room))?;
        self.check_nobody_is_stranded(unseen)?;
        self.check_held(held)
    }

    fn check_room(&self, number: usize) -> Rule {
        let room = &self.rooms[number];
        let [one, other] = &room.sides[..] else { return self.check_half(number) };
        let sure = [one, other].map(|side| self.sessions[side.session].is_sure(self.epoch));
        let told = || format!("of {}: {:?}", room.id, room.sides);
        match (one.farewell, other.farewell) {
            (None, None) if sure == [true, true] && !(one.has_missed || other.has_missed) => {
                self.check_texts(number, self.has_lost_answers(number))
            }
            (None, Some(_)) if sure[0] => broken("both-agree", told()),
            (Some(_), None) if sure[1] => broken("both-agree", told()),
            (Some(Farewell::Own), Some(Farewell::Own)) => broken("told-once", told()),
            (None, None) => self.check_left_alone(number),
            _ => Ok(()),
        }
    }

    /// A room of which only one side was ever told.
    fn check_half(&self, number: usize) -> Rule {
        let room = &self.rooms[number];
        let [side] = &room.sides[..] else { return Ok(()) };
        let partner = &self.sessions[side.partner];
        let is_late = |at: u64| !room.is_seen_live || at + 1 >= room.first_epoch;
        let has_missed = partner.missed_at.is_some_and(is_late);
        if partner.is_sure(self.epoch) && !has_missed {
            return broken("both-agree", format!("{} knows nothing of {}", partner.id, room.id));
        }
        self.check_left_alone(number)
    }

    /// Nobody stays with a partner who is over.
    fn check_left_alone(&self, number: usize) -> Rule {
        let room = &self.rooms[number];
        let is_over = |session: usize| {
            self.sessions[session].loss.is_some_and(|loss| loss.over_by < self.now)
        };
        let alone = room.sides.iter().find(|side| {
            let own = &self.sessions[side.session];
            own.place == Place::Room(number) && own.is_sure(self.epoch) && is_over(side.partner)
        });
        match alone {
            None => Ok(()),
            Some(side) => broken("told-once", format!("nobody tells of the end: {side:?}")),
        }
    }

    fn has_lost_answers(&self, room: usize) -> bool {
        self.rooms[room].sides.iter().any(|side| {
            let mut sent = self.sessions[side.session].sent.iter();
            sent.any(|sent| {
                sent.command.event == "newMessage" && sent.outcome == super::Outcome::Lost
            })
        })
    }

    /// What the node holds is between what surely is there and what may be.
    fn check_held(&self, held: Held) -> Rule {
        let is_over = |own: &super::Session| own.loss.is_some_and(|it| it.over_by < self.now);
        let alive = || self.sessions.iter().filter(|own| !is_over(own));
        let is_sure = |own: &&super::Session| own.is_sure(self.epoch);
        let unsure = alive().filter(|own| !own.is_sure(self.epoch)).count();
        let is_waiting = |own: &&super::Session| matches!(own.place, Place::Waiting(_));
        let waiting = alive().filter(is_sure).filter(is_waiting).count();
        let here = alive().filter(is_sure).filter_map(|own| match own.place {
            Place::Room(room) => Some(room),
            _ => None,
        });
        let rooms = here.collect::<std::collections::BTreeSet<_>>().len();
        let waiting_fits = (waiting..=waiting + unsure).contains(&held.waiting);
        let rooms_fit = (rooms..=rooms + unsure / 2).contains(&held.rooms);
        if waiting_fits && rooms_fit {
            return Ok(());
        }
        let detail = format!("{waiting} wait, {rooms} rooms, {unsure} are not known: {held:?}");
        broken("what-is-held", detail)
    }
}
