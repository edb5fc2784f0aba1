//! The driver of one event loop: carries frames between its connections and their sessions.
//!
//! It reads the head of each new connection: an opening handshake is answered here, everything else
//! goes to the HTTP side with the bytes that were read. It knows no rule and no event. What sessions
//! of one thread have for each other takes no lock and no wake-up; the desk belongs to one thread.

mod client;
mod head;
mod listeners;
mod tally;

use std::{
    collections::VecDeque,
    net::{SocketAddr, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use liveloop_core::{
    GroupRejection, GroupSpec, Input, Moment, RoomId, SessionKey, SocketId, UserId,
};
use liveloop_ports::{Appended, Appending, HistoryError};
use liveloop_protocol::{
    Category,
    websocket::{Incoming, Limit, Opcode, Role, encode, encode_close, encode_parts},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    address::ConnectionPermit,
    clock::{Clock, random_below, random_id},
    close::CloseReason,
    desk::{Ask, Desk, Wish},
    door::Door,
    figures::RequestKind,
    plane::{ConnId, Handler, Io, PlaneLink},
    session::{Delivery, Effect, Origin, Publication, Said, Session},
};

use client::{Client, Clients, Live};
pub(crate) use head::{Head, Headed};
use listeners::Listeners;
use tally::Tally;

/// How long a client may take to send the head of its first request.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest frame where `limits.frame_bytes` is off: one that nobody has would be waited for
/// until it has filled the memory.
const FRAME_BYTES_CEILING: usize = 64 << 20;

/// A connection that speaks HTTP, with what was read of it.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) stream: TcpStream,
    pub(crate) read: Vec<u8>,
    pub(crate) peer: SocketAddr,
    /// Its address's; none behind a trusted proxy.
    pub(crate) permit: Option<ConnectionPermit>,
}

/// What one thread has for another, and the node for all.
#[derive(Debug)]
pub(crate) enum Post {
    /// For the thread that has the desk.
    Ask(Ask),
    /// For a session of this thread.
    Deliver(ConnId, Delivery),
    /// For all sessions of this thread that listen to a group.
    Publish(Publication),
    /// Make a group, for the thread that has the desk.
    CreateGroup(GroupSpec, oneshot::Sender<Result<RoomId, GroupRejection>>),
    /// The history has answered a text of a session of this thread.
    Said(ConnId, Said, Result<Appended, HistoryError>),
    /// A connection to be read from its beginning.
    Accepted(TcpStream, Head),
    /// A connection whose handshake is done, with what came after it.
    Adopt(TcpStream, Vec<u8>, ConnectionPermit),
    /// The node goes away: tell everybody.
    Drain,
    /// End the loop.
    Stop,
}

/// What a driver is wired to.
pub(crate) struct Wires {
    pub(crate) door: Door,
    /// Every thread, this one included; the first has the desk.
    pub(crate) threads: Vec<PlaneLink<Post>>,
    /// Only the first thread's.
    pub(crate) desk: Option<Desk>,
    pub(crate) http: mpsc::Sender<Handed>,
    /// Where an answer that is yet to come is awaited.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Told once this thread has no WebSocket left while the node drains.
    pub(crate) drained: Option<oneshot::Sender<()>>,
}

/// The handler of one event loop.
pub(crate) struct Driver {
    thread: u8,
    wires: Wires,
    clients: Clients,
    /// Serves whichever session acts, so that an idle one owns none.
    effects: VecDeque<Effect>,
    deliveries: VecDeque<(ConnId, Delivery)>,
    /// What was published in this turn.
    published: Vec<Publication>,
    listeners: Listeners,
    tally: Tally,
    /// Which thread the next accepted connection goes to.
    next_thread: usize,
    last_session: u64,
    is_draining: bool,
    is_over: bool,
}

impl Driver {
    pub(crate) fn new(thread: u8, wires: Wires) -> Self {
        let tally = Tally::new(wires.door.node.shared.figures.of_loop(thread));
        Self {
            thread,
            wires,
            tally,
            clients: Clients::default(),
            effects: VecDeque::new(),
            deliveries: VecDeque::new(),
            published: Vec::new(),
            listeners: Listeners::default(),
            next_thread: 0,
            last_session: 0,
            is_draining: false,
            is_over: false,
        }
    }

    fn await_head(&mut self, io: &mut Io, id: ConnId, head: Head) {
        self.clients.insert(id, Client::Head(head));
        let deadline = io.now() + HEAD_TIMEOUT;
        io.set_timer(id, deadline);
    }

    fn read_head(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        let Some(Client::Head(head)) = self.clients.get_mut(id) else { return };
        let door = &self.wires.door;
        match head.take(bytes, "/ws", |headers, peer| door.admit(headers, peer)) {
            Headed::Partial => {}
            Headed::Http(read) => self.hand_to_http(io, id, read),
            Headed::Refused(problem) => {
                self.count_handshake(io, problem.status());
                io.queue_write(id, |out| out.extend_from_slice(&problem.to_http1()));
                io.close(id);
            }
            Headed::Upgrade { response, permit, mut rest } => {
                self.count_handshake(io, 101);
                io.queue_write(id, |out| out.extend_from_slice(&response));
                self.open_session(io, id, permit);
                if !rest.is_empty() {
                    self.read_frames(io, id, &mut rest);
                }
            }
        }
    }

    /// Handshakes are requests too, though no HTTP stack has seen them.
    fn count_handshake(&self, io: &Io, status: u16) {
        let node = &self.wires.door.node;
        let kind = RequestKind { method: "GET", endpoint: "/ws".into(), status };
        let now = node.clock.moment();
        node.shared.figures.requests.count(kind, now.since(io.now()), now);
    }

    fn hand_to_http(&mut self, io: &mut Io, id: ConnId, read: Vec<u8>) {
        let Some(Client::Head(Head { peer, permit, .. })) = self.clients.remove(id) else { return };
        let Some(stream) = io.detach(id) else { return };
        if self.wires.http.try_send(Handed { stream, read, peer, permit }).is_err() {
            // Too many ask for pages at once; dropped, so closed.
            self.wires.door.node.shared.figures.count_failure(Category::System);
        }
    }

    fn open_session(&mut self, io: &mut Io, id: ConnId, permit: ConnectionPermit) {
        let node = &self.wires.door.node;
        let figures = &node.shared.figures;
        figures.count_connection();
        figures.active_connections.fetch_add(1, Relaxed);
        self.last_session += 1;
        let interval = node.shared.settings.heartbeat.interval.as_millis();
        let origin = Origin {
            key: SessionKey(self.last_session << 8 | u64::from(self.thread)),
            socket: SocketId(random_id()),
            user: UserId(random_id()),
            outlet: id,
            first_ping: io.now() + Duration::from_millis(random_below(interval)),
        };
        let session = Session::open(Arc::clone(&node.shared), &origin);
        self.clients.insert(id, Client::Live(Live { session, decoder: <_>::default(), permit }));
        let now = Clock::now_at(io.now());
        self.with_session(io, id, |session| session.greet(now));
        if self.is_draining {
            self.drain_one(io, id);
        }
    }

    fn read_frames(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
        let node = &self.wires.door.node;
        let now = Clock::now_at(io.now());
        let limit = Limit(match node.shared.settings.limits.frame_bytes {
            0 => FRAME_BYTES_CEILING,
            bytes => bytes,
        });
        let mut effects = std::mem::take(&mut self.effects);
        let (session, decoder) = (&mut live.session, &mut live.decoder);
        session.swap_effects(&mut effects);
        session.handle_sign_of_life();
        let mut by_client = None;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            decoder.feed(bytes, (Role::Server, limit), |incoming| {
                if session.is_ended() {
                    return;
                }
                match incoming {
                    Incoming::Text(text) => session.handle_frame(text, now),
                    Incoming::Binary(_) => session.handle_binary(now),
                    Incoming::Ping(payload) => session.handle_ping(payload, now.moment),
                    Incoming::Pong(_) | Incoming::Fragment => session.handle_control(now.moment),
                    Incoming::Close(code) => by_client = Some(code),
                }
            })
        }));
        session.swap_effects(&mut effects);
        let ended_by = match outcome {
            Ok(Ok(())) => by_client.map(|_| CloseReason::ByClient),
            Ok(Err(violation)) => Some(violation.into()),
            Err(_) => Some(panicked(&mut effects)),
        };
        self.carry_out(io, id, &mut effects);
        self.effects = effects;
        if let Some(Some(code)) = by_client.filter(|_| ended_by == Some(CloseReason::ByClient)) {
            io.queue_write(id, |out| encode_close(out, code, ""));
        } else if by_client.is_some() {
            io.queue_write(id, |out| encode(out, Opcode::Close, b""));
        }
        if let Some(reason) = ended_by {
            self.end(io, id, reason);
        }
        self.settle(io);
    }

    /// Lets the session of `id` act, and does what it wants.
    fn with_session(&mut self, io: &mut Io, id: ConnId, act: impl FnOnce(&mut Session)) {
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
        let mut effects = std::mem::take(&mut self.effects);
        live.session.swap_effects(&mut effects);
        let outcome = catch_unwind(AssertUnwindSafe(|| act(&mut live.session)));
        live.session.swap_effects(&mut effects);
        let panic = outcome.err().map(|_| panicked(&mut effects));
        self.carry_out(io, id, &mut effects);
        self.effects = effects;
        if let Some(reason) = panic {
            self.end(io, id, reason);
        }
    }

    fn carry_out(&mut self, io: &mut Io, id: ConnId, effects: &mut VecDeque<Effect>) {
        let mut close = None;
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send(text) => {
                    self.tally.send();
                    io.queue_write(id, |out| encode(out, Opcode::Text, text.as_bytes()));
                }
                Effect::Pass(text, read_at) => {
                    self.tally.pass(read_at, io.now());
                    io.queue_write(id, |out| encode(out, Opcode::Text, text.as_bytes()));
                }
                Effect::Ping => io.queue_write(id, |out| encode(out, Opcode::Ping, b"")),
                Effect::Pong(payload) => {
                    io.queue_write(id, |out| encode(out, Opcode::Pong, &payload));
                }
                Effect::Ask(ask) => self.ask(io, ask, true),
                Effect::Relay(to, delivery) => self.deliver(to, delivery),
                Effect::Say(said) => self.say(id, said, effects),
                Effect::Publish(publication) => self.publish(publication),
                Effect::Listen(room) => self.listeners.add(room, id),
                Effect::Unlisten(room) => self.listeners.remove(room, id),
                Effect::Close(reason) => close = close.or(Some(reason)),
            }
        }
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
        io.set_timer(id, live.session.poll_timeout());
        let outbox_max = self.wires.door.node.shared.settings.limits.outbox_bytes;
        if outbox_max > 0 && io.pending(id) > outbox_max {
            close = close.or(Some(CloseReason::SlowReader));
        }
        if let Some(reason) = close {
            self.end(io, id, reason);
        }
    }

    fn ask(&mut self, io: &Io, ask: Ask, is_here: bool) {
        match &mut self.wires.desk {
            Some(desk) => {
                desk.take(ask, io.now(), is_here);
                self.hear_desk();
            }
            None => self.wires.threads[0].post(Post::Ask(ask)),
        }
    }

    /// Passes on what the desk has for sessions.
    fn hear_desk(&mut self) {
        while let Some((to, delivery)) = self.wires.desk.as_mut().and_then(Desk::poll_delivery) {
            self.deliver(to, delivery);
        }
        while let Some(publication) = self.wires.desk.as_mut().and_then(Desk::poll_publication) {
            self.publish(publication);
        }
    }

    fn say(&mut self, id: ConnId, said: Said, effects: &mut VecDeque<Effect>) {
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
    fn deliver(&mut self, to: ConnId, delivery: Delivery) {
        if to.thread == self.thread {
            self.deliveries.push_back((to, delivery));
        } else {
            self.wires.threads[usize::from(to.thread)].post(Post::Deliver(to, delivery));
        }
    }

    /// Hands out what sessions have for each other, until nobody has anything more.
    fn settle(&mut self, io: &mut Io) {
        while let Some((to, mut delivery)) = self.deliveries.pop_front() {
            if let Delivery::Joined(joined) = &mut delivery {
                joined.last_seq = self.wires.door.node.history.last_seq(joined.room);
            }
            self.with_session(io, to, |session| session.handle_delivery(delivery));
        }
    }

    /// Has an event, encoded once, for all who listen to its group, on this thread and the others.
    fn publish(&mut self, publication: Publication) {
        for (thread, link) in self.wires.threads.iter().enumerate() {
            if thread != usize::from(self.thread) {
                link.post(Post::Publish(publication.clone()));
            }
        }
        self.published.push(publication);
    }

    /// Hands out what was published in this turn, all of a group's at once to each listener.
    fn fan_out(&mut self, io: &mut Io) {
        let mut published = std::mem::take(&mut self.published);
        // Stable: what is said in one group keeps its order.
        published.sort_by_key(|publication| publication.room);
        for of_one in published.chunk_by(|one, other| one.room == other.room) {
            self.fan_out_one(io, of_one);
        }
        self.tally.publish(published.drain(..).map(|publication| publication.event));
        self.published = published;
    }

    fn fan_out_one(&mut self, io: &mut Io, publications: &[Publication]) {
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
                    encode_parts(out, Opcode::Text, open.as_bytes(), tail.as_bytes());
                }
            });
            if outbox_max > 0 && io.pending(id) > outbox_max {
                slow.push(id);
            }
        }
        for id in slow {
            self.end(io, id, CloseReason::SlowReader);
        }
    }

    /// Ends a session: its partner is told before the farewell, which may take a while. A node that
    /// goes away takes nobody's partner from them: calls go on without it.
    fn end(&mut self, io: &mut Io, id: ConnId, reason: CloseReason) {
        let Some(session) = self.clients.leave(id) else { return };
        for room in session.listens_to() {
            self.listeners.remove(room, id);
        }
        let key = session.key();
        self.wires.door.node.shared.figures.count_close(reason);
        tracing::debug!(reason = reason.as_str(), "a connection ends");
        if !self.is_draining {
            let ask = Ask { wish: Wish::Meet(Input::Disconnect(key), None), by: None };
            self.ask(io, ask, true);
        }
        if let Some(code) = reason.code() {
            io.queue_write(id, |out| encode_close(out, code, reason.as_str()));
        }
        if reason == CloseReason::Lost { io.cut(id) } else { io.close(id) }
    }

    fn drain_one(&mut self, io: &mut Io, id: ConnId) {
        let within = self.wires.door.node.shared.settings.drain.reconnect_within.as_millis();
        // Each client is told another moment, so that they do not all come at once.
        let reconnect_in_ms = random_below(within.saturating_add(1));
        self.with_session(io, id, |session| session.handle_drain(reconnect_in_ms));
    }

    fn tell_if_drained(&mut self) {
        if self.is_draining
            && self.clients.held() == 0
            && let Some(drained) = self.wires.drained.take()
        {
            // The node may be gone already.
            let _ = drained.send(());
        }
    }
}

fn panicked(effects: &mut VecDeque<Effect>) -> CloseReason {
    tracing::error!("a session panicked; it alone is ended");
    effects.clear();
    CloseReason::Internal
}

impl Handler for Driver {
    type Post = Post;

    fn on_open(&mut self, io: &mut Io, id: ConnId, peer: SocketAddr) {
        // Whoever has too many connections is let go without a word, which costs least.
        let Ok(permit) = self.wires.door.admit_connection(peer) else {
            self.wires.door.node.shared.figures.count_failure(Category::Network);
            return io.cut(id);
        };
        let head = Head::new(peer, permit);
        let thread = self.next_thread;
        self.next_thread = (thread + 1) % self.wires.threads.len();
        if thread == usize::from(self.thread) {
            self.await_head(io, id, head);
        } else if let Some(stream) = io.detach(id) {
            self.wires.threads[thread].post(Post::Accepted(stream, head));
        }
    }

    fn on_bytes(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        match self.clients.get_mut(id) {
            Some(Client::Head(_)) => self.read_head(io, id, bytes),
            Some(Client::Live(_)) => self.read_frames(io, id, bytes),
            Some(Client::Leaving(_)) | None => {}
        }
    }

    fn on_end(&mut self, io: &mut Io, id: ConnId) {
        match self.clients.get_mut(id) {
            Some(Client::Live(_)) => {
                self.end(io, id, CloseReason::Lost);
                self.settle(io);
            }
            _ => io.cut(id),
        }
    }

    fn on_timer(&mut self, io: &mut Io, id: ConnId) {
        match self.clients.get_mut(id) {
            Some(Client::Live(_)) => {
                let now = io.now();
                self.with_session(io, id, |session| session.handle_timeout(now));
            }
            _ => io.cut(id),
        }
    }

    fn on_gone(&mut self, io: &mut Io, id: ConnId) {
        if let Some(Client::Live(_)) = self.clients.get_mut(id) {
            self.end(io, id, CloseReason::Lost);
        }
        if let Some(Client::Leaving(_)) = self.clients.remove(id) {
            self.wires.door.node.shared.figures.active_connections.fetch_sub(1, Relaxed);
        }
        self.tell_if_drained();
    }

    fn on_post(&mut self, io: &mut Io, post: Post) {
        match post {
            Post::Ask(ask) => self.ask(io, ask, false),
            Post::Deliver(to, delivery) => self.deliver(to, delivery),
            Post::Publish(publication) => self.published.push(publication),
            Post::CreateGroup(spec, answer) => {
                if let Some(desk) = &mut self.wires.desk {
                    // Who asked may have gone meanwhile.
                    let _ = answer.send(desk.create_group(spec));
                }
            }
            Post::Said(id, said, answer) => {
                self.with_session(io, id, |session| session.handle_said(&said, answer));
            }
            Post::Accepted(stream, head) => {
                if let Some(id) = io.open(stream) {
                    self.await_head(io, id, head);
                }
            }
            Post::Adopt(stream, mut read, permit) => {
                if let Some(id) = io.open(stream) {
                    self.open_session(io, id, permit);
                    if !read.is_empty() {
                        self.read_frames(io, id, &mut read);
                    }
                }
            }
            Post::Drain => {
                self.is_draining = true;
                for key in self.clients.live() {
                    self.drain_one(io, ConnId { thread: self.thread, key });
                }
                self.tell_if_drained();
            }
            Post::Stop => self.is_over = true,
        }
    }

    fn on_turn(&mut self, io: &mut Io) {
        if let Some(desk) = &mut self.wires.desk
            && desk.poll_timeout().is_some_and(|due| due <= io.now())
        {
            desk.handle_timeout(io.now());
            self.hear_desk();
        }
        self.settle(io);
        while !self.published.is_empty() {
            self.fan_out(io);
            self.settle(io);
        }
    }

    fn on_written(&mut self, io: &mut Io) {
        let clock = self.wires.door.node.clock;
        self.tally.settle(io.now(), || clock.moment());
    }

    fn next_turn(&self) -> Option<Moment> {
        self.wires.desk.as_ref()?.poll_timeout()
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}
