//! What sessions have for the desk and for each other. Within a thread it takes no
//! lock and no wake-up; another thread gets a post.

use std::sync::atomic::Ordering::Relaxed;

use liveloop_core::{Input, Moment};
use liveloop_protocol::websocket::{Opcode, encode, encode_parts};

use super::{Client, Driver, Post};
use crate::{
    close::CloseReason,
    desk::{Ask, Desk},
    plane::{ConnId, Io, Net},
    session::{Delivery, Kept, Publication, Session},
};

impl<N: Net> Driver<N> {
    pub(super) fn ask(&mut self, io: &Io<N>, ask: Ask, is_here: bool) {
        if self.wires.desk.is_none() {
            return self.wires.threads[0].post(Post::Ask(ask));
        }
        let is_told_at_once = is_here && self.has_heard_all(&ask);
        if let Some(desk) = &mut self.wires.desk {
            let is_block = matches!(ask.input, Input::Block(..));
            desk.take(ask, io.now(), is_told_at_once);
            self.hear_desk();
            if is_block {
                self.keep_blocks();
            }
        }
    }

    /// Whether nothing that was said to who asks lies here unheard. Not looked for where it does not
    /// matter, for much may lie here.
    fn has_heard_all(&self, ask: &Ask) -> bool {
        let lies_here = |outlet| self.deliveries.iter().any(|(to, _)| *to == outlet);
        // One with a number is answered in any case.
        let unnumbered = ask.by.as_ref().filter(|by| by.reference.is_none());
        unnumbered.is_none_or(|by| !lies_here(by.outlet))
    }

    /// Passes on what the desk has for sessions.
    pub(super) fn hear_desk(&mut self) {
        while let Some((to, delivery)) = self.wires.desk.as_mut().and_then(Desk::poll_delivery) {
            self.deliver(to, delivery);
        }
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
        while let Some((to, delivery)) = self.deliveries.pop_front() {
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
