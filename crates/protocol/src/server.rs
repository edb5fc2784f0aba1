//! Server to client: the payload of every event. Times are milliseconds, timestamps RFC 3339 in
//! UTC with milliseconds; ids are in their text form.

mod call;
mod kept;
mod room;
mod session;

use crate::{Encoded, ErrorBody};

pub use call::{
    AnswerRelayed, CandidateRelayed, CandidatesRelayed, MatchDone, OfferRelayed, PartnerAway,
    PartnerBack, Relaxation, RemoteUser, RemoteUserBrief, StopByRemoteUser, StopReason, Waiting,
};
pub use kept::{
    HistoryPage, KeptMessage, MessageChanged, Presence, PresenceWatched, ReadAck, ReadRelayed,
};
pub use room::{MessageAck, MessageRelayed, RoomJoined, RoomKind, RoomMembers, TypingRelayed};
pub use session::{Draining, HeartbeatAck, HeartbeatTold, IceServer, SessionState, Welcome};

/// What the server may say.
#[derive(Debug)]
pub enum ServerEvent<'a> {
    /// `welcome`: who you are here.
    Welcome(&'a Welcome<'a>),
    /// `waiting`: nobody yet.
    Waiting(&'a Waiting),
    /// `match-done`: you have a partner.
    MatchDone(&'a MatchDone<'a>),
    /// `negotiation-call-offer` from the partner.
    Offer(&'a OfferRelayed<'a>),
    /// `negotiation-call-answer` from the partner.
    Answer(&'a AnswerRelayed<'a>),
    /// `new-ice-candidates` from the partner, one.
    Candidate(&'a CandidateRelayed<'a>),
    /// `new-ice-candidates` from a partner who batched.
    Candidates(&'a CandidatesRelayed<'a>),
    /// `stop-by-remote-user`: the partner is gone.
    StopByRemoteUser(&'a StopByRemoteUser<'a>),
    /// `partner-away`: the partner's socket is lost, and may come back.
    PartnerAway(&'a PartnerAway<'a>),
    /// `partner-back`: it has.
    PartnerBack(&'a PartnerBack<'a>),
    /// `newMessage` from the partner.
    NewMessage(&'a MessageRelayed<'a>),
    /// `typing` from the partner.
    Typing(&'a TypingRelayed<'a>),
    /// `room-members`: how many a channel has now.
    RoomMembers(&'a RoomMembers<'a>),
    /// `message-changed`: a message says something else, or nothing any more.
    MessageChanged(&'a MessageChanged<'a>),
    /// `read`: somebody has read up to here.
    Read(&'a ReadRelayed<'a>),
    /// `presence`: somebody has come or gone.
    Presence(&'a Presence<'a>),
    /// `error`: something was refused.
    Error(&'a ErrorBody<'a>),
    /// `draining`: this node goes away.
    Draining(&'a Draining),
}

impl ServerEvent<'_> {
    /// Every event name that is said.
    pub const NAMES: [&'static str; 17] = [
        "welcome",
        "waiting",
        "match-done",
        "negotiation-call-offer",
        "negotiation-call-answer",
        "new-ice-candidates",
        "stop-by-remote-user",
        "partner-away",
        "partner-back",
        "newMessage",
        "typing",
        "room-members",
        "message-changed",
        "read",
        "presence",
        "error",
        "draining",
    ];

    /// Those that must not be lost: each has a number, and is sent again after a resume.
    pub const NUMBERED: [&'static str; 11] = [
        "match-done",
        "negotiation-call-offer",
        "negotiation-call-answer",
        "new-ice-candidates",
        "stop-by-remote-user",
        "partner-away",
        "partner-back",
        "newMessage",
        "room-members",
        "message-changed",
        "read",
    ];

    /// The name of this event on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Welcome(_) => "welcome",
            Self::Waiting(_) => "waiting",
            Self::MatchDone(_) => "match-done",
            Self::Offer(_) => "negotiation-call-offer",
            Self::Answer(_) => "negotiation-call-answer",
            Self::Candidate(_) | Self::Candidates(_) => "new-ice-candidates",
            Self::StopByRemoteUser(_) => "stop-by-remote-user",
            Self::PartnerAway(_) => "partner-away",
            Self::PartnerBack(_) => "partner-back",
            Self::NewMessage(_) => "newMessage",
            Self::Typing(_) => "typing",
            Self::RoomMembers(_) => "room-members",
            Self::MessageChanged(_) => "message-changed",
            Self::Read(_) => "read",
            Self::Presence(_) => "presence",
            Self::Error(_) => "error",
            Self::Draining(_) => "draining",
        }
    }

    /// The frame, but for the number that each receiver adds.
    #[must_use]
    pub fn encode(&self) -> Encoded {
        let name = self.name();
        match self {
            Self::Welcome(data) => Encoded::new(name, data),
            Self::Waiting(data) => Encoded::new(name, data),
            Self::MatchDone(data) => Encoded::new(name, data),
            Self::Offer(data) => Encoded::new(name, data),
            Self::Answer(data) => Encoded::new(name, data),
            Self::Candidate(data) => Encoded::new(name, data),
            Self::Candidates(data) => Encoded::new(name, data),
            Self::StopByRemoteUser(data) => Encoded::new(name, data),
            Self::PartnerAway(data) => Encoded::new(name, data),
            Self::PartnerBack(data) => Encoded::new(name, data),
            Self::NewMessage(data) => Encoded::new(name, data),
            Self::Typing(data) => Encoded::new(name, data),
            Self::RoomMembers(data) => Encoded::new(name, data),
            Self::MessageChanged(data) => Encoded::new(name, data),
            Self::Read(data) => Encoded::new(name, data),
            Self::Presence(data) => Encoded::new(name, data),
            Self::Error(data) => Encoded::new(name, data),
            Self::Draining(data) => Encoded::new(name, data),
        }
    }
}
