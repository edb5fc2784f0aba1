//! What a session wants done, for the driver to do in order.

use liveloop_core::{Moment, RoomId, UserId};
use liveloop_protocol::Encoded;

use super::{Claim, Delivery, Publication, Said, Watch};
use crate::{close::CloseReason, desk::Ask, inquiry::Inquiry, plane::ConnId};

/// What a session wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Write this text frame.
    Send(Vec<u8>),
    /// Write this text frame, which passes on what was read from the partner at that moment.
    Pass(Vec<u8>, Moment),
    /// Write this event with its number, and give it back to be kept. What it passes on, if it does,
    /// was read from the partner at that moment.
    Number(Encoded, u64, Option<Moment>),
    /// Find the session that is claimed, and go on with it instead of this one. Comes last.
    Resume(Box<Claim>),
    /// Read once what has come, then call [`Session::handle_timeout`](super::Session::handle_timeout) again.
    Look,
    /// Write a Ping.
    Ping,
    /// Write a Pong with this payload.
    Pong(Box<[u8]>),
    /// Ask the lobby.
    Ask(Ask),
    /// Hand this to the partner's session, over the Link.
    Relay(ConnId, Delivery),
    /// Give a text its place, then call [`Session::handle_said`](super::Session::handle_said).
    Say(Said),
    /// Ask the stores.
    Inquire(Box<Inquiry>),
    /// Hand this to all who listen to a channel.
    Publish(Publication),
    /// From now on the session that is reached so listens to a channel.
    Listen(RoomId, ConnId),
    /// And from now on it does not.
    Unlisten(RoomId, ConnId),
    /// The visitor has one more connection that counts, or one less.
    Present(UserId, bool),
    /// Tell this session who of these is online, and when that changes.
    Watch(Watch),
    /// And of these not any more.
    Unwatch(ConnId, Vec<UserId>),
    /// Close the connection; nothing else will come.
    Close(CloseReason),
}
