//! The Lobby: who waits, who is in a room with whom, and what ends it.
//!
//! A session is idle, waiting, or in exactly one room. A room is two sessions and has an id of its
//! own for ever: a command that names an ended room touches no other. A rejected input changes
//! nothing. Nobody waits beside somebody they may meet. What is to be done comes out of
//! [`Lobby::poll_effect`], in order.

mod blocking;
mod calls;
mod estate;
mod held;
mod lines;
mod look;
mod member;
mod policy;
mod queue;
mod ticket;
mod undo;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use crate::{
    Moment, RoomId, SessionKey, UserId, blocks::Blocks, index::Index, meetings::Meetings,
    slab::Slab, table::Table, visitors::Visitors, waits::Waits, words::Words,
};

pub use blocking::Blocking;
pub use estate::{
    LobbyEstate, PartingEstate, SessionEstate, StandingEstate, TicketEstate, Unsound,
};
pub use held::LobbyHeld;
pub use member::Wishes;
pub use policy::{Policy, Relaxed};

use lines::Lines;
use member::{Member, Parting, Standing, Topics};
use policy::Step;
use ticket::{NOTICE, Notice, NoticeLine, Place, RELAX, Stance, TABS, Ticket};

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Camera and microphone.
    Video,
    /// Microphone alone.
    Audio,
    /// Text alone.
    Text,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Video, Self::Audio, Self::Text];
}

/// What a visitor asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose session it is; a session's first request decides.
    pub user: UserId,
    /// The kind of call.
    pub mode: Mode,
    /// Whether to be queued again when the partner leaves.
    pub auto_next: bool,
    /// The call that is to be left; the present one where absent.
    pub room: Option<RoomId>,
    /// What the partner should share; anybody will do where absent.
    pub wishes: Option<Arc<Wishes>>,
    /// Whether partners of the memory window will do as well, where they are willing.
    pub again: bool,
}

/// What happens to the Lobby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Leave the present call, if any, and wait for a partner.
    Request(SessionKey, Request),
    /// Leave the queue.
    Cancel(SessionKey),
    /// Leave the call and do not wait again.
    Stop(SessionKey, Option<RoomId>),
    /// Ask for the last partner back.
    UndoSkip(SessionKey),
    /// Never meet the partner of this call again, or of the last one where none is named.
    Block(SessionKey, Option<RoomId>),
    /// The session's socket is lost, but may come back.
    Away(SessionKey),
    /// It has come back.
    Back(SessionKey),
    /// The session is over; its key comes never again.
    Disconnect(SessionKey),
}

impl Input {
    /// Whose input it is.
    #[must_use]
    pub fn session(&self) -> SessionKey {
        match self {
            Self::Request(session, _)
            | Self::Cancel(session)
            | Self::Stop(session, _)
            | Self::UndoSkip(session)
            | Self::Block(session, _)
            | Self::Away(session)
            | Self::Back(session)
            | Self::Disconnect(session) => *session,
        }
    }
}

/// Why an input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The room is not the session's.
    NotInRoom,
    /// There is nobody to go back to (any more).
    NothingToUndo,
}

/// Why a room has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The partner pressed stop.
    Stopped,
    /// The partner went on to somebody else.
    Next,
    /// The partner's session is over.
    Disconnected,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Two have met. The first waited longer: it offers first.
    Matched {
        /// The new room.
        room: RoomId,
        /// The kind of call.
        mode: Mode,
        /// Who is in it.
        sessions: [SessionKey; 2],
        /// How long the first has waited.
        waited: Duration,
    },
    /// A partner has left; the receiver may be waiting again.
    PartnerLeft {
        /// Who is told.
        session: SessionKey,
        /// The room that has ended.
        room: RoomId,
        /// Why.
        reason: EndReason,
    },
    /// A room is over; comes after the partner was told.
    RoomEnded {
        /// Which.
        room: RoomId,
    },
    /// Still nobody for this session.
    Waiting {
        /// Who is told.
        session: SessionKey,
        /// How many wait in its mode and are there, itself included.
        waiting: usize,
        /// How much longer it may take, where that is known.
        estimate: Option<Duration>,
        /// What of its wishes no longer counts.
        relaxed: Relaxed,
    },
    /// The session no longer asks for its partner back, and is idle.
    UndoLapsed {
        /// Whose ask it was.
        session: SessionKey,
    },
}

/// The Lobby of one node.
pub struct Lobby {
    policy: Policy,
    mint_room: Box<dyn FnMut() -> RoomId + Send>,
    slots: Table<u32>,
    members: Slab<Member>,
    tickets: Slab<Ticket>,
    index: Index,
    lines: Lines,
    modes: [Crowd; 3],
    words: Words,
    visitors: Visitors,
    meetings: Meetings,
    blocks: Blocks,
    /// Who asks for a partner back, and until when.
    asks: BTreeSet<(Moment, SessionKey)>,
    /// Tickets, by slot and number, whose holders may have found somebody for another reason than
    /// an input of theirs.
    to_look: Vec<(u32, u64)>,
    next_number: u64,
    room_count: usize,
    effects: VecDeque<Effect>,
}

/// Those who wait in one mode.
#[derive(Debug, Default)]
struct Crowd {
    /// How many are there.
    present: usize,
    /// How many of them can be found.
    listed: usize,
    waits: Waits,
}

impl Lobby {
    /// How long after joining the queue a session first hears that it waits.
    pub const FIRST_NOTICE: Duration = Duration::from_millis(100);
    /// How often at most it hears that something has changed.
    pub const NOTICE_INTERVAL: Duration = Duration::from_secs(2);
    /// How many blocks of one visitor hold at a time.
    pub const BLOCKS_PER_VISITOR: usize = Blocks::PER_VISITOR_MAX;

    /// An empty Lobby. `mint_room` gives an id that was never given before.
    pub fn new(policy: Policy, mint_room: impl FnMut() -> RoomId + Send + 'static) -> Self {
        Self {
            policy,
            mint_room: Box::new(mint_room),
            slots: Table::default(),
            members: Slab::default(),
            tickets: Slab::default(),
            index: Index::default(),
            lines: Lines::default(),
            modes: Default::default(),
            words: Words::default(),
            visitors: Visitors::default(),
            meetings: Meetings::new(policy.memory_partners, policy.memory_time),
            blocks: Blocks::default(),
            asks: BTreeSet::new(),
            to_look: Vec::new(),
            next_number: 0,
            room_count: 0,
            effects: VecDeque::new(),
        }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// A [`Rejection`]; then nothing has changed.
    pub fn handle_input(&mut self, input: Input, now: Moment) -> Result<(), Rejection> {
        let Some(member) = self.slots.get(input.session().0) else {
            return self.handle_first_input(input, now);
        };
        match input {
            Input::Request(_, request) => self.request(member, &request, now)?,
            Input::Cancel(_) => self.cancel(member),
            Input::Stop(_, room) => self.stop(member, room, now)?,
            Input::UndoSkip(_) => self.undo_skip(member, now)?,
            Input::Block(_, room) => self.block(member, room)?,
            Input::Away(_) => self.away(member),
            Input::Back(_) => self.back(member, now),
            Input::Disconnect(_) => self.disconnect(member, now),
        }
        self.look_again(now);
        Ok(())
    }

    /// Of a session that has not been heard of.
    fn handle_first_input(&mut self, input: Input, now: Moment) -> Result<(), Rejection> {
        match input {
            Input::Request(session, request) => {
                let member = self.admit(session, request.user);
                self.request(member, &request, now)?;
                self.look_again(now);
                Ok(())
            }
            Input::Stop(_, Some(_)) | Input::Block(..) => Err(Rejection::NotInRoom),
            Input::UndoSkip(_) => Err(Rejection::NothingToUndo),
            _ => Ok(()),
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.relax(now);
        while let Some(visitors) = self.meetings.forget_one(now) {
            self.forget_meeting(visitors);
        }
        self.look_again(now);
        self.tell_waiting(now);
        self.look_again(now);
        self.lapse_asks(now);
    }

    /// When [`Lobby::handle_timeout`] is next to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        let line = self.lines.poll_timeout(&self.tickets, &self.policy);
        let ask = self.asks.first().map(|(until, _)| *until);
        [line, ask, self.meetings.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether the session neither waits nor is in a room, nor may be brought back into one.
    #[must_use]
    pub fn is_idle(&self, session: SessionKey) -> bool {
        let Some(member) = self.slots.get(session.0) else { return true };
        let member = &self.members[member];
        let asks = member.parting.is_some_and(|parting| parting.asks_until.is_some());
        matches!(member.standing, Standing::Idle) && !asks
    }

    /// The room that a session is in, and with whom.
    #[must_use]
    pub fn room_of(&self, session: SessionKey) -> Option<(RoomId, SessionKey)> {
        match self.members[self.slots.get(session.0)?].standing {
            Standing::InRoom(room, partner) => Some((room, self.members[partner].session)),
            Standing::Idle | Standing::Waiting(_) => None,
        }
    }

    /// Whose a session is that has asked for a partner.
    #[must_use]
    pub fn user_of(&self, session: SessionKey) -> Option<UserId> {
        let member = self.slots.get(session.0)?;
        Some(self.visitors.visitors[self.members[member].visitor].user)
    }

    /// The kind of call that a session has asked for last.
    #[must_use]
    pub fn mode_of(&self, session: SessionKey) -> Option<Mode> {
        self.slots.get(session.0).map(|member| self.members[member].mode)
    }

    /// The room that a session is in, and whose session is there with it.
    #[must_use]
    pub fn call_of(&self, session: SessionKey) -> Option<(RoomId, UserId)> {
        let (room, partner) = self.room_of(session)?;
        Some((room, self.user_of(partner)?))
    }

    /// How many sessions wait for a partner, and are there.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.modes.iter().map(|crowd| crowd.present).sum()
    }

    /// How many rooms there are.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.room_count
    }

    /// How many meetings are remembered.
    #[must_use]
    pub fn meeting_count(&self) -> usize {
        self.meetings.len()
    }

    fn admit(&mut self, session: SessionKey, user: UserId) -> u32 {
        let visitor = self.visitors.take_up(user, self.blocks.concern(user));
        let member = self.members.insert(Member {
            session,
            visitor,
            mode: Mode::Video,
            auto_next: false,
            is_away: false,
            standing: Standing::Idle,
            topics: Topics::default(),
            past: crate::RecentRooms::default(),
            parting: None,
        });
        self.slots.add(session.0, member);
        member
    }
}

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;
#[cfg(test)]
mod wishes_tests;
