//! The words of the wire: every event with its payload, the limits and the error codes, each
//! defined once. Decoding checks every field from outside; what leaves here is within the limits.
//!
//! Knows nothing of sockets, clocks, rooms or who may say what: it turns text into events and
//! events into text, allocating only for what it returns.

#![forbid(unsafe_code)]

mod client;
mod error;
mod fields;
mod frame;
mod ids;
mod json;
mod limits;
pub mod schema;
mod server;
pub mod typescript;
pub mod websocket;
pub mod whole;

pub use client::{
    BlockUser, CancelRequest, ClientEvent, DeleteMessage, EditMessage, Heartbeat, Hello, History,
    JoinRoom, LeaveRoom, NegotiationCallAnswer, NegotiationCallOffer, NewMessage, Read,
    RequestRoom, SendNewIceCandidates, StopCall, Typing, UndoSkip, WatchPresence,
};
pub use error::{Category, ErrorBody, ErrorCode, Refusal};
pub use fields::clean_name;
pub use frame::{ClientFrame, Encoded, Tail, Undecodable, encode_ack, encode_ack_error};
pub use ids::{IdText, format_id, parse_id};
pub use limits::{Limits, LimitsTold};
pub use server::{
    AnswerRelayed, CandidateRelayed, CandidatesRelayed, Draining, HeartbeatAck, HeartbeatTold,
    HistoryPage, IceServer, KeptMessage, MatchDone, MessageAck, MessageChanged, MessageRelayed,
    OfferRelayed, PartnerAway, PartnerBack, Presence, PresenceWatched, ReadAck, ReadRelayed,
    Relaxation, RemoteUser, RemoteUserBrief, RoomJoined, RoomKind, RoomMembers, ServerEvent,
    SessionState, StopByRemoteUser, StopReason, TypingRelayed, Waiting, Welcome,
};

#[cfg(test)]
mod tests;
