//! What the event loop tells the driver, and what comes of it.

use std::{net::SocketAddr, sync::atomic::Ordering::Relaxed};

use liveloop_core::Moment;

use super::{Client, Driver, Head, Post};
use crate::{
    close::CloseReason,
    desk::Desk,
    figures::GivenUp,
    plane::{ConnId, Handler, Io, Net},
};

impl<N: Net> Handler for Driver<N> {
    type Net = N;
    type Post = Post<N>;

    fn on_open(&mut self, io: &mut Io<N>, id: ConnId, peer: SocketAddr) {
        // Whoever has too many connections is let go without a word, which costs least.
        let Ok(permit) = self.wires.door.admit_connection(peer) else {
            self.wires.door.node.shared.figures.count_given_up(GivenUp::AddressFull);
            return io.cut(id);
        };
        let head = Head::new(peer, permit);
        if self.wires.door.is_secure {
            // Shaking hands takes as long as fifty messages or more: nobody else is to wait for it.
            return self.hand_over(io, id, head, Vec::new());
        }
        let thread = self.next_thread;
        self.next_thread = (thread + 1) % self.wires.threads.len();
        if thread == usize::from(self.thread) {
            self.await_head(io, id, head);
        } else if let Some(socket) = io.detach(id) {
            self.wires.threads[thread].post(Post::Accepted(socket, head));
        }
    }

    fn on_bytes(&mut self, io: &mut Io<N>, id: ConnId, bytes: &mut [u8]) {
        match self.clients.get_mut(id) {
            Some(Client::Head(_)) => self.read_head(io, id, bytes),
            Some(Client::Live(_)) => self.read_frames(io, id, bytes),
            Some(Client::Leaving(_)) | None => {}
        }
    }

    fn on_end(&mut self, io: &mut Io<N>, id: ConnId) {
        match self.clients.get_mut(id) {
            Some(Client::Live(_)) => {
                // It may still read: what is owed to it is written, if it takes it soon.
                self.end(io, id, CloseReason::Lost);
                self.settle(io);
            }
            _ => io.cut(id),
        }
    }

    fn on_timer(&mut self, io: &mut Io<N>, id: ConnId) {
        match self.clients.get_mut(id) {
            Some(Client::Live(_)) => {
                let now = self.wires.door.node.clock.now_at(io.now());
                self.with_session(io, id, |session| session.handle_timeout(now));
            }
            Some(Client::Head(head)) if !head.is_answered => {
                self.clients.remove(id);
                self.wires.door.node.shared.figures.count_given_up(GivenUp::HeadTimeout);
                io.cut(id);
            }
            _ => io.cut(id),
        }
    }

    fn on_gone(&mut self, io: &mut Io<N>, id: ConnId) {
        if let Some(Client::Live(_)) = self.clients.get_mut(id) {
            self.end(io, id, CloseReason::Lost);
        }
        match self.clients.remove(id) {
            Some(Client::Leaving(_)) => {
                self.wires.door.node.shared.figures.active_connections.fetch_sub(1, Relaxed);
            }
            Some(Client::Head(head)) if !head.is_answered => {
                self.wires.door.node.shared.figures.count_given_up(GivenUp::Abandoned);
            }
            _ => {}
        }
        self.tell_if_drained();
    }

    fn on_post(&mut self, io: &mut Io<N>, post: Post<N>) {
        match post {
            Post::Ask(ask) => self.ask(io, ask, false),
            Post::Deliver(to, delivery) => self.deliver(to, delivery),
            Post::Publish(publication) => self.published.push(publication),
            Post::Blocks(user, blocked) => self.tell_blocks(io, user, blocked),
            Post::BlockKept(blocked, is_kept) => self.block_kept(*blocked, is_kept),
            Post::Befriend(user, pseudonym, answer) => {
                if let Some(desk) = &mut self.wires.desk {
                    // Who asked may have gone meanwhile.
                    let _ = answer.send(desk.befriend(user, &pseudonym));
                }
            }
            Post::IsInCall(user, room, answer) => {
                if let Some(desk) = &self.wires.desk {
                    let _ = answer.send(desk.is_in_call(user, room));
                }
            }
            Post::Inquire(inquiry) => self.inquire(io, *inquiry),
            Post::Found(finding) => self.found(io, *finding),
            Post::Heard(room, is_heard) => self.heard(room, is_heard),
            Post::Member(news) => self.member_news.push(news),
            Post::Counted(change, count) => self.counted(&change, count),
            Post::CheckMembers(news) => self.check_members(news),
            Post::EndSessions(erasing) => self.end_sessions(io, erasing),
            Post::ShowErased(room) => self.show_erased(room),
            Post::Erased(room, page) => self.tell_erased(room, &page),
            Post::Present(user, is_here) => self.present(user, is_here),
            Post::Watch(watch) => self.watch_here(watch),
            Post::Unwatch(watcher, users) => self.unwatch_here(watcher, &users),
            Post::IsOnline(user, answer) => {
                let _ = answer.send(self.presence.is_online(user));
            }
            Post::Said(room, message, answer) => {
                self.answered(io, room, message, answer);
                self.tell_if_drained();
            }
            Post::Answers => self.awaited.wake(),
            Post::Say(id, said) => self.say_at_home(id, said),
            Post::Accepted(socket, head) => {
                if let Some(id) = io.open(socket) {
                    self.await_head(io, id, head);
                }
            }
            Post::Adopt(adopted) => self.adopt(io, adopted),
            Post::Claimant(claimant) => self.take_claimant(io, *claimant),
            Post::Drain => {
                self.is_draining = true;
                for key in self.clients.live() {
                    self.drain_one(io, ConnId { thread: self.thread, key });
                }
                self.tell_if_drained();
            }
            Post::Rest(answer) => {
                // Whoever asks may wait no more; likewise below.
                let _ = answer.send(());
            }
            Post::Bequeath(answer) => {
                let _ = answer.send(self.bequeath(io));
            }
            Post::Stop => self.is_over = true,
        }
    }

    fn on_accept_failure(&mut self) {
        self.wires.door.node.shared.figures.accept_failures.fetch_add(1, Relaxed);
    }

    fn on_turn(&mut self, io: &mut Io<N>) {
        if let Some(desk) = &mut self.wires.desk
            && desk.poll_timeout().is_some_and(|due| due <= io.now())
        {
            desk.handle_timeout(io.now());
            self.hear_desk();
        }
        self.end_graces(io);
        loop {
            self.settle(io);
            self.tell_members(io);
            if let Some(answer) = self.awaited.poll() {
                self.on_post(io, answer);
            } else if self.published.is_empty() && self.deliveries.is_empty() {
                return;
            } else {
                self.fan_out(io);
            }
        }
    }

    fn on_written(&mut self, io: &mut Io<N>) {
        let clock = &self.wires.door.node.clock;
        self.tally.settle(io.now(), || clock.moment());
    }

    fn next_turn(&self) -> Option<Moment> {
        let desk = self.wires.desk.as_ref().and_then(Desk::poll_timeout);
        let grace = self.homes.poll_timeout().filter(|_| !self.is_draining);
        [desk, grace, self.channels.poll_timeout()].into_iter().flatten().min()
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}
