//! Texts: first their place in the history, then the ack, then the partner.

use std::sync::Arc;

use liveloop_core::{Moment, RoomId};
use liveloop_ports::{Appended, HistoryError, MessageId, Text};
use liveloop_protocol::{MessageAck, MessageRelayed, NewMessage, Refusal, ServerEvent, format_id};

use super::{
    Call, Effect, RelayKind, Session, groups::Listening, limiter, limiter::Verdict, profile,
};
use crate::{
    clock::{Now, random_id, rfc3339},
    close::CloseReason,
};

/// A text on its way to the history.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) text: Text,
    message: String,
    reference: Option<u64>,
    audience: Audience,
    read_at: Moment,
}

/// Whom a text is for, settled when it was said: what its sender leaves after that changes nothing.
#[derive(Debug)]
enum Audience {
    Call(Arc<Call>),
    Group(Arc<Listening>),
}

impl Audience {
    fn room(&self) -> RoomId {
        match self {
            Self::Call(call) => call.room,
            Self::Group(group) => group.room,
        }
    }
}

impl Session {
    pub(super) fn new_message(
        &mut self,
        message: &NewMessage<'_>,
        reference: Option<u64>,
        now: Now,
    ) {
        let room_id = message.room_id.as_deref();
        let audience = match self.limiter.message(&self.shared.rates, now.moment) {
            Verdict::Pass => match self.group_named(room_id) {
                Some(group) => Ok(Audience::Group(Arc::clone(group))),
                None => self.call_named(room_id).map(|call| Audience::Call(Arc::clone(call))),
            },
            Verdict::Wait(wait) => Err(limiter::refusal(wait)),
            Verdict::Flood => return self.close(CloseReason::Flood),
        };
        let audience = match audience {
            Ok(audience) => audience,
            Err(refusal) => return self.refuse(reference, Some("newMessage"), room_id, &refusal),
        };
        self.effects.push_back(Effect::Say(Said {
            text: Text {
                room: audience.room(),
                user: self.user,
                client_id: message.client_id.as_deref().map(str::to_owned),
                message: MessageId(random_id()),
                said_at: now.wall,
            },
            message: message.message.as_ref().to_owned(),
            reference,
            audience,
            read_at: now.moment,
        }));
    }

    /// The history has answered.
    pub(crate) fn handle_said(&mut self, said: &Said, outcome: Result<Appended, HistoryError>) {
        let room = said.text.room;
        let appended = match outcome {
            Ok(appended) => appended,
            Err(HistoryError::RoomNotOpen) => {
                let room_id = format_id(room.0);
                let refusal = Refusal::not_in_room();
                return self.refuse(said.reference, Some("newMessage"), Some(&room_id), &refusal);
            }
        };
        let message_id = format_id(appended.message.0);
        let timestamp = rfc3339(appended.said_at);
        let ack = MessageAck { message_id: &message_id, seq: appended.seq, timestamp: &timestamp };
        self.acknowledge(said.reference, &ack);
        if appended.is_repeat {
            return;
        }
        self.shared.figures.count_message();
        self.tell_others(said, &ack);
    }

    fn tell_others(&mut self, said: &Said, ack: &MessageAck<'_>) {
        let own = format_id(self.user.0);
        let (room_id, from, user_id) = match &said.audience {
            Audience::Call(call) => (&call.room_id, &call.own_socket_id, &call.own_pseudonym),
            Audience::Group(group) => (&group.room_id, &group.own_id, &own),
        };
        let event = MessageRelayed {
            message_id: ack.message_id,
            seq: ack.seq,
            from,
            user_id,
            name: profile::shown_name(self.name.as_deref()),
            message: &said.message,
            timestamp: ack.timestamp,
            room_id,
            client_id: said.text.client_id.as_deref(),
        };
        let event = ServerEvent::NewMessage(&event);
        let effect = match &said.audience {
            Audience::Call(call) => call.relay(RelayKind::Numbered, &event, Some(said.read_at)),
            Audience::Group(group) => {
                self.publish(group.room, RelayKind::Numbered, &event, said.read_at)
            }
        };
        self.effects.push_back(effect);
    }
}
