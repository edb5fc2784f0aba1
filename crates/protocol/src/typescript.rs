//! The TypeScript types of the wire, made from the Rust ones so that they cannot drift apart.

use ts_rs::{Config, TS};

use crate::{
    AnswerRelayed, BlockUser, CancelRequest, CandidateRelayed, CandidatesRelayed, Category,
    DeleteMessage, Draining, EditMessage, ErrorBody, ErrorCode, Heartbeat, HeartbeatAck,
    HeartbeatTold, Hello, History, HistoryPage, IceServer, JoinRoom, KeptMessage, LeaveRoom,
    LimitsTold, MatchDone, MessageAck, MessageChanged, MessageRelayed, NegotiationCallAnswer,
    NegotiationCallOffer, NewMessage, OfferRelayed, PartnerAway, PartnerBack, Presence,
    PresenceWatched, Read, ReadAck, ReadRelayed, Relaxation, RemoteUser, RemoteUserBrief,
    RequestRoom, RoomJoined, RoomKind, RoomMembers, SendNewIceCandidates, SessionState,
    StopByRemoteUser, StopCall, StopReason, Typing, TypingRelayed, UndoSkip, Waiting,
    WatchPresence, Welcome,
};

/// The text of `web/src/protocol/generated/wire.ts`.
#[must_use]
pub fn declarations() -> String {
    let config = Config::new().with_large_int("number");
    let mut text = String::from(
        "// Made from the protocol crate by its test `typescript_types_are_current`; not to be edited.\n",
    );
    macro_rules! declare {
        ($($type:ty),+ $(,)?) => {$(
            text.push_str("\nexport ");
            text.push_str(&<$type as TS>::decl(&config));
            text.push('\n');
        )+};
    }
    declare!(
        Hello<'static>,
        RequestRoom<'static>,
        CancelRequest,
        StopCall<'static>,
        UndoSkip,
        BlockUser<'static>,
        NegotiationCallOffer<'static>,
        NegotiationCallAnswer<'static>,
        SendNewIceCandidates<'static>,
        NewMessage<'static>,
        Typing<'static>,
        JoinRoom<'static>,
        LeaveRoom<'static>,
        History<'static>,
        Read<'static>,
        EditMessage<'static>,
        DeleteMessage<'static>,
        WatchPresence<'static>,
        Heartbeat,
        LimitsTold,
        IceServer,
        SessionState,
        HeartbeatTold,
        Welcome<'static>,
        Relaxation,
        Waiting,
        RemoteUser<'static>,
        MatchDone<'static>,
        RemoteUserBrief<'static>,
        OfferRelayed<'static>,
        AnswerRelayed<'static>,
        CandidateRelayed<'static>,
        CandidatesRelayed<'static>,
        StopReason,
        StopByRemoteUser<'static>,
        PartnerAway<'static>,
        PartnerBack<'static>,
        MessageRelayed<'static>,
        MessageAck<'static>,
        HeartbeatAck<'static>,
        TypingRelayed<'static>,
        RoomMembers<'static>,
        RoomKind,
        RoomJoined<'static>,
        KeptMessage<'static>,
        HistoryPage<'static>,
        MessageChanged<'static>,
        ReadRelayed<'static>,
        ReadAck,
        Presence<'static>,
        PresenceWatched<'static>,
        Draining,
        ErrorCode,
        Category,
        ErrorBody<'static>,
    );
    text.push_str(
        "
/** Every event that a client may send, with its payload. */
export interface ClientEvents {
  hello: Hello;
  \"request-room\": RequestRoom;
  \"cancel-request\": CancelRequest;
  \"stop-call\": StopCall;
  \"undo-skip\": UndoSkip;
  \"block-user\": BlockUser;
  \"negotiation-call-offer\": NegotiationCallOffer;
  \"negotiation-call-answer\": NegotiationCallAnswer;
  \"send-new-ice-candidates\": SendNewIceCandidates;
  newMessage: NewMessage;
  typing: Typing;
  \"join-room\": JoinRoom;
  \"leave-room\": LeaveRoom;
  history: History;
  read: Read;
  \"edit-message\": EditMessage;
  \"delete-message\": DeleteMessage;
  \"watch-presence\": WatchPresence;
  heartbeat: Heartbeat;
}

/** Every event that the server may send, with its payload. */
export interface ServerEvents {
  welcome: Welcome;
  waiting: Waiting;
  \"match-done\": MatchDone;
  \"negotiation-call-offer\": OfferRelayed;
  \"negotiation-call-answer\": AnswerRelayed;
  \"new-ice-candidates\": CandidateRelayed | CandidatesRelayed;
  \"stop-by-remote-user\": StopByRemoteUser;
  \"partner-away\": PartnerAway;
  \"partner-back\": PartnerBack;
  newMessage: MessageRelayed;
  typing: TypingRelayed;
  \"room-members\": RoomMembers;
  \"message-changed\": MessageChanged;
  read: ReadRelayed;
  presence: Presence;
  error: ErrorBody;
  draining: Draining;
}
",
    );
    text
}
