//! Sessions and their sockets: what a lost one brings back, to whom, until when, and what of it.

use serde_json::Value;

use super::{Broken, Farewell, Model, Outcome, Place, Rule, SLACK, broken};

/// How much older than its arrival an event may be: what waits for a slow reader.
pub(super) const LATE: u64 = 10_000;

/// That a session has no socket, as far as its visitor knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    /// It may be over from then on.
    pub(crate) over_from: u64,
    /// It is over by then.
    pub(crate) over_by: u64,
    /// It surely had something to come back to.
    is_worth: bool,
    /// The node has heard of it, and everything had settled so often then.
    pub(super) known_at: Option<u64>,
    /// Whether the node hears of it.
    is_told: bool,
}

/// A `hello` that was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim {
    /// The session whose secret it holds, and whether that is good.
    pub(crate) session: Option<usize>,
    pub(crate) is_good: bool,
    pub(crate) is_surely_bad: bool,
    pub(crate) after: u64,
    /// Whose token it holds.
    pub(crate) user: Option<usize>,
    /// A token that is none.
    pub(crate) has_bad_token: bool,
    /// Whether it was announced, and sent at all.
    pub(crate) is_announced: bool,
    pub(crate) is_said: bool,
    /// What it was refused with.
    pub(crate) refused: Option<String>,
}

impl Claim {
    /// Whether this `welcome` says nothing of it, though it must be answered.
    pub(crate) fn is_before_its_time(&self, model: &Model, welcome: &Value) -> bool {
        let is_other = |user: usize| welcome["userId"] != *model.users[user];
        let claims =
            self.session.is_some() || self.has_bad_token || self.user.is_some_and(is_other);
        claims && self.refused.is_none() && welcome["resumed"] == false
    }
}

impl Model {
    /// The visitor of `session` has lost its socket, or left it. `grace` is how long the node keeps the
    /// session at least, where it is worth it.
    pub(crate) fn lost(&mut self, session: usize, grace: u64, is_told: bool) {
        let (now, epoch, since) = (self.now, self.epoch, self.before_leaps());
        let longest = now + self.terms.silence + self.terms.grace + SLACK;
        // What it was not told yet may have left it idle. That is kept for it, but where time has leapt
        // on its way it is too old by now, and then there is nothing to come back to.
        let is_young = now - self.earliest(now, LATE) + SLACK < self.terms.grace;
        let own = &mut self.sessions[session];
        let is_worth = own.is_sure(epoch) && own.place != Place::Idle && grace > 0 && is_young;
        own.is_live = false;
        if own.unsure_until > epoch {
            // What was to make it sure may be lost with the socket.
            own.unsure_until = u64::MAX;
        }
        let before = own.loss;
        let over_from = if is_worth { since + grace } else { since };
        own.loss = Some(Loss {
            over_from: before.map_or(over_from, |loss| loss.over_from.min(over_from)),
            over_by: longest,
            is_worth: is_worth && before.is_none(),
            known_at: None,
            is_told: is_told && !own.may_be_astray,
        });
    }

    /// A claim of `session` is on its way: what becomes of it may never be known.
    pub(crate) fn claimed(&mut self, session: usize) {
        if let Some(loss) = &mut self.sessions[session].loss {
            loss.known_at = None;
        }
    }

    /// And it is not known: the socket was lost before the answer.
    pub(crate) fn claim_lost(&mut self, session: usize) {
        let (now, terms, since) = (self.now, self.terms, self.before_leaps());
        let own = &mut self.sessions[session];
        own.floor = u64::MAX;
        (own.has_stray_claim, own.may_be_astray) = (true, true);
        if let Some(loss) = &mut own.loss {
            loss.over_from = loss.over_from.min(since);
            loss.over_by = loss.over_by.max(now + terms.silence + terms.grace + SLACK);
            (loss.is_worth, loss.known_at, loss.is_told) = (false, None, false);
        } else {
            self.lost(session, 0, false);
        }
    }

    /// Time has leapt: what the node would have noticed meanwhile it notices so much later.
    pub(crate) fn leapt(&mut self, span: u64) {
        self.has_leapt = true;
        self.leaps.push((self.now, self.now + span));
        for session in &mut self.sessions {
            session.undo_until += span;
            if let Some(loss) = &mut session.loss {
                loss.over_by += span;
            }
        }
    }

    /// When something may have happened that was seen then, at the earliest.
    pub(super) fn earliest(&self, seen_at: u64, slack: u64) -> u64 {
        let before = |at: u64, (from, until): &(u64, u64)| {
            let is_between = *until >= at && *from <= seen_at;
            if is_between { at.min(from.saturating_sub(slack)) } else { at }
        };
        self.leaps.iter().rev().fold(seen_at.saturating_sub(slack), before)
    }

    /// When the node may have closed a socket whose end arrives now: before every leap of time that the word
    /// of it was on its way in, and long before its visitor knows, the session may be over by then.
    fn before_leaps(&self) -> u64 {
        (self.earliest(self.now, SLACK) + SLACK).min(self.now)
    }

    /// All that is under way has arrived: the node knows by now who is gone.
    pub(super) fn note_known_losses(&mut self) {
        let epoch = self.epoch;
        for loss in self.sessions.iter_mut().filter_map(|session| session.loss.as_mut()) {
            if loss.is_told {
                loss.known_at.get_or_insert(epoch);
            }
        }
    }

    /// The last `welcome` of a socket. Gives the session that goes on there.
    pub(crate) fn welcome(&mut self, data: &Value, claim: &Claim) -> Rule<usize> {
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let resumed = data["resumed"] == true;
        let session = match (resumed, claim.session) {
            (true, Some(session)) if claim.is_good => {
                self.resumed(session, claim, data)?;
                session
            }
            (true, session) => {
                return broken("resume", format!("{session:?} by {claim:?}: {data}"));
            }
            (false, _) => {
                self.not_resumed(claim)?;
                self.fresh(claim, data)?
            }
        };
        let own = &mut self.sessions[session];
        own.tickets.push(text("resume").to_owned());
        self.tokens.insert(own.user, text("token").to_owned());
        Ok(session)
    }

    fn fresh(&mut self, claim: &Claim, data: &Value) -> Rule<usize> {
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let is_blank = data["state"] == "idle" && data["lastRef"] == 0 && data["lastN"] == 0;
        if !is_blank || data["recovered"] == true {
            return broken("fresh-is-fresh", data.to_string());
        }
        let is_known = self.by_user.get(text("userId")).copied();
        let is_bad_token = claim.refused.as_deref() == Some("bad-token");
        let expected = claim.user.filter(|_| !is_bad_token);
        if is_known != expected {
            return broken("fresh-is-fresh", format!("{is_known:?} by {claim:?}: {data}"));
        }
        self.counts.add("sessions");
        self.begin(text("socketId"), text("userId"))
    }

    /// Whether the claim was to be refused, and rightly so.
    fn not_resumed(&mut self, claim: &Claim) -> Rule {
        let Some(session) = claim.session else {
            let expected = claim.has_bad_token.then_some("bad-token");
            return match claim.refused.as_deref() == expected {
                true => Ok(()),
                false => broken("refusals", format!("{claim:?}")),
            };
        };
        let own = &self.sessions[session];
        let is_foreign = claim.user.is_some_and(|user| user != own.user);
        let code = claim.refused.as_deref().unwrap_or("nothing");
        let is_documented = code == "resume-expired" || is_foreign && code == "bad-token";
        if !is_documented && !claim.has_bad_token {
            return broken("refusals", format!("a resume is refused with {code}: {claim:?}"));
        }
        let must_be_there = !own.may_be_astray
            && match &own.loss {
                None => own.is_sure(self.epoch) && own.place != Place::Idle,
                Some(loss) => loss.is_worth && self.now < loss.over_from,
            };
        if must_be_there && claim.is_good && !is_foreign && !claim.has_bad_token {
            return broken("resume", format!("{} is not resumed: {code}, {:?}", own.id, own.loss));
        }
        if claim.is_good && !is_foreign && !claim.has_bad_token && !own.may_be_astray {
            self.over(session);
        }
        self.counts.add("resumes refused");
        Ok(())
    }

    /// The session is over.
    pub(crate) fn over(&mut self, session: usize) {
        let (now, since) = (self.now, self.before_leaps());
        let own = &mut self.sessions[session];
        own.is_live = false;
        let loss = own.loss.get_or_insert(Loss {
            over_from: since,
            over_by: now,
            is_worth: false,
            known_at: None,
            is_told: true,
        });
        loss.over_from = loss.over_from.min(since);
        loss.over_by = loss.over_by.min(now + SLACK);
    }

    fn resumed(&mut self, session: usize, claim: &Claim, data: &Value) -> Rule {
        let number = |name: &str| data[name].as_u64().unwrap_or(0);
        let own = &self.sessions[session];
        let is_it = data["socketId"] == *own.id && data["userId"] == *self.users[own.user];
        let is_over = own.loss.is_some_and(|loss| loss.over_by < self.now);
        let is_foreign = claim.user.is_some_and(|user| user != own.user) || claim.has_bad_token;
        if !is_it || is_over || is_foreign || claim.is_surely_bad {
            return broken("resume", format!("{} by {claim:?}, {:?}: {data}", own.id, own.loss));
        }
        let (last_n, recovered) = (number("lastN"), data["recovered"] == true);
        self.check_recovered(session, claim.after, (last_n, recovered))?;
        self.check_last_reference(session, number("lastRef"))?;
        let place = self.place_told(session, data)?;
        let is_sure_after = self.forget_answers(session, number("lastRef"));
        let (now, epoch) = (self.now, self.epoch);
        let was_vague = self.sessions[session].is_vague;
        let own = &mut self.sessions[session];
        own.loss = None;
        own.is_live = true;
        own.is_vague = own.is_silent(epoch);
        own.last_n = if recovered { claim.after } else { last_n };
        own.floor = own.last_n;
        own.may_be_astray = own.has_stray_claim;
        own.seen_at = now;
        if !is_sure_after || was_vague || own.unsure_until > epoch {
            own.unsure_until = epoch + 1;
            own.wish = None;
        }
        own.catch_up = Some((last_n, place));
        self.counts.add(if recovered { "resumes" } else { "resumes not recovered" });
        if !recovered {
            self.sessions[session].missed_at = Some(epoch);
            for room in self.sessions[session].rooms.clone() {
                if let Some(side) = self.rooms[room].side_mut(session) {
                    side.has_missed = true;
                }
            }
            self.go_on_at(session, place);
        }
        self.caught_up(session)
    }

    fn check_recovered(&self, session: usize, after: u64, told: (u64, bool)) -> Rule {
        let own = &self.sessions[session];
        let (last_n, recovered) = told;
        let highest = own.seen.len() as u64;
        if last_n < highest || (recovered && after > last_n) {
            return broken("numbers", format!("{} has seen {highest}, told {told:?}", own.id));
        }
        if recovered || after > last_n {
            return Ok(());
        }
        let missed = last_n - after;
        let oldest = self.earliest(own.seen_at, LATE);
        let is_young = self.now - oldest + SLACK < self.terms.grace;
        let bytes = self.incoming_since(session, oldest.saturating_sub(LATE), missed);
        // What it has shown to have need not be kept.
        let asks_for_missed = after >= own.floor.max(highest);
        let must_be_there =
            is_young && bytes <= self.terms.replay_bytes && asks_for_missed && !own.has_guessed;
        if missed == 0 || must_be_there {
            let id = &own.id;
            return broken("resume", format!("{id} after {after} of {last_n} is not recovered"));
        }
        Ok(())
    }

    fn check_last_reference(&self, session: usize, last: u64) -> Rule {
        let own = &self.sessions[session];
        let answered = own.sent.iter().filter(|sent| sent.outcome != Outcome::Open);
        let highest = answered.filter_map(|sent| sent.reference).max().unwrap_or(0);
        if (highest..own.next_reference).contains(&last) {
            return Ok(());
        }
        let id = &own.id;
        broken("last-ref", format!("{id}: {last}, of {highest} it has an answer"))
    }

    /// What was handled is not answered any more; whether nothing of the Lobby's is among it.
    fn forget_answers(&mut self, session: usize, last: u64) -> bool {
        let mut is_sure = true;
        for sent in &mut self.sessions[session].sent {
            if sent.outcome == Outcome::Open && sent.reference.is_some_and(|it| it <= last) {
                sent.outcome = Outcome::Lost;
                is_sure &= !sent.command.is_for_lobby();
            }
        }
        is_sure
    }

    fn place_told(&mut self, session: usize, data: &Value) -> Rule<Place> {
        let room = data["roomId"].as_str().map(|id| self.room(id));
        match (data["state"].as_str(), room) {
            (Some("idle"), None) => Ok(Place::Idle),
            (Some("waiting"), None) => Ok(Place::Waiting(None)),
            (Some("call"), Some(room)) => Ok(Place::Room(room)),
            _ => {
                let id = &self.sessions[session].id;
                Err(Broken { rule: "resume", detail: format!("{id} is told {data}") })
            }
        }
    }

    /// Once all that was missed has come, the visitor knows where the session stands, and the
    /// `welcome` has said the same.
    pub(super) fn caught_up(&mut self, session: usize) -> Rule {
        let own = &self.sessions[session];
        let Some((_, told)) = own.catch_up.filter(|(last_n, _)| own.last_n >= *last_n) else {
            return Ok(());
        };
        let is_unsure =
            own.unsure_until > self.epoch || own.is_vague || own.open().next().is_some();
        let is_same = match (own.place, told) {
            (Place::Waiting(_), Place::Waiting(_)) => true,
            (place, told) => place == told,
        };
        if !is_same && !is_unsure {
            let (id, place) = (&own.id, own.place);
            return broken("resume", format!("{id} is {place:?}, and told to be {told:?}"));
        }
        let epoch = self.epoch;
        let own = &mut self.sessions[session];
        own.catch_up = None;
        own.is_vague = own.is_silent(epoch);
        own.is_after_known &= !is_unsure;
        if !is_same {
            self.go_on_at(session, told);
        }
        Ok(())
    }

    /// The visitor drops what it believed in, and believes the node.
    fn go_on_at(&mut self, session: usize, told: Place) {
        if let Place::Room(before) = self.sessions[session].place
            && told != Place::Room(before)
        {
            self.depart(session, before, Farewell::Unknown);
        }
        self.sessions[session].asked_at = self.now;
        self.set_place(session, told);
        self.sessions[session].is_after_known = false;
    }
}
