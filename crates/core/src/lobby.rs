//! The Lobby: who waits, who is in a room with whom, and what ends it.
//!
//! A session is idle, waiting, or in exactly one room. A room is two sessions and has an id of its
//! own for ever: a command that names an ended room touches no other. A rejected input changes
//! nothing. What is to be done comes out of [`Lobby::poll_effect`], in order.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use crate::{
    IdMap, Moment, RecentRooms, RoomId, SessionKey, UserId,
    queue::{Place, Queue},
};

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

/// Who may meet whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Whether two sessions of one visitor may meet.
    pub same_visitor: bool,
}

/// What a visitor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose session it is.
    pub user: UserId,
    /// The kind of call.
    pub mode: Mode,
    /// Whether to be queued again when the partner leaves.
    pub auto_next: bool,
    /// The call that is to be left; the present one where absent.
    pub room: Option<RoomId>,
}

/// What happens to the Lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Leave the present call, if any, and wait for a partner.
    Request(SessionKey, Request),
    /// Leave the queue.
    Cancel(SessionKey),
    /// Leave the call and do not wait again.
    Stop(SessionKey, Option<RoomId>),
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
        /// How many wait in its mode, itself included.
        waiting: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    Idle,
    Waiting(Ticket),
    InRoom(RoomId),
}

/// A place in the queue, and what its holder was told.
#[derive(Clone, Copy, Debug)]
struct Ticket {
    place: Place,
    joined: Moment,
    /// The call at whose end the server put its holder here.
    after_room: Option<RoomId>,
    tell_at: Moment,
    told: Option<usize>,
}

#[derive(Debug)]
struct Member {
    request: Request,
    standing: Standing,
    past: RecentRooms,
    /// Keeps its place, but is not in its queue: nobody meets one who is away.
    is_away: bool,
}

#[derive(Debug)]
struct Room {
    sessions: [SessionKey; 2],
}

/// The Lobby of one node.
pub struct Lobby {
    policy: Policy,
    mint_room: Box<dyn FnMut() -> RoomId + Send>,
    members: IdMap<SessionKey, Member>,
    rooms: IdMap<RoomId, Room>,
    queues: [Queue; 3],
    next_place: u64,
    to_tell: BTreeSet<(Moment, SessionKey)>,
    effects: VecDeque<Effect>,
}

impl Lobby {
    /// How long after joining the queue a session first hears that it waits.
    pub const FIRST_NOTICE: Duration = Duration::from_millis(100);
    /// How often at most it hears that the number has changed.
    pub const NOTICE_INTERVAL: Duration = Duration::from_secs(2);

    /// An empty Lobby. `mint_room` gives an id that was never given before.
    pub fn new(policy: Policy, mint_room: impl FnMut() -> RoomId + Send + 'static) -> Self {
        Self {
            policy,
            mint_room: Box::new(mint_room),
            members: IdMap::default(),
            rooms: IdMap::default(),
            queues: Default::default(),
            next_place: 0,
            to_tell: BTreeSet::new(),
            effects: VecDeque::new(),
        }
    }

    /// Takes one input.
    ///
    /// # Errors
    /// A [`Rejection`]; then nothing has changed.
    pub fn handle_input(&mut self, input: Input, now: Moment) -> Result<(), Rejection> {
        match input {
            Input::Request(session, request) => self.request(session, request, now),
            Input::Cancel(session) => {
                self.leave_queue(session);
                Ok(())
            }
            Input::Stop(session, room) => self.stop(session, room, now),
            Input::Away(session) => {
                self.away(session);
                Ok(())
            }
            Input::Back(session) => {
                self.back(session, now);
                Ok(())
            }
            Input::Disconnect(session) => {
                self.end_call(session, EndReason::Disconnected, now);
                self.leave_queue(session);
                self.members.remove(&session);
                Ok(())
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some((due, session)) = self.to_tell.first().copied() {
            if due > now {
                break;
            }
            self.to_tell.pop_first();
            self.tell_waiting(session, now);
        }
    }

    /// When [`Lobby::handle_timeout`] is next to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.to_tell.first().map(|(due, _)| *due)
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether the session neither waits nor is in a room.
    #[must_use]
    pub fn is_idle(&self, session: SessionKey) -> bool {
        let standing = self.members.get(&session).map(|member| member.standing);
        matches!(standing, None | Some(Standing::Idle))
    }

    /// How many sessions wait for a partner.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.queues.iter().map(Queue::len).sum()
    }

    /// How many rooms there are.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    fn request(
        &mut self,
        session: SessionKey,
        request: Request,
        now: Moment,
    ) -> Result<(), Rejection> {
        if let Some(member) = self.members.get(&session) {
            match (member.standing, request.room) {
                (Standing::InRoom(present), Some(named)) if present != named => {
                    return Err(Rejection::NotInRoom);
                }
                (Standing::Waiting(ticket), _) => {
                    self.replace_request(session, request, ticket, now);
                    return Ok(());
                }
                _ => {}
            }
        }
        // Who was left is queued first: it did not choose to lose its partner.
        self.end_call(session, EndReason::Next, now);
        let member = self.members.entry(session).or_insert_with(|| Member {
            request,
            standing: Standing::Idle,
            past: RecentRooms::default(),
            is_away: false,
        });
        member.request = request;
        self.enqueue(session, None, now);
        Ok(())
    }

    /// Keeps the place, and looks anew whether somebody is there for it.
    fn replace_request(
        &mut self,
        session: SessionKey,
        request: Request,
        ticket: Ticket,
        now: Moment,
    ) {
        let Some(member) = self.members.get_mut(&session) else { return };
        let before = std::mem::replace(&mut member.request, request);
        // It waits by the visitor's own wish now.
        member.standing = Standing::Waiting(Ticket { after_room: None, ..ticket });
        if before.mode == request.mode {
            return;
        }
        self.queues[before.mode as usize].remove(ticket.place);
        match self.partner_for(request) {
            Some(partner) => {
                self.to_tell.remove(&(ticket.tell_at, session));
                self.open_room(session, partner, Some(ticket), now);
            }
            None => {
                self.queues[request.mode as usize].insert(ticket.place, session, request.user);
            }
        }
    }

    fn away(&mut self, session: SessionKey) {
        let Some(member) = self.members.get_mut(&session) else { return };
        if std::mem::replace(&mut member.is_away, true) {
            return;
        }
        if let Standing::Waiting(ticket) = member.standing {
            self.queues[member.request.mode as usize].remove(ticket.place);
            self.to_tell.remove(&(ticket.tell_at, session));
        }
    }

    fn back(&mut self, session: SessionKey, now: Moment) {
        let Some(member) = self.members.get_mut(&session) else { return };
        if !std::mem::take(&mut member.is_away) {
            return;
        }
        let request = member.request;
        if let Standing::Waiting(ticket) = member.standing {
            match self.partner_for(request) {
                Some(partner) => self.open_room(session, partner, Some(ticket), now),
                None => self.wait(session, Ticket { tell_at: now + Self::FIRST_NOTICE, ..ticket }),
            }
        }
    }

    fn stop(
        &mut self,
        session: SessionKey,
        room: Option<RoomId>,
        now: Moment,
    ) -> Result<(), Rejection> {
        let Some(member) = self.members.get(&session) else {
            return room.map_or(Ok(()), |_| Err(Rejection::NotInRoom));
        };
        match (member.standing, room) {
            (Standing::InRoom(present), Some(named)) if present == named => {
                self.end_call(session, EndReason::Stopped, now);
            }
            (Standing::InRoom(_), None) => self.end_call(session, EndReason::Stopped, now),
            (Standing::Waiting(_), None) => self.leave_queue(session),
            (Standing::Idle, None) => {}
            (_, Some(named)) if !member.past.contains(named) => return Err(Rejection::NotInRoom),
            (Standing::Waiting(ticket), named) if ticket.after_room == named => {
                self.leave_queue(session);
            }
            (_, Some(_)) => {}
        }
        Ok(())
    }

    /// Ends the session's call, if it is in one: the partner is told, and queued again if it
    /// wishes so; the session itself is idle afterwards.
    fn end_call(&mut self, session: SessionKey, reason: EndReason, now: Moment) {
        let Some(member) = self.members.get_mut(&session) else { return };
        let Standing::InRoom(id) = member.standing else { return };
        member.standing = Standing::Idle;
        member.past.remember(id);
        let room = self.rooms.remove(&id).expect("a session is only in a room that is there");
        let [first, second] = room.sessions;
        let partner = if first == session { second } else { first };
        let left = self.members.get_mut(&partner).expect("a room holds only members");
        left.standing = Standing::Idle;
        left.past.remember(id);
        let wants_next = left.request.auto_next;
        self.effects.push_back(Effect::PartnerLeft { session: partner, room: id, reason });
        self.effects.push_back(Effect::RoomEnded { room: id });
        if wants_next {
            self.enqueue(partner, Some(id), now);
        }
    }

    /// Puts an idle member into a room with whoever waits for it, or else into the queue.
    fn enqueue(&mut self, session: SessionKey, after_room: Option<RoomId>, now: Moment) {
        let Member { request, is_away, .. } = self.members[&session];
        let partner = self.partner_for(request).filter(|_| !is_away);
        if let Some(partner) = partner {
            return self.open_room(session, partner, None, now);
        }
        let place = Place(self.next_place);
        self.next_place += 1;
        let tell_at = now + Self::FIRST_NOTICE;
        let ticket = Ticket { place, joined: now, after_room, tell_at, told: None };
        if is_away {
            self.set_standing(session, Standing::Waiting(ticket));
        } else {
            self.wait(session, ticket);
        }
    }

    fn wait(&mut self, session: SessionKey, ticket: Ticket) {
        let request = self.members[&session].request;
        self.queues[request.mode as usize].insert(ticket.place, session, request.user);
        self.to_tell.insert((ticket.tell_at, session));
        self.set_standing(session, Standing::Waiting(ticket));
    }

    fn partner_for(&self, request: Request) -> Option<SessionKey> {
        self.queues[request.mode as usize].partner_for(request.user, self.policy.same_visitor)
    }

    /// `session` is in no queue any more, where `own` was its ticket; `partner` is still in one.
    fn open_room(
        &mut self,
        session: SessionKey,
        partner: SessionKey,
        own: Option<Ticket>,
        now: Moment,
    ) {
        let mode = self.members[&session].request.mode;
        let Standing::Waiting(ticket) = self.members[&partner].standing else {
            unreachable!("a partner is taken from the queue")
        };
        self.leave_queue(partner);
        let (sessions, longer) = match own {
            Some(own) if own.place < ticket.place => ([session, partner], own),
            _ => ([partner, session], ticket),
        };
        let room = (self.mint_room)();
        let before = self.rooms.insert(room, Room { sessions });
        debug_assert!(before.is_none(), "a room id is given once");
        for session in sessions {
            self.set_standing(session, Standing::InRoom(room));
        }
        let waited = now.since(longer.joined);
        self.effects.push_back(Effect::Matched { room, mode, sessions, waited });
    }

    fn leave_queue(&mut self, session: SessionKey) {
        let Some(member) = self.members.get_mut(&session) else { return };
        let Standing::Waiting(ticket) = member.standing else { return };
        member.standing = Standing::Idle;
        if !member.is_away {
            self.queues[member.request.mode as usize].remove(ticket.place);
            self.to_tell.remove(&(ticket.tell_at, session));
        }
    }

    fn set_standing(&mut self, session: SessionKey, standing: Standing) {
        self.members.get_mut(&session).expect("only members stand anywhere").standing = standing;
    }

    fn tell_waiting(&mut self, session: SessionKey, now: Moment) {
        let member = self.members.get_mut(&session).expect("only members are told");
        let Standing::Waiting(ticket) = &mut member.standing else {
            unreachable!("who leaves the queue is told no more")
        };
        let waiting = self.queues[member.request.mode as usize].len();
        if ticket.told != Some(waiting) {
            ticket.told = Some(waiting);
            self.effects.push_back(Effect::Waiting { session, waiting });
        }
        ticket.tell_at = now + Self::NOTICE_INTERVAL;
        self.to_tell.insert((ticket.tell_at, session));
    }
}

#[cfg(test)]
mod invariants;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walks;
