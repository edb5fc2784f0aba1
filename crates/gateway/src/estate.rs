//! What a node that stops leaves to the one that starts in its place: its sessions, and what its
//! Lobby knows.
//!
//! Outside it is opaque bytes, signed with the node's secret and bounded; no file is known here. Keys,
//! outlets, numbers and moments go on: the next node counts its own above those that were given, and
//! its clock goes on where this one has ended, so that nothing inside has to be translated. What comes
//! back is checked as a whole; what cannot be trusted is refused, and everybody begins afresh.

mod lobby;
mod seal;
mod succession;

use std::time::Duration;

use liveloop_core::Moment;
use liveloop_ports::Wall;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{identity::Secret, session::Legacy, settings::Settings};

pub(crate) use lobby::LobbyLegacy;
pub(crate) use succession::{Heirs, Succession};

/// What a node that has stopped leaves, for [`Wiring::estate`](crate::Wiring::estate) of the next.
#[derive(Clone, PartialEq, Eq)]
pub struct Estate(Vec<u8>);

impl std::fmt::Debug for Estate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Estate({} bytes)", self.0.len())
    }
}

impl Estate {
    /// The most bytes that there are of it; a longer one is none of ours.
    pub const BYTES_MAX: usize = 1 << 30;

    /// One that was kept. Whether it is good the node finds out that is given it.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What is to be kept. It holds names, pictures and what was said last, and proves who is who: as
    /// secret as the node's own secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Of these bytes at most sessions are left; the others begin afresh. The rest is the Lobby's.
const SESSIONS_BYTES_MAX: usize = Estate::BYTES_MAX / 2;

/// A clock that has run for longer than so begins anew.
const MOMENT_MAX: Moment = Moment::from_millis(5 * 365 * 24 * 3_600 * 1_000);
/// And so do generations, which rise with each connection of a slot.
const GENERATION_MAX: u32 = u32::MAX / 2;
/// And the numbers of sessions.
const SESSION_MAX: u64 = 1 << 48;

/// All that a node leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Left {
    /// When that was, in milliseconds since 1970.
    pub(crate) wall: u64,
    /// What its clock said then, in nanoseconds.
    pub(crate) moment: u64,
    /// No outlet of its has a greater generation.
    pub(crate) generation: u32,
    /// No session of its has a greater number.
    pub(crate) last_session: u64,
    pub(crate) desk: DeskLegacy,
    pub(crate) sessions: Vec<Legacy>,
}

/// What the desk leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeskLegacy {
    pub(crate) lobby: LobbyLegacy,
    /// How sessions are shown, by their keys.
    pub(crate) profiles: Vec<(u64, ProfileLegacy)>,
}

/// How a visitor is shown to a partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProfileLegacy {
    pub(crate) name: Option<String>,
    pub(crate) interests: Vec<String>,
    pub(crate) languages: Vec<String>,
    pub(crate) image: Option<String>,
}

/// What one event loop leaves.
#[derive(Debug, Default)]
pub(crate) struct LoopLegacy {
    pub(crate) sessions: Vec<Legacy>,
    pub(crate) generation: u32,
    pub(crate) last_session: u64,
    /// The first loop's.
    pub(crate) desk: Option<DeskLegacy>,
}

/// Why what a node has left is not taken over.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Refused {
    #[error("it is damaged")]
    Damaged,
    #[error("another version of Live Loop has left it")]
    OtherVersion,
    #[error("it is signed with another secret")]
    OtherSecret,
    #[error("it is {} s old, and nobody's grace lasts so long", .0.as_secs())]
    TooOld(Duration),
    #[error("it contradicts itself: {0}")]
    Unsound(&'static str),
}

impl Left {
    /// All loops' together. Nothing where there is nothing to leave.
    pub(crate) fn gather(loops: Vec<LoopLegacy>, wall: Wall, moment: Moment) -> Option<Self> {
        Self::gather_within(SESSIONS_BYTES_MAX, loops, wall, moment)
    }

    fn gather_within(
        bytes_max: usize,
        loops: Vec<LoopLegacy>,
        wall: Wall,
        moment: Moment,
    ) -> Option<Self> {
        let mut left = Self { wall: wall.0, moment: moment.as_nanos(), ..Self::default() };
        let (mut bytes, mut dropped) = (0, 0_usize);
        for LoopLegacy { sessions, generation, last_session, desk } in loops {
            left.generation = left.generation.max(generation);
            left.last_session = left.last_session.max(last_session);
            left.desk = desk.unwrap_or(left.desk);
            for session in sessions {
                bytes += session.bytes();
                if bytes > bytes_max {
                    dropped += 1;
                } else {
                    left.sessions.push(session);
                }
            }
        }
        if dropped > 0 {
            tracing::warn!(dropped, "too much to leave to the next start: some begin afresh there");
        }
        let is_nothing = left.sessions.is_empty() && left.desk.lobby.is_empty();
        (!is_nothing).then_some(left)
    }

    /// As bytes that prove where they come from; nothing where they are too many.
    pub(crate) fn seal(&self, secret: &Secret) -> Option<Estate> {
        let body = postcard::to_stdvec(self).ok()?;
        (body.len() <= Estate::BYTES_MAX).then(|| seal::seal(secret, &body))
    }

    /// What was left, if it is whole, ours, and young enough at `wall`.
    pub(crate) fn open(
        estate: &Estate,
        secret: &Secret,
        settings: &Settings,
        wall: Wall,
    ) -> Result<Self, Refused> {
        let body = seal::open(secret, estate.as_bytes())?;
        let read = postcard::take_from_bytes::<Self>(body).map_err(|_| Refused::Damaged)?;
        let (left, []) = read else { return Err(Refused::Damaged) };
        let age = left.age(wall);
        if age > settings.session.grace.0.max(settings.drain.reconnect_within.0) {
            return Err(Refused::TooOld(age));
        }
        left.check()?;
        Ok(left)
    }

    /// For how long nobody has served, by the calendar; none where that was set back.
    fn age(&self, wall: Wall) -> Duration {
        Duration::from_millis(wall.0.saturating_sub(self.wall))
    }

    /// What the clock says at `wall`, which goes on from here.
    pub(crate) fn moment_at(&self, wall: Wall) -> Moment {
        Moment::from_nanos(self.moment) + self.age(wall)
    }

    /// Whether a node can have counted so.
    fn check(&self) -> Result<(), Refused> {
        let is_counted = Moment::from_nanos(self.moment) <= MOMENT_MAX
            && self.generation <= GENERATION_MAX
            && self.last_session <= SESSION_MAX
            && self.sessions.iter().all(|session| {
                session.outlet().key.generation <= self.generation
                    && session.key().0 >> 8 <= self.last_session
                    && session.is_sound()
            });
        is_counted.then_some(()).ok_or(Refused::Unsound("it counts further than a node does"))
    }
}

#[cfg(test)]
mod tests;
