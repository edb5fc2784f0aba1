//! What sessions have for the desk, for the history and for each other. Within a thread it takes no
//! lock and no wake-up; another thread gets a post.

use std::{collections::VecDeque, sync::atomic::Ordering::Relaxed};

use liveloop_ports::Appending;
use liveloop_protocol::websocket::{Opcode, encode_parts};

use super::{Client, Driver, Post};
use crate::{
    close::CloseReason,
    desk::{Ask, Desk},
    plane::{ConnId, Io},
    session::{Delivery, Effect, Publication, Said},
};

impl Driver {
    pub(super) fn ask(&mut self, io: &Io, ask: Ask, is_here: bool) {
        match &mut self.wires.desk {
            Some(desk) => {
                desk.take(ask, io.now(), is_here);
                self.hear_desk();
            }
            None => self.wires.threads[0].post(Post::Ask(ask)),
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

    pub(super) fn say(&mut self, id: ConnId, said: Said, effects: &mut VecDeque<Effect>) {
        match self.wires.door.node.history.append(said.text.clone()) {
            Appending::Now(answer) => {
                let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
                // What its client has sent after the text comes after it.
                let later: Vec<Effect> = effects.drain(..).collect();
                live.session.swap_effects(effects);
                live.session.handle_said(&said, answer);
                live.session.swap_effects(effects);
                effects.extend(later);
            }
            Appending::Later(answer) => {
                let link = self.wires.threads[usize::from(self.thread)].clone();
                self.wires.runtime.spawn(async move {
                    let answer = answer.await;
                    link.post(Post::Said(id, said, answer));
                });
            }
        }
    }

    /// Has something for a session. Another thread gets it at once, lest what is asked of the desk
    /// after it overtakes it.
    pub(super) fn deliver(&mut self, to: ConnId, delivery: Delivery) {
        if to.thread == self.thread {
            self.deliveries.push_back((to, delivery));
        } else {
            self.wires.threads[usize::from(to.thread)].post(Post::Deliver(to, delivery));
        }
    }

    /// Hands out what sessions have for each other, until nobody has anything more.
    pub(super) fn settle(&mut self, io: &mut Io) {
        while let Some((to, mut delivery)) = self.deliveries.pop_front() {
            if let Delivery::Joined(joined) = &mut delivery {
                joined.last_seq = self.wires.door.node.history.last_seq(joined.room);
            }
            self.with_session(io, to, |session| session.handle_delivery(delivery));
        }
    }

    /// Has an event, encoded once, for all who listen to its group, on this thread and the others.
    pub(super) fn publish(&mut self, publication: Publication) {
        for (thread, link) in self.wires.threads.iter().enumerate() {
            if thread != usize::from(self.thread) {
                link.post(Post::Publish(publication.clone()));
            }
        }
        self.published.push(publication);
    }

    /// Hands out what was published in this turn, all of a group's at once to each listener.
    pub(super) fn fan_out(&mut self, io: &mut Io) {
        let mut published = std::mem::take(&mut self.published);
        // Stable: what is said in one group keeps its order.
        published.sort_by_key(|publication| publication.room);
        for of_one in published.chunk_by(|one, other| one.room == other.room) {
            self.fan_out_one(io, of_one);
        }
        self.tally.publish(published.drain(..).map(|publication| publication.event));
        self.published = published;
    }

    pub(super) fn fan_out_one(&mut self, io: &mut Io, publications: &[Publication]) {
        let outbox_max = self.wires.door.node.shared.settings.limits.outbox_bytes;
        let room = publications[0].room;
        let mut slow = Vec::new();
        for publication in publications {
            if self.listeners.is_heard(room, publication.from) {
                publication.event.is_heard.store(true, Relaxed);
            }
        }
        for id in self.listeners.of(room) {
            let Some(Client::Live(live)) = self.clients.get_mut(id) else { continue };
            io.queue_write(id, |out| {
                for publication in publications.iter().filter(|it| it.from != Some(id)) {
                    let n = live.session.number_for(publication.kind);
                    let (open, tail) = publication.event.encoded.parts(n);
                    self.tally.send();
                    encode_parts(out, Opcode::Text, open, tail.as_bytes());
                }
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
