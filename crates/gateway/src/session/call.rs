//! The call of a session: asking for one, beginning, leaving and losing it.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use liveloop_core::{
    EndReason, Input, Mode, Moment, Relaxed, Request, RoomId, SocketId, UserId, Wishes,
};
use liveloop_ports::{Channel, ChannelKind, Wall};
use liveloop_protocol::{
    BlockUser, Encoded, IdText, MatchDone, Refusal, Relaxation, RemoteUser, RequestRoom,
    ServerEvent, StopByRemoteUser, StopReason, Waiting, format_id,
};

use super::{
    Delivery, EARLY_MAX, Effect, ImageBudget, Matched, Profile, Queued, Relay, RelayKind, Session,
    WaitingNotice, limiter, limiter::Verdict, room_named,
};
use crate::{
    clock::Now,
    close::CloseReason,
    desk::{Answer, Ask, AskedBy, Seat},
    plane::ConnId,
};

/// The other one in a call, and the Link to them.
#[derive(Debug)]
pub(crate) struct Partner {
    pub(crate) socket: SocketId,
    /// Never shown: the other one knows the pseudonym alone.
    pub(crate) user: UserId,
    pub(crate) pseudonym: IdText,
    pub(crate) profile: Arc<Profile>,
    pub(crate) common_interests: Vec<String>,
    pub(crate) outlet: ConnId,
}

/// A call as this session knows it; ids are in their text form, for they go into every event.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) room: RoomId,
    pub(super) room_id: IdText,
    pub(super) own_socket_id: IdText,
    pub(super) own_pseudonym: IdText,
    /// Who this session's visitor is, for what is kept.
    own_user: UserId,
    pub(super) partner: Partner,
    mode: Mode,
    is_initiator: bool,
    /// The number of the event that says that it has begun.
    pub(super) n: u64,
    /// Whether it is surely in the directory: as soon as something was said.
    is_entered: AtomicBool,
}

impl Call {
    /// The call that `own`, a session and its visitor, is matched to; the event `n` says to them that
    /// it has begun.
    pub(super) fn new(matched: Matched, own: (SocketId, UserId), n: u64) -> Self {
        let Matched { room, mode, is_initiator, own_pseudonym, partner, .. } = matched;
        let (own_socket, own_user) = own;
        Self {
            room,
            room_id: format_id(room.0),
            own_socket_id: format_id(own_socket.0),
            own_pseudonym,
            own_user,
            partner,
            mode,
            is_initiator,
            n,
            is_entered: AtomicBool::new(false),
        }
    }

    pub(super) fn is_initiator(&self) -> bool {
        self.is_initiator
    }

    /// Whether the directory surely knows the call.
    pub(super) fn is_entered(&self) -> bool {
        self.is_entered.load(Ordering::Relaxed)
    }

    /// It does from now on.
    pub(crate) fn set_entered(&self) {
        self.is_entered.store(true, Ordering::Relaxed);
    }

    /// What the directory is to know of it, as of `now`: its chat, and who may read that.
    pub(crate) fn entry(&self, now: Wall) -> (Channel, Vec<UserId>) {
        let channel = Channel {
            room: self.room,
            kind: ChannelKind::Call,
            name: None,
            is_public: false,
            capacity: 2,
            creator: None,
            created_at: now,
        };
        let mut members = vec![self.own_user, self.partner.user];
        // Two windows of one visitor.
        members.dedup();
        (channel, members)
    }

    /// Sends an event to the partner at once, over the Link. The frame behind it was read at
    /// `read_at`.
    pub(super) fn relay(
        &self,
        kind: RelayKind,
        event: &ServerEvent<'_>,
        read_at: Option<Moment>,
    ) -> Effect {
        let relay = Relay { room: self.room, kind, event: event.encode(), read_at };
        Effect::Relay(self.partner.outlet, Delivery::Relay(relay))
    }
}

impl Session {
    pub(super) fn request_room(
        &mut self,
        request: &RequestRoom<'_>,
        reference: Option<u64>,
        now: Now,
    ) {
        let room_id = request.room_id.as_deref();
        match self.limiter.request(&self.shared.rates, now.moment) {
            Verdict::Pass => {}
            Verdict::Wait(wait) => {
                let refusal = limiter::refusal(wait);
                return self.refuse(reference, Some("request-room"), room_id, &refusal);
            }
            Verdict::Flood => return self.close(CloseReason::Flood),
        }
        let room = room_named(room_id);
        if self.call.as_ref().is_some_and(|call| room.is_some_and(|room| room != call.room)) {
            return self.refuse(reference, Some("request-room"), room_id, &Refusal::not_in_room());
        }
        if let Some(name) = request.name.as_deref() {
            self.name = Some(name.into());
        }
        let wishes = wishes_of(request);
        let input = Request {
            user: self.user,
            mode: request.mode.unwrap_or(Mode::Video),
            auto_next: request.auto_next.unwrap_or(true),
            room,
            wishes: wishes.clone(),
            again: request.again.unwrap_or(false),
        };
        let image = request.user_image.as_deref().map(str::to_owned);
        let seat = self.seat(wishes, image);
        self.leave_call(room);
        self.set_queued(Some(Queued { after_room: None }));
        self.ask(Input::Request(self.key, input), Some(seat), ("request-room", room, reference));
    }

    fn seat(&self, wishes: Option<Arc<Wishes>>, image: Option<String>) -> Seat {
        let budget = ImageBudget {
            figures: Arc::clone(&self.shared.figures),
            bytes_max: self.shared.settings.limits.images_total_bytes,
        };
        let profile = Profile::new(self.name.clone(), wishes, image, &budget);
        Seat {
            socket: self.socket,
            user: self.user,
            profile: Arc::new(profile),
            outlet: self.outlet,
        }
    }

    pub(super) fn cancel_request(&mut self, reference: Option<u64>) {
        self.set_queued(None);
        self.ask(Input::Cancel(self.key), None, ("cancel-request", None, reference));
    }

    /// Whoever neither waits nor talks any more comes back by name alone: nothing else of them is
    /// held.
    pub(super) fn undo_skip(&mut self, reference: Option<u64>) {
        let seat = self.seat(None, None);
        self.ask(Input::UndoSkip(self.key), Some(seat), ("undo-skip", None, reference));
    }

    pub(super) fn block_user(&mut self, block: &BlockUser<'_>, reference: Option<u64>) {
        let room = room_named(block.room_id.as_deref());
        self.ask(Input::Block(self.key, room), None, ("block-user", room, reference));
    }

    pub(super) fn still_waiting(&mut self, notice: WaitingNotice) {
        let Relaxed { interests, languages, met_everyone } = notice.relaxed;
        let relaxed = [
            interests.then_some(Relaxation::Interests),
            languages.then_some(Relaxation::Languages),
            met_everyone.then_some(Relaxation::MetEveryone),
        ];
        let waiting = Waiting {
            estimate_seconds: notice.estimate.map(|wait| wait.as_secs()),
            relaxed: relaxed.into_iter().flatten().collect(),
            ..Waiting::new(notice.waiting)
        };
        self.send(&ServerEvent::Waiting(&waiting), false);
    }

    pub(super) fn stop_call(&mut self, room_id: Option<&str>, reference: Option<u64>) {
        let room = room_named(room_id);
        self.leave_call(room);
        self.leave_queue_with(room);
        self.ask(Input::Stop(self.key, room), None, ("stop-call", room, reference));
    }

    fn ask(
        &mut self,
        input: Input,
        seat: Option<Seat>,
        (event, room, reference): (&'static str, Option<RoomId>, Option<u64>),
    ) {
        let by = AskedBy { event, room, reference, outlet: self.outlet };
        self.effects.push_back(Effect::Ask(Ask { input, seat, by: Some(by) }));
    }

    /// What the lobby will grant is done here at once, so that no later frame goes to a partner
    /// whom the visitor has left already.
    fn leave_call(&mut self, room: Option<RoomId>) {
        if let Some(call) = self.call.take_if(|call| room.is_none_or(|room| room == call.room)) {
            let traces = self.traces.get_or_insert_default();
            traces.left.remember(call.room);
            traces.is_partner_away = false;
        }
    }

    fn set_queued(&mut self, queued: Option<Queued>) {
        if queued.is_some() || self.traces.is_some() {
            self.traces.get_or_insert_default().queued = queued;
        }
    }

    /// What a `stop-call` of `room` leaves of the place in the queue: only one that the visitor has
    /// asked for since.
    fn leave_queue_with(&mut self, room: Option<RoomId>) {
        if let Some(traces) = &mut self.traces {
            traces.queued.take_if(|queued| room.is_none() || queued.after_room == room);
        }
    }

    /// What the lobby has granted holds also for a match whose word was on its way meanwhile: that
    /// room is over, and its Link would lead to somebody who has left it.
    pub(super) fn granted(&mut self, answer: &Answer) {
        match answer.event {
            "request-room" => {
                self.leave_call(None);
                self.set_queued(Some(Queued { after_room: None }));
            }
            "cancel-request" => self.set_queued(None),
            "stop-call" => {
                self.leave_call(answer.room);
                self.leave_queue_with(answer.room);
            }
            _ => {}
        }
    }

    pub(super) fn begin_call(&mut self, matched: Matched) {
        let room = matched.room;
        // The partner was shown this name; one that was asked for too late is not taken over.
        self.name = matched.own_profile.name().map(Into::into);
        self.leave_call(None);
        self.set_queued(None);
        let own = (self.socket, self.user);
        let call = Arc::new(Call::new(matched, own, self.last_n + 1));
        self.send_match_done(&call);
        self.note_begun(&call);
        self.call = Some(call);
        let traces = self.traces.as_mut();
        let is_away = traces.as_ref().is_some_and(|traces| traces.away_until.is_some());
        let early = traces.map(|traces| std::mem::take(&mut traces.early));
        for relay in early.into_iter().flatten().filter(|relay| relay.room == room) {
            self.relayed(relay);
        }
        if is_away {
            // The socket was lost while the lobby's word was on its way.
            self.tell_partner_away(None);
        }
    }

    pub(super) fn send_match_done(&mut self, call: &Call) {
        let match_done = self.match_done(call);
        let n = self.next_n();
        self.effects.push_back(Effect::Number(match_done, n, None));
    }

    pub(super) fn match_done(&self, call: &Call) -> Encoded {
        let partner = &call.partner;
        let ice = &self.shared.settings.ice;
        let match_done = MatchDone {
            message: MatchDone::MESSAGE,
            room_id: &call.room_id,
            initiator: call.is_initiator,
            mode: match call.mode {
                Mode::Video => "video",
                Mode::Audio => "audio",
                Mode::Text => "text",
            },
            remote_user_details: RemoteUser {
                socket: &format_id(partner.socket.0),
                user_id: &partner.pseudonym,
                user_name: partner.profile.shown_name(),
                user_image: partner.profile.image(),
            },
            common_interests: partner.common_interests.iter().map(String::as_str).collect(),
            ice_servers: &ice.servers,
            ice_candidate_pool_size: ice.candidate_pool_size,
            relay_only: false,
        };
        ServerEvent::MatchDone(&match_done).encode()
    }

    pub(super) fn partner_left(&mut self, room: RoomId, reason: EndReason, is_queued: bool) {
        self.leave_call(Some(room));
        self.set_queued(is_queued.then_some(Queued { after_room: Some(room) }));
        let reason = match reason {
            EndReason::Stopped => StopReason::Stopped,
            EndReason::Next => StopReason::Next,
            EndReason::Disconnected => StopReason::Disconnected,
        };
        let room_id = format_id(room.0);
        let left = StopByRemoteUser { room_id: &room_id, reason };
        self.send(&ServerEvent::StopByRemoteUser(&left), true);
    }

    /// An event from a partner: of the present call it goes out, of an ended one it is dropped, of
    /// one that the lobby's word has yet to announce it waits for that word.
    pub(super) fn relayed(&mut self, relay: Relay) {
        if self.call.as_ref().is_some_and(|call| call.room == relay.room) {
            let Relay { kind, event, read_at, .. } = relay;
            if let RelayKind::Away | RelayKind::Back = kind {
                let is_away = kind == RelayKind::Away;
                self.traces.get_or_insert_default().is_partner_away = is_away;
            }
            let effect = match read_at {
                _ if kind.is_numbered() => Effect::Number(event, self.next_n(), read_at),
                Some(read_at) => Effect::Pass(event.into_frame(None), read_at),
                None => Effect::Send(event.into_frame(None)),
            };
            return self.effects.push_back(effect);
        }
        let traces = self.traces.get_or_insert_default();
        if !traces.left.contains(relay.room) && traces.early.len() < EARLY_MAX {
            traces.early.push_back(relay);
        }
    }

    /// The present call, if it is the one that is named (or none is named).
    pub(super) fn call_named(&self, room_id: Option<&str>) -> Result<&Arc<Call>, Refusal> {
        let call = self.call.as_ref().ok_or_else(Refusal::not_in_room)?;
        match room_id {
            Some(room_id) if *room_id != *call.room_id => Err(Refusal::not_in_room()),
            _ => Ok(call),
        }
    }
}

/// What is asked of a partner; nothing costs nothing.
fn wishes_of(request: &RequestRoom<'_>) -> Option<Arc<Wishes>> {
    let owned = |words: &Option<Vec<Cow<'_, str>>>| -> Vec<String> {
        words.iter().flatten().map(ToString::to_string).collect()
    };
    let wishes =
        Wishes { interests: owned(&request.interests), languages: owned(&request.languages) };
    (!wishes.is_empty()).then(|| Arc::new(wishes))
}
