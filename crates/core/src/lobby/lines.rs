//! What becomes due for those who wait: the steps in which their wishes are relaxed, and what they
//! are told. Each line holds tickets that wait equally long for something, so it is in order by
//! itself.

use super::{Effect, Lobby, NOTICE, Notice, NoticeLine, Policy, RELAX, Relaxed, Step, Ticket};
use crate::{
    Moment,
    index::Key,
    slab::{Chain, Slab},
};

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    first_notice: Chain,
    next_notice: Chain,
    nothing_relaxed: Chain,
    interests_relaxed: Chain,
}

impl Lines {
    fn of_notice(&mut self, line: NoticeLine) -> Option<&mut Chain> {
        match line {
            NoticeLine::None => None,
            NoticeLine::First => Some(&mut self.first_notice),
            NoticeLine::Next => Some(&mut self.next_notice),
        }
    }

    fn of_step(&mut self, step: Step) -> Option<&mut Chain> {
        match step {
            Step::Nothing => Some(&mut self.nothing_relaxed),
            Step::Interests => Some(&mut self.interests_relaxed),
            Step::Languages => None,
        }
    }

    /// When the first of all is due.
    pub(super) fn poll_timeout(&self, tickets: &Slab<Ticket>, policy: &Policy) -> Option<Moment> {
        let told = |line: Chain| line.first().map(|ticket| tickets[ticket].tell_at);
        let relaxed = |line: Chain| tickets[line.first()?].step_due(policy);
        let notices = [self.first_notice, self.next_notice].into_iter().filter_map(told);
        let steps = [self.nothing_relaxed, self.interests_relaxed].into_iter().filter_map(relaxed);
        notices.chain(steps).min()
    }

    #[cfg(test)]
    pub(super) fn is_in_notice_line(&self, tickets: &Slab<Ticket>, ticket: u32) -> bool {
        let mut lines = [self.first_notice, self.next_notice].into_iter();
        lines.any(|line| line.iter(tickets, NOTICE).any(|other| other == ticket))
    }

    #[cfg(test)]
    pub(super) fn are_in_order(&self, tickets: &Slab<Ticket>, policy: &Policy) -> bool {
        let told =
            |line: Chain| line.iter(tickets, NOTICE).is_sorted_by_key(|it| tickets[it].tell_at);
        let relaxed = |line: Chain| {
            line.iter(tickets, RELAX).is_sorted_by_key(|it| tickets[it].step_due(policy))
        };
        told(self.first_notice)
            && told(self.next_notice)
            && relaxed(self.nothing_relaxed)
            && relaxed(self.interests_relaxed)
    }

    /// All who wait for their next step.
    #[cfg(test)]
    pub(super) fn steps<'a>(&self, tickets: &'a Slab<Ticket>) -> impl Iterator<Item = u32> + 'a {
        let lines = [self.nothing_relaxed, self.interests_relaxed];
        lines.into_iter().flat_map(|line| line.iter(tickets, RELAX))
    }
}

impl Ticket {
    /// When its present step ends.
    fn step_due(&self, policy: &Policy) -> Option<Moment> {
        Some(self.asked + policy.end_of(self.stance.step)?)
    }
}

impl Lobby {
    pub(super) fn await_notice(&mut self, ticket: u32, line: NoticeLine, now: Moment) {
        let first = line == NoticeLine::First;
        let wait = if first { Self::FIRST_NOTICE } else { Self::NOTICE_INTERVAL };
        let held = &mut self.tickets[ticket];
        (held.notice, held.tell_at) = (line, now + wait);
        if let Some(line) = self.lines.of_notice(line) {
            line.push(&mut self.tickets, NOTICE, ticket);
        }
    }

    pub(super) fn leave_notice_line(&mut self, ticket: u32) {
        let line = std::mem::replace(&mut self.tickets[ticket].notice, NoticeLine::None);
        if let Some(line) = self.lines.of_notice(line) {
            line.remove(&mut self.tickets, NOTICE, ticket);
        }
    }

    /// Waits for the end of its present step, where there is something left to relax.
    pub(super) fn await_step(&mut self, ticket: u32) {
        let held = &mut self.tickets[ticket];
        let topics = &self.members[held.member].topics;
        held.is_in_step_line = match held.stance.step {
            Step::Nothing => !topics.is_empty(),
            Step::Interests => !topics.languages().is_empty(),
            Step::Languages => false,
        };
        if held.is_in_step_line
            && let Some(line) = self.lines.of_step(held.stance.step)
        {
            line.push(&mut self.tickets, RELAX, ticket);
        }
    }

    pub(super) fn leave_step_line(&mut self, ticket: u32) {
        let held = &mut self.tickets[ticket];
        if std::mem::replace(&mut held.is_in_step_line, false)
            && let Some(line) = self.lines.of_step(held.stance.step)
        {
            line.remove(&mut self.tickets, RELAX, ticket);
        }
    }

    /// Lets those take their next step who have waited long enough, and look again.
    pub(super) fn relax(&mut self, now: Moment) {
        for step in [Step::Nothing, Step::Interests] {
            while let Some(ticket) = self.lines.of_step(step).and_then(|line| line.first()) {
                if self.tickets[ticket].step_due(&self.policy).is_some_and(|due| due > now) {
                    break;
                }
                self.leave_step_line(ticket);
                let held = &mut self.tickets[ticket];
                held.stance.step = step.next();
                let is_listed = held.is_listed;
                self.await_step(ticket);
                if is_listed {
                    self.unlist(ticket);
                    self.list(ticket);
                    self.look_for(ticket, now);
                }
            }
        }
    }

    pub(super) fn tell_waiting(&mut self, now: Moment) {
        for line in [NoticeLine::First, NoticeLine::Next] {
            while let Some(ticket) = self.lines.of_notice(line).and_then(|line| line.first()) {
                if self.tickets[ticket].tell_at > now {
                    break;
                }
                self.leave_notice_line(ticket);
                self.await_notice(ticket, NoticeLine::Next, now);
                self.tell(ticket, now);
            }
        }
    }

    fn tell(&mut self, ticket: u32, now: Moment) {
        let held = &self.tickets[ticket];
        let topics = &self.members[held.member].topics;
        let step = held.stance.step;
        let relaxed = Relaxed {
            interests: step > Step::Nothing && !topics.interests().is_empty(),
            languages: step > Step::Interests && !topics.languages().is_empty(),
            met_everyone: self.has_met_everyone(ticket),
        };
        let session = self.members[held.member].session;
        let crowd = &mut self.modes[held.mode as usize];
        let waiting = crowd.present;
        let estimate = crowd.waits.estimate(now.since(held.place.joined), now);
        let notice = Notice { waiting, estimate, relaxed };
        let held = &mut self.tickets[ticket];
        let is_resigned = held.stance.again || relaxed.met_everyone;
        if is_resigned && !held.stance.is_resigned {
            // Somebody who asked to meet again may be there.
            self.to_look.push((ticket, held.place.number));
        }
        held.stance.is_resigned = is_resigned;
        if held.told != Some(notice) {
            held.told = Some(notice);
            self.effects.push_back(Effect::Waiting { session, waiting, estimate, relaxed });
        }
    }

    /// Whether it would meet anybody, but everybody who waits has been a partner lately.
    fn has_met_everyone(&self, ticket: u32) -> bool {
        let held = &self.tickets[ticket];
        let (own, listed) = (held.member, self.modes[held.mode as usize].listed);
        let is_open = self.needs(own, held.stance.step) == (false, false);
        if !is_open || !held.is_listed || listed < 2 || self.index.open_count(held.mode) != listed {
            return false;
        }
        let others = self.index.under(Key::of_the_open(held.mode)).filter(|other| *other != ticket);
        others
            .into_iter()
            .all(|other| self.visitors.have_met([held.visitor, self.tickets[other].visitor]))
    }
}
