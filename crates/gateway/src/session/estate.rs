//! What a session without a socket leaves to the next process, and how it goes on there.
//!
//! It keeps its key, its outlet and its numbers, so that the secrets that its client holds and its
//! partner's Link lead to it as before. What can be made anew from what others leave is not kept: the
//! call is given again by the desk, from the room that the Lobby knows. Frames that wait for an answer
//! that will not come are let go; their client repeats what was not acknowledged.

use std::sync::Arc;

use liveloop_core::{Moment, RecentRooms, RoomId, SessionKey, SocketId, UserId};
use serde::{Deserialize, Serialize};

use super::{
    Call, Matched, Origin, Queued, Session, Shared, Traces, groups::Listening, limiter::Limiter,
    presence::Watching,
};
use crate::plane::{ConnId, Key};

/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6): no number on the
/// wire is larger.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// What one session leaves. Moments are nanoseconds of the node's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Legacy {
    key: u64,
    /// Thread, slot and generation.
    outlet: (u8, u32, u32),
    socket: u128,
    user: u128,
    name: Option<String>,
    proved: u32,
    issued: u32,
    /// When each of its rates has been paid back.
    rates: [u64; 3],
    last_ref: u64,
    last_n: u64,
    until: u64,
    /// Its partner has been told that it is away, until then.
    away_until: Option<u64>,
    call: Option<CallLegacy>,
    groups: Vec<u128>,
    /// Of whom it hears whether they are online.
    watched: Vec<u128>,
    left: Vec<u128>,
    /// Whether it is queued, and after which call the server has put it there.
    queued: Option<Option<u128>>,
    is_partner_away: bool,
    is_present: bool,
    unseen: Option<(u128, u64)>,
    /// Its ring: when each event was numbered, and its text but for the number.
    ring: Vec<(u64, String)>,
}

/// What of a call nobody else knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CallLegacy {
    room: u128,
    is_initiator: bool,
    n: u64,
}

impl Legacy {
    pub(crate) fn key(&self) -> SessionKey {
        SessionKey(self.key)
    }

    pub(crate) fn outlet(&self) -> ConnId {
        let (thread, slot, generation) = self.outlet;
        ConnId { thread, key: Key { slot, generation } }
    }

    pub(crate) fn socket(&self) -> SocketId {
        SocketId(self.socket)
    }

    pub(crate) fn user(&self) -> UserId {
        UserId(self.user)
    }

    /// Until when it may be resumed.
    pub(crate) fn until(&self) -> Moment {
        Moment::from_nanos(self.until)
    }

    /// The room of its call.
    pub(crate) fn room(&self) -> Option<RoomId> {
        self.call.map(|call| RoomId(call.room))
    }

    /// Whether it offers first in its call.
    pub(crate) fn is_initiator(&self) -> bool {
        self.call.is_some_and(|call| call.is_initiator)
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.ring.iter().map(|(_, text)| text.len() + 10).sum::<usize>()
    }

    /// Whether its numbers are ones that a session can have.
    pub(crate) fn is_sound(&self) -> bool {
        let last_n = self.last_n;
        let is_numbered = |n: u64| n <= last_n;
        last_n < NUMBER_MAX
            && self.last_ref <= NUMBER_MAX
            && u64::try_from(self.ring.len()).is_ok_and(is_numbered)
            && self.call.is_none_or(|call| is_numbered(call.n))
            && self.unseen.is_none_or(|(_, n)| is_numbered(n))
            && self.left.len() <= RecentRooms::MAX
    }
}

impl Session {
    /// Has lost its socket to the end of the process. Its partner loses theirs too, so nobody is told.
    pub(crate) fn rest(&mut self) {
        self.cut_at = Moment::NEVER;
        self.traces.get_or_insert_default().is_resting = true;
    }

    /// Whether the next process is to know it: also where nothing is left of a call but the way back.
    pub(crate) fn is_worth_leaving(&mut self, now: Moment) -> bool {
        self.is_worth_a_grace(now)
            || self.traces.as_ref().is_some_and(|traces| traces.left.iter().next().is_some())
    }

    /// What it leaves, to be resumed until then.
    pub(crate) fn bequeath(&self, until: Moment) -> Legacy {
        let room = |room: RoomId| room.0;
        let empty = Traces::default();
        let traces = self.traces.as_deref().unwrap_or(&empty);
        let call = self.call.as_ref().map(|call| CallLegacy {
            room: call.room.0,
            is_initiator: call.is_initiator(),
            n: call.n,
        });
        let ConnId { thread, key: Key { slot, generation } } = self.outlet;
        let begun = |call: &Arc<Call>| self.match_done(call).open().to_vec();
        Legacy {
            key: self.key.0,
            outlet: (thread, slot, generation),
            socket: self.socket.0,
            user: self.user.0,
            name: self.name.as_deref().map(str::to_owned),
            proved: self.proved,
            issued: self.issued,
            rates: self.limiter.full_at().map(Moment::as_nanos),
            last_ref: self.last_ref,
            last_n: self.last_n,
            until: until.as_nanos(),
            away_until: traces.away_until.map(Moment::as_nanos),
            call,
            groups: traces.groups.iter().map(|group| group.room.0).collect(),
            watched: self.watched().into_iter().map(|user| user.0).collect(),
            left: traces.left.iter().map(room).collect(),
            queued: traces.queued.map(|queued| queued.after_room.map(room)),
            is_partner_away: traces.is_partner_away,
            is_present: self.is_present,
            unseen: traces.unseen.map(|(room, n)| (room.0, n)),
            ring: traces.ring.texts(begun),
        }
    }

    /// Goes on with what a session has left. `matched` is its call, where it has one.
    pub(crate) fn inherit(shared: Arc<Shared>, legacy: &Legacy, matched: Option<Matched>) -> Self {
        let origin = Origin {
            key: legacy.key(),
            socket: legacy.socket(),
            user: legacy.user(),
            outlet: legacy.outlet(),
        };
        let mut session = Self::open(shared, &origin);
        session.name = legacy.name.as_deref().map(Into::into);
        (session.is_greeted, session.is_present) = (true, legacy.is_present);
        (session.proved, session.issued) = (legacy.proved, legacy.issued);
        session.limiter = Limiter::full_from(legacy.rates.map(Moment::from_nanos));
        (session.last_ref, session.last_n) = (legacy.last_ref, legacy.last_n);
        session.call = matched.zip(legacy.call).map(|(matched, call)| {
            Arc::new(Call::new(matched, (session.socket, session.user), call.n))
        });
        let bounds = session.ring_bounds();
        let listening = |room: &u128| {
            let room = RoomId(*room);
            Arc::new(Listening::new(
                room,
                session.shared.secret.connection_in(room, session.socket),
            ))
        };
        let mut traces = Traces {
            groups: legacy.groups.iter().map(listening).collect(),
            queued: legacy.queued.map(|after| Queued { after_room: after.map(RoomId) }),
            away_until: legacy.away_until.map(Moment::from_nanos),
            is_resting: true,
            is_partner_away: legacy.is_partner_away,
            watching: Watching::of(legacy.watched.iter().copied().map(UserId).collect()),
            unseen: legacy.unseen.map(|(room, n)| (RoomId(room), n)),
            ..Traces::default()
        };
        legacy.left.iter().for_each(|room| traces.left.remember(RoomId(*room)));
        for (at, text) in &legacy.ring {
            traces.ring.push_text(text.as_bytes(), bounds, Moment::from_nanos(*at));
        }
        session.traces = Some(Box::new(traces));
        session
    }
}
