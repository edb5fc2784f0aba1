//! What others have for a session: the lobby's notices, and what a partner relays.

use std::{sync::Arc, time::Duration};

use liveloop_core::{EndReason, Mode, Moment, Relaxed, RoomId, UserId};
use liveloop_protocol::{Encoded, IdText};

use super::{Online, Partner, Profile};
use crate::{desk::Answer, inquiry::Finding};

/// Something for a session, from the lobby or from the partner.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A partner is found.
    Matched(Box<Matched>),
    /// The partner is gone.
    PartnerLeft {
        room: RoomId,
        reason: EndReason,
        /// Whether the lobby has queued the receiver again.
        is_queued: bool,
    },
    /// Nobody yet.
    Waiting(WaitingNotice),
    /// The lobby's answer to what this session asked.
    Answer(Answer),
    /// The stores' answer to what this session asked.
    Found(Box<Finding>),
    /// One session of its visitor has left this channel.
    MemberGone(RoomId),
    /// Who of those whom it watches is online.
    Online(Box<Online>),
    /// One of them has come or gone.
    Presence { user: UserId, is_online: bool },
    /// From the partner.
    Relay(Relay),
}

/// What somebody who waits is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitingNotice {
    /// How many wait, the receiver included.
    pub(crate) waiting: usize,
    /// How much longer it may take.
    pub(crate) estimate: Option<Duration>,
    pub(crate) relaxed: Relaxed,
}

/// A match, as one of the two sees it.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) room: RoomId,
    pub(crate) mode: Mode,
    pub(crate) is_initiator: bool,
    /// What the partner sees of this session's visitor.
    pub(crate) own_pseudonym: IdText,
    /// How this session's visitor is shown to the partner.
    pub(crate) own_profile: Arc<Profile>,
    pub(crate) partner: Partner,
}

/// An event from the partner, stamped with the room that it is for.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) room: RoomId,
    pub(crate) kind: RelayKind,
    pub(crate) event: Encoded,
    /// When the frame behind it was read, where there is one.
    pub(crate) read_at: Option<Moment>,
}

/// Whether an event may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelayKind {
    /// A signal or a text: numbered.
    Numbered,
    /// The partner is away: numbered too.
    Away,
    /// The partner is back: numbered too.
    Back,
    /// Typing.
    Passing,
}

impl RelayKind {
    pub(crate) fn is_numbered(self) -> bool {
        self != Self::Passing
    }
}
