//! A session: what one visitor's connection may say and is told, as a machine without a socket.
//!
//! Frames and deliveries go in, effects come out, in order. It knows its own call and its Link to
//! the partner, and sends signals, texts and typing there without asking the lobby; matching and
//! leaving it asks of the lobby. Whatever names a room other than the present call reaches nobody.

mod arrival;
mod call;
mod deferred;
mod delivery;
mod estate;
mod groups;
mod history;
mod limiter;
mod messages;
mod presence;
mod profile;
mod resume;
mod ring;
mod signals;

use std::{collections::VecDeque, sync::Arc};

use liveloop_core::{Moment, RecentRooms, RoomId, SessionKey, SocketId, UserId};
use liveloop_ports::Bans;
use liveloop_protocol::{
    ClientEvent, ClientFrame, Draining, Encoded, ErrorCode, HeartbeatAck, Refusal, ServerEvent,
    Undecodable, encode_ack, encode_ack_error, format_id, parse_id,
};
use serde::Serialize;

use crate::{
    clock::{Now, rfc3339},
    close::CloseReason,
    desk::{Answer, Ask},
    figures::Figures,
    identity::Secret,
    inquiry::Inquiry,
    plane::ConnId,
    settings::Settings,
};

pub(crate) use arrival::bad_token;
pub(crate) use call::{Call, Partner};
pub(crate) use delivery::{Delivery, Matched, Relay, RelayKind, WaitingNotice};
pub(crate) use estate::Legacy;
pub(crate) use groups::{Publication, Published};
pub(crate) use messages::{Said, refusal_of_archive};
pub(crate) use presence::{Online, Watch};
pub(crate) use profile::{ImageBudget, Profile, shown_name};
pub(crate) use resume::{Claim, expired};
pub(crate) use ring::Kept;

use limiter::{Limiter, Rates, Verdict};
use ring::Ring;

/// What all sessions of a node share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) secret: Secret,
    pub(crate) bans: Arc<dyn Bans>,
    pub(crate) figures: Arc<Figures>,
    rates: Rates,
}

impl Shared {
    pub(crate) fn new(settings: Settings, secret: Secret, bans: Arc<dyn Bans>) -> Self {
        let rates = Rates::new(&settings.limits);
        let figures = Arc::new(Figures::new(settings.threads()));
        Self { settings, secret, bans, figures, rates }
    }
}

/// What a session wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write this text frame.
    Send(Vec<u8>),
    /// Write this text frame, which passes on what was read from the partner at that moment.
    Pass(Vec<u8>, Moment),
    /// Write this event with its number, and give it back to be kept. What it passes on, if it does,
    /// was read from the partner at that moment.
    Number(Encoded, u64, Option<Moment>),
    /// Find the session that is claimed, and go on with it instead of this one. Comes last.
    Resume(Box<Claim>),
    /// Read once what has come, then call [`Session::handle_timeout`] again.
    Look,
    /// Write a Ping.
    Ping,
    /// Write a Pong with this payload.
    Pong(Box<[u8]>),
    /// Ask the lobby.
    Ask(Ask),
    /// Hand this to the partner's session, over the Link.
    Relay(ConnId, Delivery),
    /// Give a text its place, then call [`Session::handle_said`].
    Say(Said),
    /// Ask the stores.
    Inquire(Box<Inquiry>),
    /// Hand this to all who listen to a channel.
    Publish(Publication),
    /// From now on the session that is reached so listens to a channel.
    Listen(RoomId, ConnId),
    /// And from now on it does not.
    Unlisten(RoomId, ConnId),
    /// The visitor has one more connection that counts, or one less.
    Present(UserId, bool),
    /// Tell this session who of these is online, and when that changes.
    Watch(Watch),
    /// And of these not any more.
    Unwatch(ConnId, Vec<UserId>),
    /// Close the connection; nothing else will come.
    Close(CloseReason),
}

/// Deliveries for a room that this session has not yet heard of; more than these are dropped.
const EARLY_MAX: usize = 64;

/// One visitor's session.
pub(crate) struct Session {
    shared: Arc<Shared>,
    key: SessionKey,
    outlet: ConnId,
    socket: SocketId,
    user: UserId,
    name: Option<Box<str>>,
    /// Has had its first frame.
    is_greeted: bool,
    /// Which resume secret the present socket has come with, until that is spent; else 0.
    proved: u32,
    /// Which was issued last; 0 before the first.
    issued: u32,
    call: Option<Arc<Call>>,
    traces: Option<Box<Traces>>,
    limiter: Limiter,
    last_ref: u64,
    last_n: u64,
    next_ping: Moment,
    cut_at: Moment,
    /// It is overdue, and its socket is looked at once more before it is cut.
    is_last_look: bool,
    /// It has been told that it is over its rate, and no frame has passed since.
    is_told_to_wait: bool,
    /// Its connection counts for whether its visitor is online.
    is_present: bool,
    effects: VecDeque<Effect>,
}

/// What only those have who have waited, or been in a call or a group.
#[derive(Debug, Default)]
struct Traces {
    groups: Vec<Arc<groups::Listening>>,
    /// Channels that this session has asked to join, and has not left again before the answer.
    joining: Vec<groups::Joining>,
    /// Channels that it has asked to leave.
    leaving: Vec<Arc<groups::Listening>>,
    /// How many inquiries are not answered.
    unanswered: u8,
    /// Of what it has asked last.
    last_number: u32,
    watching: Option<Box<presence::Watching>>,
    /// Frames that wait for the answer to one of those.
    deferred: VecDeque<deferred::Deferred>,
    /// Rooms that this session has left: what still comes for them is dropped.
    left: RecentRooms,
    /// What a partner sent before the lobby's word of the match was here.
    early: VecDeque<Relay>,
    queued: Option<Queued>,
    /// Until when it may be resumed, while it has no socket.
    away_until: Option<Moment>,
    /// It has lost its socket to the end of a process, and nobody was told.
    is_resting: bool,
    is_partner_away: bool,
    /// The room of the last match and the number of its word, while the client has not shown that it
    /// has that.
    unseen: Option<(RoomId, u64)>,
    arrival: Option<Box<arrival::Arrival>>,
    ring: Ring,
}

/// A place in the queue, as far as a session knows of it.
#[derive(Clone, Copy, Debug)]
struct Queued {
    /// The call at whose end the server has put it there.
    after_room: Option<RoomId>,
}

/// Who a new session is, and how it is reached.
pub(crate) struct Origin {
    pub(crate) key: SessionKey,
    pub(crate) socket: SocketId,
    pub(crate) user: UserId,
    pub(crate) outlet: ConnId,
}

impl Session {
    /// A fresh visitor, who is to be greeted next.
    pub(crate) fn open(shared: Arc<Shared>, origin: &Origin) -> Self {
        let Origin { key, socket, user, outlet } = *origin;
        Self {
            limiter: Limiter::default(),
            shared,
            key,
            outlet,
            socket,
            user,
            name: None,
            is_greeted: false,
            proved: 0,
            issued: 0,
            call: None,
            traces: None,
            last_ref: 0,
            last_n: 0,
            next_ping: Moment::NEVER,
            cut_at: Moment::NEVER,
            is_last_look: false,
            is_told_to_wait: false,
            is_present: false,
            effects: VecDeque::new(),
        }
    }

    /// Whether it wants to be closed already: what comes now comes too late.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.effects.back(), Some(Effect::Close(_)))
    }

    /// Whether it wants to become another one: what comes now is for that one.
    pub(crate) fn is_claiming(&self) -> bool {
        matches!(self.effects.back(), Some(Effect::Resume(_)))
    }

    /// Why it is cut that does not read what waits for it: where that is its own flood, for that.
    pub(crate) fn overflow(&self) -> CloseReason {
        if self.is_told_to_wait { CloseReason::Flood } else { CloseReason::SlowReader }
    }

    pub(crate) fn key(&self) -> SessionKey {
        self.key
    }

    pub(crate) fn user(&self) -> UserId {
        self.user
    }

    /// Takes one text frame from the client.
    pub(crate) fn handle_frame(&mut self, text: &str, now: Now) {
        if self.is_arriving() {
            return self.hold(text, now);
        }
        let is_first = !std::mem::replace(&mut self.is_greeted, true);
        self.proved = 0;
        let limits = &self.shared.settings.limits;
        let over_rate = match self.limiter.event(&self.shared.rates, now.moment) {
            Verdict::Pass => None,
            Verdict::Wait(wait) => Some(wait),
            Verdict::Flood => return self.close(CloseReason::Flood),
        };
        let decoded = ClientFrame::decode(text, limits);
        // Nothing of what it holds: an event's name is ours only where it is a known one.
        tracing::trace!(
            session = self.key.0,
            event = decoded.as_ref().ok().map(|frame| frame.event.name()),
            bytes = text.len(),
            "a frame"
        );
        let reference = match &decoded {
            Ok(frame) => frame.reference,
            Err(undecodable) => undecodable.reference,
        };
        if let Some(reference) = reference {
            if reference <= self.last_ref {
                let event = decoded.as_ref().ok().map(|frame| frame.event.name());
                let refusal = Refusal::new(ErrorCode::BadFrame, "`ref` must rise");
                return self.refuse(None, event, None, &refusal);
            }
            self.last_ref = reference;
        }
        let is_told = std::mem::replace(&mut self.is_told_to_wait, over_rate.is_some());
        match (over_rate, decoded) {
            // What is no event at all is told so once: an answer is many times as long as the
            // smallest of them.
            (Some(_), Err(_)) if is_told && reference.is_none() => {
                self.shared.figures.count_refusal(ErrorCode::RateLimited);
            }
            (Some(wait), decoded) => {
                let event = decoded.as_ref().ok().map(|frame| frame.event.name());
                self.refuse(reference, event, None, &limiter::refusal(wait));
                self.greet_if_not_yet(now);
            }
            (None, Ok(ClientFrame { event, reference })) => {
                self.note_seen(event.room_id());
                if !matches!(event, ClientEvent::Hello(_)) {
                    self.greet_if_not_yet(now);
                }
                if let Some(room) = self.has_to_wait_for(&event) {
                    return self.defer(room, text, (&event, reference), now);
                }
                self.handle_event(&event, reference, is_first, now);
            }
            (None, Err(Undecodable { reference, event, refusal })) => {
                self.refuse(reference, event.as_deref(), None, &refusal);
                self.greet_if_not_yet(now);
            }
        }
    }

    /// Takes a Ping, which is answered with its own payload (RFC 6455, section 5.5.3).
    pub(crate) fn handle_ping(&mut self, payload: &[u8], now: Moment) {
        self.effects.push_back(Effect::Pong(payload.into()));
        self.handle_control(now);
    }

    /// Takes a Pong or a part of a message: nothing to answer, but counted.
    pub(crate) fn handle_control(&mut self, now: Moment) {
        if self.limiter.event(&self.shared.rates, now) == Verdict::Flood {
            self.close(CloseReason::Flood);
        }
    }

    /// Takes a binary frame, which says nothing here.
    pub(crate) fn handle_binary(&mut self, now: Now) {
        self.is_greeted = true;
        self.proved = 0;
        let refusal = match self.limiter.event(&self.shared.rates, now.moment) {
            Verdict::Pass => {
                self.is_told_to_wait = false;
                Refusal::new(ErrorCode::BadFrame, "send text frames, not binary ones")
            }
            Verdict::Wait(_) if std::mem::replace(&mut self.is_told_to_wait, true) => {
                return self.shared.figures.count_refusal(ErrorCode::RateLimited);
            }
            Verdict::Wait(wait) => limiter::refusal(wait),
            Verdict::Flood => return self.close(CloseReason::Flood),
        };
        self.refuse(None, None, None, &refusal);
        self.greet_if_not_yet(now);
    }

    fn handle_event(
        &mut self,
        event: &ClientEvent<'_>,
        reference: Option<u64>,
        is_first: bool,
        now: Now,
    ) {
        let outcome = match event {
            ClientEvent::Hello(hello) => return self.hello(hello, reference, is_first, now),
            ClientEvent::RequestRoom(request) => {
                return self.request_room(request, reference, now);
            }
            ClientEvent::CancelRequest => return self.cancel_request(reference),
            ClientEvent::StopCall(stop) => {
                return self.stop_call(stop.room_id.as_deref(), reference);
            }
            ClientEvent::UndoSkip => return self.undo_skip(reference),
            ClientEvent::BlockUser(block) => return self.block_user(block, reference),
            ClientEvent::NewMessage(message) => return self.new_message(message, reference, now),
            ClientEvent::JoinRoom(join) => return self.join_room(join, reference, now),
            ClientEvent::LeaveRoom(leave) => return self.leave_room(leave, reference),
            ClientEvent::WatchPresence(watch) => return self.watch_presence(watch, reference),
            ClientEvent::Offer(offer) => self.offer(offer, now.moment),
            ClientEvent::Answer(answer) => self.answer(answer, now.moment),
            ClientEvent::Candidates(candidates) => self.candidates(candidates, now.moment),
            ClientEvent::Typing(typing) => self.typing(typing, now.moment),
            ClientEvent::History(history) => return self.history(history, reference),
            ClientEvent::Read(read) => return self.read(read, reference),
            ClientEvent::EditMessage(edit) => return self.edit_message(edit, reference, now),
            ClientEvent::DeleteMessage(delete) => {
                return self.delete_message(delete, reference, now);
            }
            ClientEvent::Heartbeat => {
                let server_time = rfc3339(now.wall);
                return self.acknowledge(reference, &HeartbeatAck { server_time: &server_time });
            }
        };
        match outcome {
            Ok(()) => self.acknowledge(reference, &Nothing {}),
            Err(refusal) => self.refuse(reference, Some(event.name()), event.room_id(), &refusal),
        }
    }

    /// Any frame is a sign of life, a Pong too.
    pub(crate) fn handle_sign_of_life(&mut self) {
        self.cut_at = Moment::NEVER;
        self.is_last_look = false;
    }

    /// Takes what somebody else has for this session.
    pub(crate) fn handle_delivery(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Matched(matched) => self.begin_call(*matched),
            Delivery::PartnerLeft { room, reason, is_queued } => {
                self.partner_left(room, reason, is_queued);
            }
            Delivery::Waiting(notice) => self.still_waiting(notice),
            Delivery::Answer(answer) => self.answer_from_lobby(&answer),
            Delivery::Found(finding) => self.found(*finding),
            Delivery::MemberGone(room) => self.check_membership(room),
            Delivery::Online(online) => self.online(*online),
            Delivery::Presence { user, is_online } => self.presence_changed(user, is_online),
            Delivery::Relay(relay) => self.relayed(relay),
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Now) {
        if self.is_arriving() && self.next_ping <= now.moment {
            return self.arrived();
        }
        if !self.is_welcomed() {
            return self.greet_if_not_yet(now);
        }
        let now = now.moment;
        if self.cut_at <= now {
            // On a busy node its answer may lie in the socket, unread.
            if std::mem::replace(&mut self.is_last_look, true) {
                self.close(CloseReason::Silence);
            } else {
                self.effects.push_back(Effect::Look);
            }
            return;
        }
        if self.next_ping <= now {
            let bounds = self.ring_bounds();
            if let Some(traces) = &mut self.traces {
                traces.ring.forget_old(bounds, now);
            }
            let heartbeat = &self.shared.settings.heartbeat;
            self.next_ping = now + heartbeat.interval.0;
            self.cut_at = self.cut_at.min(now + heartbeat.timeout.0);
            self.effects.push_back(Effect::Ping);
        }
    }

    /// The node goes away: the client is told when to come back.
    pub(crate) fn handle_drain(&mut self, reconnect_in_ms: u64) {
        self.send(&ServerEvent::Draining(&Draining { reconnect_in_ms }), false);
        self.close(CloseReason::Draining);
    }

    /// The visitor is erased: nothing of them goes on.
    pub(crate) fn handle_erased(&mut self) {
        self.refuse(None, None, None, &bad_token());
        self.close(CloseReason::Erased);
    }

    /// When [`Session::handle_timeout`] is next to be called.
    pub(crate) fn poll_timeout(&self) -> Moment {
        self.cut_at.min(self.next_ping)
    }

    /// The next thing to do.
    #[cfg(test)]
    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Lends the session a queue for its effects, or takes it back: so that one queue serves all
    /// sessions of a thread, and an idle one owns none.
    pub(crate) fn swap_effects(&mut self, queue: &mut VecDeque<Effect>) {
        std::mem::swap(&mut self.effects, queue);
    }

    fn send(&mut self, event: &ServerEvent<'_>, is_numbered: bool) {
        let event = event.encode();
        let effect = if is_numbered {
            Effect::Number(event, self.next_n(), None)
        } else {
            Effect::Send(event.into_frame(None))
        };
        self.effects.push_back(effect);
    }

    fn next_n(&mut self) -> u64 {
        self.last_n += 1;
        self.last_n
    }

    fn acknowledge(&mut self, reference: Option<u64>, data: &impl Serialize) {
        if let Some(reference) = reference {
            self.effects.push_back(Effect::Send(encode_ack(reference, data)));
        }
    }

    /// Says no: in an ack where one is due, in an `error` event otherwise.
    fn refuse(
        &mut self,
        reference: Option<u64>,
        event: Option<&str>,
        room: Option<&str>,
        refusal: &Refusal,
    ) {
        self.shared.figures.count_refusal(refusal.code);
        match reference {
            Some(reference) => {
                let frame = encode_ack_error(reference, refusal, event, room);
                self.effects.push_back(Effect::Send(frame));
            }
            None => self.send(&ServerEvent::Error(&refusal.body(event, room)), false),
        }
    }

    fn answer_from_lobby(&mut self, answer: &Answer) {
        match &answer.outcome {
            Ok(()) => {
                self.granted(answer);
                self.acknowledge(answer.reference, &Nothing {});
            }
            Err(refusal) => {
                let room = answer.room.filter(|room| *room != RoomId::NEVER);
                let room = room.map(|room| format_id(room.0));
                self.refuse(answer.reference, Some(answer.event), room.as_deref(), refusal);
            }
        }
    }

    fn close(&mut self, reason: CloseReason) {
        self.effects.push_back(Effect::Close(reason));
    }
}

/// The data of an ack that says only yes.
#[derive(Serialize)]
struct Nothing {}

/// The room that a client names; what could not be one of ours is no room.
fn room_named(room_id: Option<&str>) -> Option<RoomId> {
    room_id.map(|text| parse_id(text).map_or(RoomId::NEVER, RoomId))
}

#[cfg(test)]
mod tests;
