//! Client to server: the payload of every event, and what each must look like.

mod call;
mod kept;
mod room;
mod session;

use crate::{Limits, Refusal, fields::parse};

pub use call::{
    BlockUser, CancelRequest, NegotiationCallAnswer, NegotiationCallOffer, RequestRoom,
    SendNewIceCandidates, StopCall, UndoSkip,
};
pub use kept::{DeleteMessage, EditMessage, History, Read, WatchPresence};
pub use room::{JoinRoom, LeaveRoom, NewMessage, Typing};
pub use session::{Heartbeat, Hello};

/// What a client may say.
#[derive(Debug)]
pub enum ClientEvent<'a> {
    /// `hello`: sign in as a known visitor, or resume a lost session.
    Hello(Hello<'a>),
    /// `request-room`: leave the present call, if any, and queue for a partner.
    RequestRoom(RequestRoom<'a>),
    /// `cancel-request`: leave the queue.
    CancelRequest,
    /// `stop-call`: leave the call and do not queue again.
    StopCall(StopCall<'a>),
    /// `undo-skip`: ask for the last partner back.
    UndoSkip,
    /// `block-user`: never meet that partner again.
    BlockUser(BlockUser<'a>),
    /// `negotiation-call-offer`: an SDP offer to the partner.
    Offer(NegotiationCallOffer<'a>),
    /// `negotiation-call-answer`: an SDP answer to the partner.
    Answer(NegotiationCallAnswer<'a>),
    /// `send-new-ice-candidates`: ICE candidates to the partner.
    Candidates(SendNewIceCandidates<'a>),
    /// `newMessage`: say something in the room.
    NewMessage(NewMessage<'a>),
    /// `typing`: the visitor began or ceased to write.
    Typing(Typing<'a>),
    /// `join-room`: become a member of a channel, and listen.
    JoinRoom(JoinRoom<'a>),
    /// `leave-room`: end both.
    LeaveRoom(LeaveRoom<'a>),
    /// `history`: what was said in a room.
    History(History<'a>),
    /// `read`: one has read up to here.
    Read(Read<'a>),
    /// `edit-message`: another text for a message of one's own.
    EditMessage(EditMessage<'a>),
    /// `delete-message`: a message of one's own says nothing any more.
    DeleteMessage(DeleteMessage<'a>),
    /// `watch-presence`: who of these is online, and what changes.
    WatchPresence(WatchPresence<'a>),
    /// `heartbeat`: what time is it?
    Heartbeat,
}

impl<'a> ClientEvent<'a> {
    /// Every event name that is understood.
    pub const NAMES: [&'static str; 19] = [
        "hello",
        "request-room",
        "cancel-request",
        "stop-call",
        "undo-skip",
        "block-user",
        "negotiation-call-offer",
        "negotiation-call-answer",
        "send-new-ice-candidates",
        "newMessage",
        "typing",
        "join-room",
        "leave-room",
        "history",
        "read",
        "edit-message",
        "delete-message",
        "watch-presence",
        "heartbeat",
    ];

    /// The name of this event on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::RequestRoom(_) => "request-room",
            Self::CancelRequest => "cancel-request",
            Self::StopCall(_) => "stop-call",
            Self::UndoSkip => "undo-skip",
            Self::BlockUser(_) => "block-user",
            Self::Offer(_) => "negotiation-call-offer",
            Self::Answer(_) => "negotiation-call-answer",
            Self::Candidates(_) => "send-new-ice-candidates",
            Self::NewMessage(_) => "newMessage",
            Self::Typing(_) => "typing",
            Self::JoinRoom(_) => "join-room",
            Self::LeaveRoom(_) => "leave-room",
            Self::History(_) => "history",
            Self::Read(_) => "read",
            Self::EditMessage(_) => "edit-message",
            Self::DeleteMessage(_) => "delete-message",
            Self::WatchPresence(_) => "watch-presence",
            Self::Heartbeat => "heartbeat",
        }
    }

    /// The room that this event names.
    #[must_use]
    pub fn room_id(&self) -> Option<&str> {
        match self {
            Self::Hello(_)
            | Self::CancelRequest
            | Self::UndoSkip
            | Self::WatchPresence(_)
            | Self::Heartbeat => None,
            Self::RequestRoom(event) => event.room_id.as_deref(),
            Self::StopCall(event) => event.room_id.as_deref(),
            Self::BlockUser(event) => event.room_id.as_deref(),
            Self::Offer(event) => event.room_id.as_deref(),
            Self::Answer(event) => event.room_id.as_deref(),
            Self::Candidates(event) => event.room_id.as_deref(),
            Self::NewMessage(event) => event.room_id.as_deref(),
            Self::Typing(event) => event.room_id.as_deref(),
            Self::JoinRoom(event) => Some(&event.room_id),
            Self::LeaveRoom(event) => Some(&event.room_id),
            Self::History(event) => Some(&event.room_id),
            Self::Read(event) => Some(&event.room_id),
            Self::EditMessage(event) => Some(&event.room_id),
            Self::DeleteMessage(event) => Some(&event.room_id),
        }
    }

    /// Reads the payload of the event `name`; `None` where no event has that name.
    ///
    /// # Errors
    /// `bad-payload` or `too-long`, naming the field.
    pub(crate) fn decode(
        name: &str,
        data: &'a str,
        limits: &Limits,
    ) -> Option<Result<Self, Refusal>> {
        Some(match name {
            "hello" => Hello::decode(data, limits).map(Self::Hello),
            "request-room" => RequestRoom::decode(data, limits).map(Self::RequestRoom),
            "cancel-request" => parse::<CancelRequest>(data).map(|_| Self::CancelRequest),
            "stop-call" => StopCall::decode(data).map(Self::StopCall),
            "undo-skip" => parse::<UndoSkip>(data).map(|_| Self::UndoSkip),
            "block-user" => BlockUser::decode(data).map(Self::BlockUser),
            "negotiation-call-offer" => NegotiationCallOffer::decode(data, limits).map(Self::Offer),
            "negotiation-call-answer" => {
                NegotiationCallAnswer::decode(data, limits).map(Self::Answer)
            }
            "send-new-ice-candidates" => {
                SendNewIceCandidates::decode(data, limits).map(Self::Candidates)
            }
            "newMessage" => NewMessage::decode(data, limits).map(Self::NewMessage),
            "typing" => Typing::decode(data).map(Self::Typing),
            "join-room" => JoinRoom::decode(data).map(Self::JoinRoom),
            "leave-room" => LeaveRoom::decode(data).map(Self::LeaveRoom),
            "history" => History::decode(data).map(Self::History),
            "read" => Read::decode(data).map(Self::Read),
            "edit-message" => EditMessage::decode(data, limits).map(Self::EditMessage),
            "delete-message" => DeleteMessage::decode(data).map(Self::DeleteMessage),
            "watch-presence" => WatchPresence::decode(data, limits).map(Self::WatchPresence),
            "heartbeat" => parse::<Heartbeat>(data).map(|_| Self::Heartbeat),
            _ => return None,
        })
    }
}
