//! The driver of one event loop: carries frames between its connections and their sessions.
//!
//! It reads the head of each new connection: an opening handshake is answered here, everything else
//! goes to the HTTP side with the bytes that were read. It knows no rule and no event. What sessions
//! of one thread have for each other takes no lock and no wake-up; the desk belongs to one thread.

mod arrival;
mod awaited;
mod blocks;
mod channels;
mod client;
mod doubtful;
mod erasure;
mod estate;
mod exchange;
mod handler;
mod head;
mod homes;
mod listeners;
mod occupancy;
mod presence;
mod resume;
mod tally;
mod texts;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use liveloop_core::{Channels, IdMap, MembersChange, Presence, RoomId, UserId};
use liveloop_ports::{MessageId, Page};
use liveloop_protocol::websocket::{
    Incoming, Limit, Opcode, Role, encode, encode_close, encode_parts,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    address::ConnectionPermit,
    clock::random_below,
    close::{CloseReason, Grace},
    desk::{Ask, Befriended, Blocked, Desk},
    door::Door,
    estate::{Heirs, LoopLegacy},
    inquiry::{Finding, Inquiry, MemberNews},
    plane::{ConnId, Io, Kernel, Net, PlaneLink, Secured},
    session::{Claim, Delivery, Effect, Kept, Publication, Said, Session, Watch},
};

use awaited::Awaited;
pub(crate) use channels::home_of;
use client::{Client, Clients, Live};
use doubtful::Doubtful;
use erasure::Erased;
pub(crate) use erasure::Erasing;
pub(crate) use head::{Head, Headed, says_hello};
use homes::Homes;
use listeners::Listeners;
pub(crate) use resume::Claimant;
use resume::Later;
use tally::Tally;
use texts::{SaidAnswer, Unanswered};

/// How long a client may take to send the head of its first request.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest frame where `limits.frame_bytes` is off: one that nobody has would be waited for
/// until it has filled the memory.
const FRAME_BYTES_CEILING: usize = 64 << 20;

/// A connection that speaks HTTP or has yet to shake hands, with what was read of it.
#[derive(Debug)]
pub(crate) struct Handed<N: Net = Kernel> {
    pub(crate) socket: N::Socket,
    pub(crate) read: Vec<u8>,
    pub(crate) peer: SocketAddr,
    /// Its address's; none behind a trusted proxy.
    pub(crate) permit: Option<ConnectionPermit>,
}

/// A connection whose handshake was answered elsewhere.
#[derive(Debug)]
pub(crate) struct Adopted<N: Net = Kernel> {
    pub(crate) socket: N::Socket,
    /// Its TLS, where it has any.
    pub(crate) secured: Option<Secured>,
    /// What came after the handshake.
    pub(crate) read: Vec<u8>,
    pub(crate) permit: ConnectionPermit,
    /// Whether it announces a `hello`.
    pub(crate) says_hello: bool,
}

/// What one thread has for another, and the node for all.
#[derive(Debug)]
pub(crate) enum Post<N: Net = Kernel> {
    /// For the thread that has the desk.
    Ask(Ask),
    /// For a session of this thread.
    Deliver(ConnId, Delivery),
    /// For all sessions of this thread that listen to a channel.
    Publish(Publication),
    /// A visitor who comes has blocked these, for the thread that has the desk.
    Blocks(UserId, Vec<UserId>),
    /// Whether a block was kept, for the same thread.
    BlockKept(Box<Blocked>, bool),
    /// Somebody wants a channel with the one who has this pseudonym in their call, for the thread that
    /// has the desk.
    Befriend(UserId, Box<str>, oneshot::Sender<Befriended>),
    /// Whether somebody is in this call, for the thread that has the desk.
    IsInCall(UserId, RoomId, oneshot::Sender<bool>),
    /// A question that is to be asked at this home.
    Inquire(Box<Inquiry>),
    /// The stores have answered what this thread has asked.
    Found(Box<Finding>),
    /// On one more thread, or on one less, somebody listens to a channel that is at home here.
    Heard(RoomId, bool),
    /// Somebody has come to a channel that is at home here, or gone.
    Member(MemberNews),
    /// How many members it has now; none where the store did not say.
    Counted(MembersChange, Option<u32>),
    /// Somebody has left a channel: their sessions are to ask whether they may listen still.
    CheckMembers(MemberNews),
    /// The sessions of one who is erased are to end here.
    EndSessions(Box<Erasing>),
    /// Something that was said in a channel, which may be at home here, is erased.
    ShowErased(RoomId),
    /// These are the newest texts of such a channel.
    Erased(RoomId, Page),
    /// A visitor who is at home here has one more connection, or one less.
    Present(UserId, bool),
    /// Visitors who are at home here are watched.
    Watch(Watch),
    /// And not any more.
    Unwatch(ConnId, Vec<UserId>),
    /// Whether a visitor who is at home here is online.
    IsOnline(UserId, oneshot::Sender<bool>),
    /// The archive has answered a text that this thread has asked a place for.
    Said(RoomId, MessageId, SaidAnswer),
    /// Answers that this thread waits for may be there.
    Answers,
    /// A text for a channel whose home this thread is.
    Say(ConnId, Said),
    /// A connection to be read from its beginning.
    Accepted(N::Socket, Head),
    /// A WebSocket that HTTP has let in.
    Adopt(Adopted<N>),
    /// A connection that claims a session of this thread.
    Claimant(Box<Claimant<N>>),
    /// The node goes away: tell everybody.
    Drain,
    /// Answer, once all that was posted before has been taken.
    Rest(oneshot::Sender<()>),
    /// Answer with what the next process is to know.
    Bequeath(oneshot::Sender<LoopLegacy>),
    /// End the loop.
    Stop,
}

/// What a driver is wired to.
pub(crate) struct Wires<N: Net = Kernel> {
    pub(crate) door: Door,
    /// Every thread, this one included; the first has the desk.
    pub(crate) threads: Vec<PlaneLink<Post<N>, N>>,
    /// Only the first thread's.
    pub(crate) desk: Option<Desk>,
    /// Sessions that others have left to this thread.
    pub(crate) heirs: Heirs,
    pub(crate) http: mpsc::Sender<Handed<N>>,
    /// Told once this thread has no WebSocket left while the node drains, nor a text that waits for
    /// its place.
    pub(crate) drained: Option<oneshot::Sender<()>>,
}

/// The handler of one event loop.
pub(crate) struct Driver<N: Net = Kernel> {
    thread: u8,
    wires: Wires<N>,
    clients: Clients,
    homes: Homes,
    /// Serves whichever session acts, so that an idle one owns none.
    effects: VecDeque<Effect>,
    deliveries: VecDeque<(ConnId, Delivery)>,
    /// What was published in this turn.
    published: Vec<Publication>,
    listeners: Listeners,
    /// Those at home here that somebody listens to.
    channels: Channels,
    /// Who has come to them, and gone, in this turn.
    member_news: Vec<MemberNews>,
    /// The presence of visitors who are at home here, watched by sessions.
    presence: Presence<ConnId>,
    /// Texts of sessions and of groups at home here, by room, in the order in which the archive was
    /// asked; none where it answers at once.
    unanswered: IdMap<RoomId, VecDeque<Unanswered>>,
    doubtful: Doubtful,
    erased: Erased,
    awaited: Awaited<N>,
    tally: Tally,
    /// Which thread the next accepted connection goes to.
    next_thread: usize,
    last_session: u64,
    is_draining: bool,
    is_over: bool,
}

impl<N: Net> Driver<N> {
    pub(crate) fn new(thread: u8, mut wires: Wires<N>) -> Self {
        let tally = Tally::new(wires.door.node.shared.figures.of_loop(thread));
        let heirs = std::mem::take(&mut wires.heirs);
        let awaited = Awaited::new(wires.threads[usize::from(thread)].clone());
        let mut driver = Self {
            thread,
            wires,
            tally,
            clients: Clients::default(),
            homes: Homes::default(),
            effects: VecDeque::new(),
            deliveries: VecDeque::new(),
            published: Vec::new(),
            listeners: Listeners::default(),
            channels: Channels::default(),
            member_news: Vec::new(),
            presence: Presence::default(),
            unanswered: IdMap::default(),
            doubtful: Doubtful::default(),
            erased: Erased::default(),
            awaited,
            next_thread: 0,
            last_session: 0,
            is_draining: false,
            is_over: false,
        };
        driver.inherit(heirs);
        driver
    }

    fn read_frames(&mut self, io: &mut Io<N>, id: ConnId, bytes: &mut [u8]) {
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
        let node = &self.wires.door.node;
        let now = node.clock.now_at(io.now());
        let limit = Limit(match node.shared.settings.limits.frame_bytes {
            0 => FRAME_BYTES_CEILING,
            bytes => bytes,
        });
        let mut effects = std::mem::take(&mut self.effects);
        let (session, decoder) = (&mut live.session, &mut live.decoder);
        session.swap_effects(&mut effects);
        session.handle_sign_of_life();
        let (mut by_client, mut later) = (None, Vec::new());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            decoder.feed(bytes, (Role::Server, limit), |incoming| {
                if session.is_ended() {
                    return;
                }
                if session.is_claiming() {
                    return later.push(Later::from(incoming));
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
            Ok(Ok(())) => None,
            Ok(Err(violation)) => Some(violation.into()),
            Err(_) => Some(panicked(&mut effects)),
        };
        let claim = self.carry_out(io, id, &mut effects);
        self.effects = effects;
        match (ended_by, by_client, claim) {
            (Some(reason), ..) => self.end(io, id, reason),
            (None, Some(code), _) => self.closed_by_client(io, id, code),
            (None, None, Some(claim)) => self.resume(io, id, claim, later),
            (None, None, None) => {}
        }
        self.settle(io);
    }

    /// Lets the session of `id` act, and does what it wants.
    fn with_session(&mut self, io: &mut Io<N>, id: ConnId, act: impl FnOnce(&mut Session)) {
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

    /// Lets the session that is reached at `outlet` act, wherever it is now.
    fn with_addressee(&mut self, io: &mut Io<N>, outlet: ConnId, act: impl FnOnce(&mut Session)) {
        match self.at(outlet) {
            Some(id) => self.with_session(io, id, act),
            None => self.with_parked(io, outlet, act),
        }
    }

    /// The same for one that has no socket: what it would write is kept or lost.
    fn with_parked(&mut self, io: &mut Io<N>, outlet: ConnId, act: impl FnOnce(&mut Session)) {
        let Some(session) = self.homes.parked_mut(outlet) else { return };
        let mut effects = std::mem::take(&mut self.effects);
        session.swap_effects(&mut effects);
        let outcome = catch_unwind(AssertUnwindSafe(|| act(session)));
        session.swap_effects(&mut effects);
        if outcome.is_err() {
            panicked(&mut effects);
            self.end_grace(io, outlet);
        }
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Number(event, n, _) => {
                    if let Some(session) = self.homes.parked_mut(outlet) {
                        session.keep(Kept::Own(&event), n, io.now());
                    }
                }
                Effect::Say(said) => self.say(outlet, said, &mut effects),
                effect => self.carry_out_elsewhere(io, effect),
            }
        }
        self.effects = effects;
    }

    /// What a session wants of others than its own socket.
    fn carry_out_elsewhere(&mut self, io: &Io<N>, effect: Effect) {
        match effect {
            Effect::Ask(ask) => self.ask(io, ask, true),
            Effect::Relay(to, delivery) => self.deliver(to, delivery),
            Effect::Inquire(inquiry) => self.inquire(io, *inquiry),
            Effect::Publish(publication) => self.publish(publication),
            Effect::Listen(room, outlet) => self.listen(room, outlet),
            Effect::Unlisten(room, outlet) => self.unlisten(room, outlet),
            Effect::Present(user, is_here) => self.present(user, is_here),
            Effect::Watch(watch) => self.watch(watch),
            Effect::Unwatch(watcher, users) => self.unwatch(watcher, users),
            // Of a socket, and that is lost.
            Effect::Send(_)
            | Effect::Pass(..)
            | Effect::Number(..)
            | Effect::Look
            | Effect::Ping
            | Effect::Pong(_)
            | Effect::Say(_)
            | Effect::Resume(_)
            | Effect::Close(_) => {}
        }
    }

    /// Does what the session of `id` wants; gives the claim that it makes to be another one.
    fn carry_out(
        &mut self,
        io: &mut Io<N>,
        id: ConnId,
        effects: &mut VecDeque<Effect>,
    ) -> Option<Box<Claim>> {
        let (mut close, mut claim) = (None, None);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send(text) => {
                    self.tally.send();
                    io.queue_write(id, |out| encode(out, Opcode::Text, &text));
                }
                Effect::Pass(text, read_at) => {
                    self.tally.pass(read_at, io.now());
                    io.queue_write(id, |out| encode(out, Opcode::Text, &text));
                }
                Effect::Number(event, n, read_at) => {
                    match read_at {
                        Some(read_at) => self.tally.pass(read_at, io.now()),
                        None => self.tally.send(),
                    }
                    let (open, tail) = event.parts(Some(n));
                    io.queue_write(id, |out| {
                        encode_parts(out, Opcode::Text, open, tail.as_bytes());
                    });
                    if let Some(Client::Live(live)) = self.clients.get_mut(id) {
                        live.session.keep(Kept::Own(&event), n, io.now());
                    }
                }
                Effect::Look => io.read_again(id),
                Effect::Ping => io.queue_write(id, |out| encode(out, Opcode::Ping, b"")),
                Effect::Pong(payload) => {
                    io.queue_write(id, |out| encode(out, Opcode::Pong, &payload));
                }
                Effect::Say(said) => {
                    if let Some(Client::Live(live)) = self.clients.get_mut(id) {
                        let outlet = live.session.outlet();
                        self.say(outlet, said, effects);
                    }
                }
                Effect::Resume(wanted) => claim = Some(wanted),
                Effect::Close(reason) => close = close.or(Some(reason)),
                effect => self.carry_out_elsewhere(io, effect),
            }
        }
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return None };
        io.set_timer(id, live.session.poll_timeout());
        let outbox_max = self.wires.door.node.shared.settings.limits.outbox_bytes;
        if outbox_max > 0 && io.pending(id) > outbox_max {
            close = close.or(Some(live.session.overflow()));
        }
        if let Some(reason) = close {
            self.end(io, id, reason);
        }
        claim
    }

    /// Ends a connection. Its session goes on without it for a while, or ends too.
    fn end(&mut self, io: &mut Io<N>, id: ConnId, reason: CloseReason) {
        self.end_with(io, id, reason, reason.grace());
    }

    /// Its partner is told before the farewell, which may take a while.
    fn end_with(&mut self, io: &mut Io<N>, id: ConnId, reason: CloseReason, grace: Grace) {
        let Some((session, permit)) = self.clients.leave(id) else { return };
        if let Some(permit) = self.outlive(io, session, permit, grace) {
            self.clients.leave_with(id, permit);
        }
        self.farewell(io, id, reason);
    }

    fn farewell(&mut self, io: &mut Io<N>, id: ConnId, reason: CloseReason) {
        self.wires.door.node.shared.figures.count_close(reason);
        tracing::debug!(reason = reason.as_str(), "a connection ends");
        if let Some(code) = reason.code() {
            io.queue_write(id, |out| encode_close(out, code, reason.as_str()));
        }
        io.close(id);
    }

    fn drain_one(&mut self, io: &mut Io<N>, id: ConnId) {
        let within = self.wires.door.node.shared.settings.drain.reconnect_within.as_millis();
        // Each client is told another moment, so that they do not all come at once.
        let reconnect_in_ms = random_below(within.saturating_add(1));
        self.with_session(io, id, |session| session.handle_drain(reconnect_in_ms));
    }

    fn tell_if_drained(&mut self) {
        if self.is_draining
            && self.clients.held() == 0
            && self.unanswered.is_empty()
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
