//! The rules of Live Loop as pure machines: inputs and the time go in, effects come out.
//!
//! Knows no sockets, clocks, wire words, locks or tasks; the standard library is its only
//! dependency. Time is a [`Moment`] that the caller gives, randomness a source that it hands over.

#![forbid(unsafe_code)]

mod blocks;
mod channels;
mod hash;
mod ids;
mod index;
mod lobby;
mod meetings;
mod moment;
mod partners;
mod presence;
mod rate;
mod recent_rooms;
mod slab;
mod table;
mod visitors;
mod waits;
mod words;

pub use channels::{Channels, Hearing, MembersChange};
pub use hash::{IdHasher, IdMap};
pub use ids::{RoomId, SessionKey, SocketId, UserId};
pub use lobby::{
    Blocking, Effect, EndReason, Input, Lobby, LobbyEstate, LobbyHeld, Mode, PartingEstate, Policy,
    Rejection, Relaxed, Request, SessionEstate, StandingEstate, TicketEstate, Unsound, Wishes,
};
pub use moment::Moment;
pub use presence::{Presence, PresenceNotice};
pub use rate::{FloodMeter, Rate, TokenBucket};
pub use recent_rooms::RecentRooms;
