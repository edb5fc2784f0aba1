//! Nobody waits beside somebody whom they may meet.

use serde_json::Value;

use super::{Model, Place, Rule, SLACK, broken};

impl Model {
    pub(super) fn waiting(&mut self, session: usize, data: &Value) -> Rule {
        self.counts.add("waiting notices");
        let has =
            |what: &str| data["relaxed"].as_array().is_some_and(|it| it.contains(&what.into()));
        for (what, name) in [
            ("interests", "relaxed: interests"),
            ("languages", "relaxed: languages"),
            ("met-everyone", "relaxed: met everyone"),
        ] {
            if has(what) {
                self.counts.add(name);
            }
        }
        let own = &self.sessions[session];
        let is_waiting = matches!(own.place, Place::Waiting(_));
        let is_known = own.is_sure(self.epoch);
        if data["waiting"].as_u64().unwrap_or(0) == 0 || !is_waiting && is_known {
            return broken("honest-waiting", format!("{} while {:?}: {data}", own.id, own.place));
        }
        Ok(())
    }

    /// Once everything has settled: who surely waits, beside whom.
    /// So many have met without anybody's having been told so.
    pub(super) fn check_nobody_is_stranded(&self, unseen: usize) -> Rule {
        let is_waiting = |session: &usize| {
            let own = &self.sessions[*session];
            own.is_sure(self.epoch) && matches!(own.place, Place::Waiting(_))
        };
        let waiting: Vec<usize> = (0..self.sessions.len()).filter(is_waiting).collect();
        for (index, one) in waiting.iter().enumerate() {
            for other in &waiting[index + 1..] {
                if self.must_have_met(*one, *other)
                    && !self.may_have_met_unseen(*one, *other, unseen)
                {
                    let told = [one, other].map(|it| {
                        let own = &self.sessions[*it];
                        format!("{} ({:?} since {})", own.id, own.wish, own.asked_at)
                    });
                    return broken("nobody-stranded", told.join(" beside "));
                }
            }
        }
        Ok(())
    }

    fn must_have_met(&self, one: usize, other: usize) -> bool {
        let pair = [one, other];
        let [own, theirs] = pair.map(|it| &self.sessions[it]);
        let (Some(wish), Some(their_wish)) = (&own.wish, &theirs.wish) else { return false };
        if !(own.is_wish_held && theirs.is_wish_held) {
            return false;
        }
        if own.user == theirs.user || self.may_be_blocked(own.user, theirs.user) {
            return false;
        }
        let waited = pair.map(|it| (self.now - self.sessions[it].asked_at).saturating_sub(SLACK));
        let are_relaxed = waited.iter().all(|waited| *waited >= self.terms.relax_languages);
        let are_alone = pair.iter().all(|it| self.is_only_one(*it));
        (are_relaxed || are_alone)
            && waited.iter().all(|waited| *waited > 0)
            && wish.suits(their_wish, waited, &self.terms)
            && !self.may_have_met(own.user, theirs.user)
    }

    /// Whether the two may have met in a room that both have missed.
    fn may_have_met_unseen(&self, one: usize, other: usize, unseen: usize) -> bool {
        let has_missed = |session: usize| {
            let user = self.sessions[session].user;
            let mut own = self.sessions.iter().filter(|other| other.user == user);
            own.any(|own| own.missed_at.is_some() || own.loss.is_some())
        };
        unseen > 0 && has_missed(one) && has_missed(other)
    }

    /// Whether no other session of its visitor may stand before it.
    fn is_only_one(&self, session: usize) -> bool {
        let user = self.sessions[session].user;
        let mut others = self.sessions.iter().enumerate();
        !others.any(|(number, other)| {
            let is_over = other.loss.is_some_and(|loss| loss.over_by < self.now);
            number != session && other.user == user && !is_over
        })
    }

    /// Whether a meeting may still keep the two apart.
    fn may_have_met(&self, one: usize, other: usize) -> bool {
        let rooms = self.rooms.iter().enumerate().rev().filter(|(_, room)| {
            let since = room.first_seen + self.terms.memory_time + SLACK;
            since >= self.now
        });
        rooms.into_iter().any(|(number, room)| {
            let Some(side) = room.sides.first() else { return true };
            let users = [side.session, side.partner].map(|it| self.sessions[it].user);
            let are_they = users.contains(&one) && users.contains(&other);
            are_they
                && [one, other]
                    .iter()
                    .any(|user| self.met_surely_since(*user, number) < self.terms.memory_partners)
        })
    }

    /// How many others a visitor has met after a room, at least.
    fn met_surely_since(&self, user: usize, former: usize) -> usize {
        let since = self.rooms[former].first_seen + SLACK;
        let later = self.rooms.iter().filter(|room| room.first_seen > since && room.is_seen_live);
        let is_theirs = |sides: &[super::rooms::Side]| {
            let side = sides.first();
            let both = side.into_iter().flat_map(|side| [side.session, side.partner]);
            both.into_iter().any(|session| self.sessions[session].user == user)
        };
        later.filter(|room| is_theirs(&room.sides)).count()
    }
}
