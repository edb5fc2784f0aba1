//! What a client sends: each frame is counted against its rates and read, and its event handed to
//! whoever handles that.

use liveloop_core::Moment;
use liveloop_protocol::{ClientEvent, ClientFrame, ErrorCode, HeartbeatAck, Refusal, Undecodable};

use super::{
    Effect, Nothing, Session,
    limiter::{self, Verdict},
};
use crate::{
    clock::{Now, rfc3339},
    close::CloseReason,
};

impl Session {
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

    pub(super) fn handle_event(
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
}
