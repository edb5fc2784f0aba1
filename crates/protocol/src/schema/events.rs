//! Every event with its payload, what it does, and what its ack holds.

use schemars::JsonSchema;
use serde_json::Value;

use super::Schemas;
use crate::{
    AnswerRelayed, BlockUser, CancelRequest, CandidateRelayed, CandidatesRelayed, DeleteMessage,
    Draining, EditMessage, ErrorBody, Heartbeat, HeartbeatAck, Hello, History, HistoryPage,
    JoinRoom, LeaveRoom, MatchDone, MessageAck, MessageChanged, MessageRelayed,
    NegotiationCallAnswer, NegotiationCallOffer, NewMessage, OfferRelayed, PartnerAway,
    PartnerBack, Presence, PresenceWatched, Read, ReadAck, ReadRelayed, RequestRoom, RoomJoined,
    RoomMembers, SendNewIceCandidates, ServerEvent, StopByRemoteUser, StopCall, Typing,
    TypingRelayed, UndoSkip, Waiting, WatchPresence, Welcome,
};

/// An event from a client.
#[derive(Debug)]
pub struct ClientSchema {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub effect: &'static str,
    /// Its payload.
    pub payload: Value,
    /// The data of its ack.
    pub ack: Value,
}

/// An event from the server.
#[derive(Debug)]
pub struct ServerSchema {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub meaning: &'static str,
    /// Its payload; one of these.
    pub payloads: Vec<Value>,
    /// Whether it has a number, and is sent again after a resume.
    pub is_numbered: bool,
}

/// The data of an ack that says only yes.
#[derive(JsonSchema)]
struct Done {}

/// What clients may say, in the order of [`ClientEvent::NAMES`](crate::ClientEvent::NAMES).
pub fn client_events(schemas: &mut Schemas) -> Vec<ClientSchema> {
    macro_rules! table {
        ($($name:literal: $payload:ty => $ack:ty, $effect:literal;)+) => {
            vec![$(ClientSchema {
                name: $name,
                effect: $effect,
                payload: schemas.read::<$payload>(),
                ack: schemas.written::<$ack>(),
            }),+]
        };
    }
    table! {
        "hello": Hello<'static> => Done, "Signs in as a known visitor (`token`), and goes on with \
            a lost session (`resume`). The first frame or none. Answered by a `welcome`.";
        "request-room": RequestRoom<'static> => Done, "Leaves the present call, if any, and queues \
            for a partner. Sent again while waiting it replaces the wishes and keeps the place.";
        "cancel-request": CancelRequest => Done, "Leaves the queue.";
        "stop-call": StopCall<'static> => Done, "Leaves the call and does not queue again.";
        "undo-skip": UndoSkip => Done, "Asks for the last partner back, within 30 seconds after \
            leaving them; granted when both ask, or when the other waits and has not left first.";
        "block-user": BlockUser<'static> => Done, "Never meet this or the last partner again.";
        "negotiation-call-offer": NegotiationCallOffer<'static> => Done, "Passes an SDP offer on to \
            the partner, unchanged.";
        "negotiation-call-answer": NegotiationCallAnswer<'static> => Done, "Passes an SDP answer on \
            to the partner, unchanged.";
        "send-new-ice-candidates": SendNewIceCandidates<'static> => Done, "Passes ICE candidates \
            on to the partner: one, `null` for the end of them, or an array.";
        "newMessage": NewMessage<'static> => MessageAck<'static>, "Says something in a room. The \
            ack comes when the message has its place; the same `clientId` of the same visitor in \
            the same room gets the first ack again and stores nothing.";
        "typing": Typing<'static> => Done, "The visitor began or ceased to write.";
        "join-room": JoinRoom<'static> => RoomJoined<'static>, "Makes the visitor a member of a \
            channel, once and lasting, and this session a listener.";
        "leave-room": LeaveRoom<'static> => Done, "Ends the membership, and listening.";
        "history": History<'static> => HistoryPage<'static>, "Reads what was said in a room, \
            ascending by `seq`; with neither position the newest.";
        "read": Read<'static> => ReadAck, "The visitor has read up to this `seq`; it never falls.";
        "edit-message": EditMessage<'static> => Done, "Another text for a message of one's own, \
            within a time after it was said.";
        "delete-message": DeleteMessage<'static> => Done, "Removes the text of a message of one's \
            own; a tombstone keeps its place.";
        "watch-presence": WatchPresence<'static> => PresenceWatched<'static>, "Whose coming and \
            going this session hears of from now on, instead of those before: fellow members of \
            a lasting channel only.";
        "heartbeat": Heartbeat => HeartbeatAck<'static>, "Asks for the server's time.";
    }
}

/// What the server may say, in the order of [`ServerEvent::NAMES`].
pub fn server_events(schemas: &mut Schemas) -> Vec<ServerSchema> {
    macro_rules! table {
        ($($name:literal: $($payload:ty)|+, $meaning:literal;)+) => {
            vec![$(ServerSchema {
                name: $name,
                meaning: $meaning,
                payloads: vec![$(schemas.written::<$payload>()),+],
                is_numbered: ServerEvent::NUMBERED.contains(&$name),
            }),+]
        };
    }
    table! {
        "welcome": Welcome<'static>, "Who one is here, and what this node bounds. Sent after the \
            upgrade, and again after a `hello`, which replaces the first.";
        "waiting": Waiting, "Nobody was found within 100 ms; told again when it changes, at most \
            every 2 seconds.";
        "match-done": MatchDone<'static>, "One has a partner. Exactly one of the two is the \
            initiator, who offers first.";
        "negotiation-call-offer": OfferRelayed<'static>, "An SDP offer from the partner.";
        "negotiation-call-answer": AnswerRelayed<'static>, "An SDP answer from the partner.";
        "new-ice-candidates": CandidateRelayed<'static> | CandidatesRelayed<'static>,
            "ICE candidates from the partner: one, or several where they sent several.";
        "stop-by-remote-user": StopByRemoteUser<'static>, "The partner is gone.";
        "partner-away": PartnerAway<'static>, "The partner's socket is lost, and may come back.";
        "partner-back": PartnerBack<'static>, "It has come back.";
        "newMessage": MessageRelayed<'static>, "Somebody has said something in a room.";
        "typing": TypingRelayed<'static>, "Somebody began or ceased to write.";
        "room-members": RoomMembers<'static>, "How many members a channel has now, gathered to at \
            most one a second.";
        "message-changed": MessageChanged<'static>, "A message says something else, or nothing \
            any more.";
        "read": ReadRelayed<'static>, "Somebody has read up to this `seq`.";
        "presence": Presence<'static>, "Somebody who is watched has come or gone.";
        "error": ErrorBody<'static>, "Something without a `ref` was refused; the state is as \
            before.";
        "draining": Draining, "This node goes away: come back after this long.";
    }
}
