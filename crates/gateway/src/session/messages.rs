//! Texts: first their place in the archive, then the ack, then the partner or the group.

use std::sync::Arc;

use liveloop_core::{Moment, RoomId, SocketId};
use liveloop_ports::{Appended, ArchiveError, Body, Message, MessageId};
use liveloop_protocol::{
    ErrorCode, IdText, MessageAck, MessageRelayed, NewMessage, Refusal, ServerEvent, encode_ack,
    encode_ack_error, format_id,
};

use super::{
    Call, Effect, Publication, Published, RelayKind, Session, groups::Listening, limiter,
    limiter::Verdict, profile,
};
use crate::{
    clock::{Now, rfc3339, timed_id},
    close::CloseReason,
    figures::Figures,
    plane::ConnId,
};

/// When one may try again whose text was not kept, in milliseconds: a store that has failed tries
/// several times within that whether it works again.
const RETRY_AFTER_MS: u64 = 1_000;

/// A text on its way to the archive.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) message: Message,
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
    /// The room, and the sender's connection as those in it know it.
    fn room_and_sender(&self, own: SocketId) -> (RoomId, SocketId) {
        match self {
            Self::Call(call) => (call.room, own),
            Self::Group(group) => (group.room, group.own),
        }
    }
}

/// What is told to one whose wish the archive has not done.
pub(crate) fn refusal_of_archive(error: &ArchiveError) -> Refusal {
    match error {
        ArchiveError::RoomNotOpen => Refusal::not_in_room(),
        ArchiveError::NotFound => {
            Refusal::new(ErrorCode::NotAllowed, "you have no such message here, or it was deleted")
        }
        ArchiveError::TooLate => Refusal::new(
            ErrorCode::NotAllowed,
            "this message is too old to be changed: say it anew instead",
        ),
        // Why, only the log is told: it may name files.
        ArchiveError::Unavailable(_) => Refusal {
            retry_after_ms: Some(RETRY_AFTER_MS),
            ..Refusal::new(
                ErrorCode::StoreUnavailable,
                "the server cannot keep messages at the moment: wait a little, then send it again",
            )
        },
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
        let (room, from) = audience.room_and_sender(self.socket);
        self.effects.push_back(Effect::Say(Said {
            message: Message {
                room,
                user: self.user,
                client_id: message.client_id.as_deref().map(str::to_owned),
                message: MessageId(timed_id(now.wall)),
                said_at: now.wall,
                body: Body {
                    name: profile::shown_name(self.name.as_deref()).to_owned(),
                    text: message.message.as_ref().to_owned(),
                    from,
                },
            },
            reference,
            audience,
            read_at: now.moment,
        }));
    }

    /// The archive has answered a text of a call.
    pub(crate) fn handle_said(&mut self, said: &Said, outcome: Result<Appended, ArchiveError>) {
        let Audience::Call(call) = &said.audience else { return };
        let appended = match outcome {
            Ok(appended) => appended,
            Err(error) => {
                let room_id = format_id(said.message.room.0);
                let refusal = refusal_of_archive(&error);
                return self.refuse(said.reference, Some("newMessage"), Some(&room_id), &refusal);
            }
        };
        let placed = Placed::new(&appended);
        self.acknowledge(said.reference, &placed.ack());
        if appended.is_repeat {
            return;
        }
        self.shared.figures.count_message();
        let whose = (&*call.room_id, &*call.own_socket_id, &*call.own_pseudonym);
        let event = ServerEvent::NewMessage(&said.relayed(&placed, whose));
        self.effects.push_back(call.relay(RelayKind::Numbered, &event, Some(said.read_at)));
    }
}

/// The place of a text, as it is written.
struct Placed {
    message_id: IdText,
    timestamp: String,
    seq: u64,
}

impl Placed {
    fn new(appended: &Appended) -> Self {
        Self {
            message_id: format_id(appended.message.0),
            timestamp: rfc3339(appended.said_at),
            seq: appended.seq,
        }
    }

    fn ack(&self) -> MessageAck<'_> {
        MessageAck { message_id: &self.message_id, seq: self.seq, timestamp: &self.timestamp }
    }
}

impl Said {
    /// The group that it is said in, where it is one.
    pub(crate) fn group(&self) -> Option<RoomId> {
        match &self.audience {
            Audience::Call(_) => None,
            Audience::Group(group) => Some(group.room),
        }
    }

    /// The call that it is said in, where the directory may not know that yet.
    pub(crate) fn unentered_call(&self) -> Option<&Arc<Call>> {
        match &self.audience {
            Audience::Call(call) if !call.is_entered() => Some(call),
            Audience::Call(_) | Audience::Group(_) => None,
        }
    }

    /// What comes of the archive's answer to a text in a group, for its sender at `from` and for all
    /// who listen. No session is asked: whoever gives texts their places publishes them in that order.
    pub(crate) fn publication(
        &self,
        from: ConnId,
        outcome: Result<Appended, ArchiveError>,
        figures: &Figures,
    ) -> Option<Publication> {
        let Audience::Group(group) = &self.audience else { return None };
        let (room, kind, from) = (group.room, RelayKind::Numbered, Some(from));
        let appended = match outcome {
            Ok(appended) => appended,
            Err(error) => {
                let refusal = refusal_of_archive(&error);
                figures.count_refusal(refusal.code);
                let (event, named) = (Some("newMessage"), Some(&*group.room_id));
                let answer = match self.reference {
                    Some(reference) => encode_ack_error(reference, &refusal, event, named),
                    None => {
                        ServerEvent::Error(&refusal.body(event, named)).encode().into_frame(None)
                    }
                };
                return Some(Publication {
                    room,
                    kind,
                    event: None,
                    from,
                    answer: Some(answer.into()),
                });
            }
        };
        let placed = Placed::new(&appended);
        let answer = self.reference.map(|reference| encode_ack(reference, &placed.ack()).into());
        let event = (!appended.is_repeat).then(|| {
            figures.count_message();
            let user_id = format_id(self.message.user.0);
            let whose = (&*group.room_id, &*group.own_id, &*user_id);
            let event = ServerEvent::NewMessage(&self.relayed(&placed, whose));
            Published::new(&event, Some(self.read_at))
        });
        Some(Publication { room, kind, event, from, answer })
    }

    fn relayed<'a>(
        &'a self,
        placed: &'a Placed,
        (room_id, from, user_id): (&'a str, &'a str, &'a str),
    ) -> MessageRelayed<'a> {
        MessageRelayed {
            message_id: &placed.message_id,
            seq: placed.seq,
            from,
            user_id,
            name: &self.message.body.name,
            message: &self.message.body.text,
            timestamp: &placed.timestamp,
            room_id,
            client_id: self.message.client_id.as_deref(),
        }
    }
}
