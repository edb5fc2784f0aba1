//! What sessions have for the desk, for the history and for each other. Within a thread it takes no
//! lock and no wake-up; another thread gets a post.

use std::{collections::VecDeque, sync::atomic::Ordering::Relaxed};

use liveloop_core::{Moment, RoomId};
use liveloop_ports::{Appending, BoxFuture, MessageId};
use liveloop_protocol::websocket::{Opcode, encode, encode_parts};

use super::{Client, Driver, Post, SaidAnswer, Unanswered};
use crate::{
    close::CloseReason,
    desk::{Ask, Desk, Wish},
    plane::{ConnId, Io, Net},
    session::{Delivery, Effect, Kept, Publication, Said, Session},
};

impl<N: Net> Driver<N> {
    pub(super) fn ask(&mut self, io: &Io<N>, ask: Ask, is_here: bool) {
        let is_told_at_once = is_here && self.has_heard_all(&ask);
        match &mut self.wires.desk {
            Some(desk) => {
                desk.take(ask, io.now(), is_told_at_once);
                self.hear_desk();
            }
            None => self.wires.threads[0].post(Post::Ask(ask)),
        }
    }

    /// Whether nothing that was said to who asks lies here unheard. Not looked for where it does not
    /// matter, for much may lie here.
    fn has_heard_all(&self, ask: &Ask) -> bool {
        let lies_here = |outlet| self.deliveries.iter().any(|(to, _)| *to == outlet);
        ask.by.as_ref().is_none_or(|by| !lies_here(by.outlet))
    }

    pub(super) fn listen(&mut self, io: &Io<N>, room: RoomId, id: ConnId) {
        if self.listeners.add(room, id) {
            self.ask(io, Ask { wish: Wish::Heard(room, true), by: None }, true);
        }
    }

    pub(super) fn unlisten(&mut self, io: &Io<N>, room: RoomId, id: ConnId) {
        if self.listeners.remove(room, id) {
            self.ask(io, Ask { wish: Wish::Heard(room, false), by: None }, true);
        }
    }

    /// Passes on what the desk has for sessions.
    pub(super) fn hear_desk(&mut self) {
        while let Some((to, delivery)) = self.wires.desk.as_mut().and_then(Desk::poll_delivery) {
            self.deliver(to, delivery);
        }
        while let Some(publication) = self.wires.desk.as_mut().and_then(Desk::poll_publication) {
            self.publish(publication);
        }
    }

    /// A text of the session that is reached at `outlet` wants its place. In a call its own thread asks
    /// for that; in a group the group's home does, and publishes in the same order: so everybody who
    /// listens hears texts by their place.
    pub(super) fn say(&mut self, outlet: ConnId, said: Said, effects: &mut VecDeque<Effect>) {
        if let Some(room) = said.group() {
            let home = self.home_of(room);
            if home == usize::from(self.thread) {
                self.say_at_home(room, outlet, said);
            } else {
                self.wires.threads[home].post(Post::Say(outlet, said));
            }
            return;
        }
        let (room, message) = (said.text.room, said.text.message);
        match self.wires.door.node.history.append(said.text.clone()) {
            Appending::Now(answer) if !self.unanswered.contains_key(&room) => {
                let Some(session) = self.session_mut(outlet) else { return };
                // What its client has sent after the text comes after it.
                let later: Vec<Effect> = effects.drain(..).collect();
                session.swap_effects(effects);
                session.handle_said(&said, answer);
                session.swap_effects(effects);
                effects.extend(later);
            }
            Appending::Now(answer) => {
                self.stand_in_line(room, outlet, message, Some((said, answer)));
            }
            Appending::Later(answer) => {
                self.stand_in_line(room, outlet, message, None);
                self.await_answer(answer, outlet, said);
            }
        }
    }

    /// The thread that gives a group's texts their places.
    fn home_of(&self, room: RoomId) -> usize {
        // Ids are random, so any bits of them are as good as a hash.
        let threads = self.wires.threads.len() as u128;
        usize::try_from(room.0 % threads).expect("fewer threads than that")
    }

    /// A text of a group whose home this thread is.
    pub(super) fn say_at_home(&mut self, room: RoomId, id: ConnId, said: Said) {
        let message = said.text.message;
        match self.wires.door.node.history.append(said.text.clone()) {
            // While others wait for their answers they are before it.
            Appending::Now(answer) if !self.unanswered.contains_key(&room) => {
                self.publish_said(id, &said, answer);
            }
            Appending::Now(answer) => self.stand_in_line(room, id, message, Some((said, answer))),
            Appending::Later(answer) => {
                self.stand_in_line(room, id, message, None);
                self.await_answer(answer, id, said);
            }
        }
    }

    /// A text waits behind those of its room that were said before it.
    fn stand_in_line(
        &mut self,
        room: RoomId,
        from: ConnId,
        message: MessageId,
        outcome: Option<(Said, SaidAnswer)>,
    ) {
        let waiting = self.unanswered.entry(room).or_default();
        waiting.push_back(Unanswered { from, message, outcome });
    }

    /// The history has answered: told once those before it have been, for tasks that wait do not end in
    /// the order in which they began.
    pub(super) fn answered(&mut self, io: &mut Io<N>, id: ConnId, said: Said, answer: SaidAnswer) {
        let room = said.text.room;
        let Some(waiting) = self.unanswered.get_mut(&room) else { return };
        let place = waiting.iter_mut().find(|it| it.from == id && it.message == said.text.message);
        if let Some(place) = place {
            place.outcome = Some((said, answer));
        }
        while let Some(waiting) = self.unanswered.get_mut(&room) {
            match waiting.front_mut().map(|first| (first.from, first.outcome.take())) {
                Some((from, Some((said, answer)))) => {
                    waiting.pop_front();
                    match said.group() {
                        Some(_) => self.publish_said(from, &said, answer),
                        None => {
                            self.with_addressee(io, from, |it| it.handle_said(&said, answer));
                        }
                    }
                }
                Some((_, None)) => return,
                None => {
                    self.unanswered.remove(&room);
                }
            }
        }
    }

    fn publish_said(&mut self, from: ConnId, said: &Said, answer: SaidAnswer) {
        let figures = &self.wires.door.node.shared.figures;
        if let Some(publication) = said.publication(from, answer, figures) {
            self.publish(publication);
        }
    }

    fn await_answer(&self, answer: BoxFuture<'static, SaidAnswer>, id: ConnId, said: Said) {
        let link = self.wires.threads[usize::from(self.thread)].clone();
        let task = async move {
            let answer = answer.await;
            link.post(Post::Said(id, said, answer));
        };
        N::spawn(&self.wires.tasks, Box::pin(task));
    }

    /// Has something for a session. Another thread gets it at once, lest what is asked of the desk
    /// after it overtakes it.
    pub(super) fn deliver(&mut self, to: ConnId, delivery: Delivery) {
        if to.thread == self.thread {
            return self.deliveries.push_back((to, delivery));
        }
        let home = to.home(self.wires.threads.len());
        if home == usize::from(self.thread) {
            self.deliveries.push_back((to, delivery));
        } else {
            self.wires.threads[home].post(Post::Deliver(to, delivery));
        }
    }

    /// Hands out what sessions have for each other, until nobody has anything more.
    pub(super) fn settle(&mut self, io: &mut Io<N>) {
        while let Some((to, mut delivery)) = self.deliveries.pop_front() {
            if let Delivery::Joined(joined) = &mut delivery {
                joined.last_seq = self.wires.door.node.history.last_seq(joined.room);
            }
            self.with_addressee(io, to, |session| session.handle_delivery(delivery));
        }
    }

    /// Has an event, encoded once, for all who listen to its group, on this thread and the others.
    pub(super) fn publish(&mut self, publication: Publication) {
        let threads = self.wires.threads.len();
        for (thread, link) in self.wires.threads.iter().enumerate() {
            let is_for_it = publication.event.is_some()
                || publication.from.is_some_and(|from| from.home(threads) == thread);
            if thread != usize::from(self.thread) && is_for_it {
                link.post(Post::Publish(publication.clone()));
            }
        }
        self.published.push(publication);
    }

    /// Hands out what was published in this turn, all of a group's at once to each listener.
    pub(super) fn fan_out(&mut self, io: &mut Io<N>) {
        let mut published = std::mem::take(&mut self.published);
        // Stable: what is said in one group keeps its order.
        published.sort_by_key(|publication| publication.room);
        for of_one in published.chunk_by(|one, other| one.room == other.room) {
            self.fan_out_one(io, of_one);
        }
        self.tally.publish(published.drain(..).filter_map(|publication| publication.event));
        self.published = published;
    }

    pub(super) fn fan_out_one(&mut self, io: &mut Io<N>, publications: &[Publication]) {
        let outbox_max = self.wires.door.node.shared.settings.limits.outbox_bytes;
        let room = publications[0].room;
        let mut slow = Vec::new();
        for Publication { event, from, answer, .. } in publications {
            if let Some(event) = event
                && self.listeners.is_heard(room, *from)
            {
                event.is_heard.store(true, Relaxed);
            }
            // One who does not listen any more is answered all the same.
            if let (Some(from), Some(answer)) = (*from, answer)
                && from.home(self.wires.threads.len()) == usize::from(self.thread)
                && !self.listeners.has(room, from)
                && let Some(id) = self.at(from)
            {
                self.tally.send();
                io.queue_write(id, |out| encode(out, Opcode::Text, answer));
            }
        }
        let now = io.now();
        for outlet in self.listeners.of(room) {
            let id = match self.clients.get_mut(outlet) {
                Some(Client::Live(_)) => outlet,
                _ => match self.homes.moved(outlet) {
                    Some(id) => id,
                    None => {
                        let parked = self.homes.parked_mut(outlet);
                        parked.into_iter().for_each(|it| tell(it, publications, now, |_, _| {}));
                        continue;
                    }
                },
            };
            let Some(Client::Live(live)) = self.clients.get_mut(id) else { continue };
            io.queue_write(id, |out| {
                tell(&mut live.session, publications, now, |first, second| {
                    self.tally.send();
                    encode_parts(out, Opcode::Text, first, second);
                });
            });
            if outbox_max > 0 && io.pending(id) > outbox_max {
                slow.push(id);
            }
            io.flush_if_many();
        }
        for id in slow {
            self.end(io, id, CloseReason::SlowReader);
        }
    }
}

/// Writes what is published for one listener, numbered as theirs, and has them keep it; or, where it is
/// their own text, what they are told in its place.
fn tell(
    session: &mut Session,
    publications: &[Publication],
    now: Moment,
    mut write: impl FnMut(&[u8], &[u8]),
) {
    let outlet = session.outlet();
    for Publication { kind, event, from, answer, .. } in publications {
        if *from == Some(outlet) {
            answer.iter().for_each(|answer| write(answer, b""));
            continue;
        }
        let Some(event) = event else { continue };
        let n = session.number_for(*kind);
        let (open, tail) = event.encoded.parts(n);
        write(open, tail.as_bytes());
        if let Some(n) = n {
            session.keep(Kept::Shared(&event.encoded), n, now);
        }
    }
}
