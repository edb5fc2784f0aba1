//! What a Lobby leaves to the one that goes on in its place: plain data, and back.
//!
//! Whoever is in it is away: nobody is matched until they are back. Keys, numbers and moments are
//! taken over as they are, so both Lobbies live in one time and give one row of keys. What comes
//! back was outside meanwhile: it is checked, and refused as a whole where it contradicts itself.

use std::{collections::HashMap, time::Duration};

use super::{
    Lobby, Member, Mode, NoticeLine, Parting, Place, Policy, Relaxed, Stance, Standing, Ticket,
    Wishes, policy::Step, ticket::Notice,
};
use crate::{
    Moment, RecentRooms, RoomId, SessionKey, UserId,
    meetings::Meetings,
    slab::{Link, NONE},
};

/// What a Lobby leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LobbyEstate {
    /// Those that it knows.
    pub sessions: Vec<SessionEstate>,
    /// Who has met whom and when, the oldest first.
    pub meetings: Vec<(Moment, [UserId; 2])>,
    /// Who never meets whom again, the oldest first.
    pub blocks: Vec<[UserId; 2]>,
    /// When those who were matched lately were, and how long they had waited, by [`Mode::ALL`].
    pub waits: [Vec<(Moment, Duration)>; 3],
    /// Greater than any [`TicketEstate::number`] that was given.
    pub next_number: u64,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEstate {
    /// Which.
    pub session: SessionKey,
    /// Whose.
    pub user: UserId,
    /// The kind of call that it asked for last.
    pub mode: Mode,
    /// Whether it is queued again when its partner leaves.
    pub auto_next: bool,
    /// What it asks of a partner; nothing where it neither waits nor talks.
    pub wishes: Wishes,
    /// The rooms that it was in last, the oldest first.
    pub past: Vec<RoomId>,
    /// How its last call ended.
    pub parting: Option<PartingEstate>,
    /// Where it stands.
    pub standing: StandingEstate,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandingEstate {
    /// It neither waits nor talks.
    Idle,
    /// It waits.
    Waiting(TicketEstate),
    /// It is in a room with another.
    InRoom(RoomId, SessionKey),
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketEstate {
    /// Lower was taken earlier.
    pub number: u64,
    /// Whether it is before all that are not: its holder was left.
    pub is_front: bool,
    /// When it was taken.
    pub joined: Moment,
    /// When its holder asked for what they ask for now.
    pub asked: Moment,
    /// How often their wishes were relaxed.
    pub steps: u8,
    /// They asked to meet again whom they have met.
    pub again: bool,
    /// They would meet again who asks for it.
    pub is_resigned: bool,
    /// The call at whose end the server put them here.
    pub after_room: Option<RoomId>,
    /// What they were told last: how many wait, how long it may take, what no longer counts.
    pub told: Option<(usize, Option<Duration>, Relaxed)>,
}

/// How the last call of a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartingEstate {
    /// Which call.
    pub room: RoomId,
    /// Of which kind.
    pub mode: Mode,
    /// With whom.
    pub partner: SessionKey,
    /// Whose session that was.
    pub partner_user: UserId,
    /// When it ended.
    pub at: Moment,
    /// Whether this session left the other.
    pub is_leaver: bool,
    /// Until when it asks for the partner back, where it does.
    pub asks_until: Option<Moment>,
}

/// Why what a Lobby has left is not taken over: it contradicts itself here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsound(pub &'static str);

impl Lobby {
    /// What it leaves to the one that goes on. Everybody is away from now on.
    pub fn bequeath(&mut self) -> LobbyEstate {
        let members: Vec<u32> = self.members.iter().map(|(member, _)| member).collect();
        members.iter().for_each(|member| self.away(*member));
        // Those who might have found somebody are away too.
        self.to_look.clear();
        let user = |visitor: u32| self.visitors.visitors[visitor].user;
        let meetings = self.meetings.all().map(|(visitors, at)| (at, visitors.map(user)));
        LobbyEstate {
            sessions: members.into_iter().map(|member| self.estate_of(member)).collect(),
            meetings: meetings.collect(),
            blocks: self.blocks.all().collect(),
            waits: std::array::from_fn(|mode| self.modes[mode].waits.all().collect()),
            next_number: self.next_number,
        }
    }

    fn estate_of(&self, member: u32) -> SessionEstate {
        let own = &self.members[member];
        let Member { session, visitor, mode, auto_next, .. } = *own;
        let texts = |words: &[u32]| words.iter().map(|word| self.words.text(*word)).collect();
        SessionEstate {
            session,
            user: self.visitors.visitors[visitor].user,
            mode,
            auto_next,
            wishes: Wishes {
                interests: texts(own.topics.interests()),
                languages: texts(own.topics.languages()),
            },
            past: own.past.iter().collect(),
            parting: own.parting.map(PartingEstate::from),
            standing: match own.standing {
                Standing::Idle => StandingEstate::Idle,
                Standing::Waiting(ticket) => {
                    StandingEstate::Waiting(TicketEstate::of(&self.tickets[ticket]))
                }
                Standing::InRoom(room, partner) => {
                    StandingEstate::InRoom(room, self.members[partner].session)
                }
            },
        }
    }

    /// Goes on where another has ended, under its own policy. `mint_room` gives an id that was never
    /// given before, by neither.
    ///
    /// # Errors
    /// [`Unsound`], where no Lobby can have left this.
    pub fn inherit(
        policy: Policy,
        mint_room: impl FnMut() -> RoomId + Send + 'static,
        estate: &LobbyEstate,
    ) -> Result<Self, Unsound> {
        let mut lobby = Self::new(policy, mint_room);
        lobby.next_number = estate.next_number;
        for [who, whom] in &estate.blocks {
            lobby.blocks.add(*who, *whom);
        }
        for (crowd, waits) in lobby.modes.iter_mut().zip(&estate.waits) {
            waits.iter().for_each(|(at, waited)| crowd.waits.remember(*waited, *at));
        }
        let users: HashMap<SessionKey, &SessionEstate> =
            estate.sessions.iter().map(|heir| (heir.session, heir)).collect();
        if users.len() != estate.sessions.len() {
            return Err(Unsound("a session is there twice"));
        }
        for heir in &estate.sessions {
            lobby.inherit_session(heir)?;
        }
        for heir in &estate.sessions {
            if let StandingEstate::InRoom(room, partner) = heir.standing {
                lobby.inherit_place_in_room(heir, room, users.get(&partner).copied())?;
            }
        }
        lobby.inherit_rooms(estate)?;
        lobby.inherit_queue(estate)?;
        lobby.inherit_meetings(&estate.meetings)?;
        Ok(lobby)
    }

    fn inherit_session(&mut self, heir: &SessionEstate) -> Result<(), Unsound> {
        if heir.past.len() > RecentRooms::MAX {
            return Err(Unsound("a session was in more rooms than are remembered"));
        }
        if heir.standing == StandingEstate::Idle && !heir.wishes.is_empty() {
            return Err(Unsound("somebody who is idle wishes for something"));
        }
        let member = self.admit(heir.session, heir.user);
        let Self { members, words, asks, .. } = self;
        let own = &mut members[member];
        (own.mode, own.auto_next, own.is_away) = (heir.mode, heir.auto_next, true);
        own.topics.replace(Some(&heir.wishes), words);
        heir.past.iter().for_each(|room| own.past.remember(*room));
        own.parting = heir.parting.map(Parting::from);
        asks.extend(heir.parting.and_then(|last| Some((last.asks_until?, heir.session))));
        Ok(())
    }

    fn inherit_place_in_room(
        &mut self,
        heir: &SessionEstate,
        room: RoomId,
        partner: Option<&SessionEstate>,
    ) -> Result<(), Unsound> {
        let back = StandingEstate::InRoom(room, heir.session);
        let partner = partner.filter(|other| other.session != heir.session);
        let partner = partner.filter(|other| other.standing == back && other.mode == heir.mode);
        let partner = partner.ok_or(Unsound("a room is not exactly two"))?;
        if heir.past.contains(&room) {
            return Err(Unsound("a present room is a past one"));
        }
        let slots = [heir, partner].map(|it| self.slots.get(it.session.0));
        let [Some(own), Some(other)] = slots else {
            return Err(Unsound("a session is not there"));
        };
        self.members[own].standing = Standing::InRoom(room, other);
        Ok(())
    }

    fn inherit_rooms(&mut self, estate: &LobbyEstate) -> Result<(), Unsound> {
        let mut sessions_in = HashMap::<RoomId, u32>::new();
        for heir in &estate.sessions {
            if let StandingEstate::InRoom(room, _) = heir.standing {
                *sessions_in.entry(room).or_default() += 1;
            }
        }
        if sessions_in.values().any(|sessions| *sessions != 2) {
            return Err(Unsound("a room is not exactly two"));
        }
        self.room_count = sessions_in.len();
        Ok(())
    }

    /// In the order in which they asked, for each waits equally long for its next step.
    fn inherit_queue(&mut self, estate: &LobbyEstate) -> Result<(), Unsound> {
        let mut queue: Vec<_> = estate
            .sessions
            .iter()
            .filter_map(|heir| match &heir.standing {
                StandingEstate::Waiting(ticket) => Some((heir.session, ticket)),
                StandingEstate::Idle | StandingEstate::InRoom(..) => None,
            })
            .collect();
        queue.sort_by_key(|(_, ticket)| ticket.number);
        let is_given_once = queue.windows(2).all(|two| two[0].1.number < two[1].1.number);
        let is_given = queue.last().is_none_or(|(_, last)| last.number < estate.next_number);
        // The highest bit is that of a rank.
        if !is_given_once || !is_given || estate.next_number >= 1 << 63 {
            return Err(Unsound("a place in the queue was never given"));
        }
        queue.sort_by_key(|(_, ticket)| ticket.asked);
        for (session, ticket) in queue {
            let member = self.slots.get(session.0).ok_or(Unsound("a session is not there"))?;
            self.inherit_ticket(member, ticket)?;
        }
        Ok(())
    }

    fn inherit_ticket(&mut self, member: u32, heir: &TicketEstate) -> Result<(), Unsound> {
        let step = [Step::Nothing, Step::Interests, Step::Languages];
        let step = *step.get(usize::from(heir.steps)).ok_or(Unsound("there is no such step"))?;
        let Member { visitor, mode, .. } = self.members[member];
        let ticket = self.tickets.insert(Ticket {
            member,
            visitor,
            mode,
            place: Place::new(heir.number, heir.is_front, heir.joined),
            stance: Stance { step, again: heir.again, is_resigned: heir.is_resigned },
            asked: heir.asked,
            is_seated: false,
            is_listed: false,
            stands: NONE,
            after_room: heir.after_room,
            notice: NoticeLine::None,
            tell_at: heir.asked,
            is_in_step_line: false,
            told: heir.told.map(|(waiting, estimate, relaxed)| Notice {
                waiting,
                estimate,
                relaxed,
            }),
            links: [Link::default(); 3],
        });
        self.members[member].standing = Standing::Waiting(ticket);
        self.await_step(ticket);
        Ok(())
    }

    fn inherit_meetings(&mut self, meetings: &[(Moment, [UserId; 2])]) -> Result<(), Unsound> {
        if meetings.len() > Meetings::MAX || !meetings.is_sorted_by_key(|(at, _)| *at) {
            return Err(Unsound("meetings are not in the order of time"));
        }
        if self.meetings.is_off() {
            return Ok(());
        }
        for (at, users) in meetings.iter().filter(|(_, [one, other])| one != other) {
            let visitors = users.map(|user| self.visitors.take_up(user, self.blocks.concern(user)));
            self.visitors.remember(visitors, self.meetings.window());
            self.meetings.remember(visitors, *at);
            visitors.into_iter().for_each(|visitor| self.visitors.put_back(visitor));
        }
        Ok(())
    }
}

impl TicketEstate {
    fn of(ticket: &Ticket) -> Self {
        let Ticket { place, stance, asked, after_room, told, .. } = *ticket;
        Self {
            number: place.number,
            is_front: place.rank == place.number,
            joined: place.joined,
            asked,
            steps: stance.step as u8,
            again: stance.again,
            is_resigned: stance.is_resigned,
            after_room,
            told: told.map(|Notice { waiting, estimate, relaxed }| (waiting, estimate, relaxed)),
        }
    }
}

impl From<Parting> for PartingEstate {
    fn from(parting: Parting) -> Self {
        let Parting { room, mode, partner, partner_user, at, is_leaver, asks_until } = parting;
        Self { room, mode, partner, partner_user, at, is_leaver, asks_until }
    }
}

impl From<PartingEstate> for Parting {
    fn from(estate: PartingEstate) -> Self {
        let PartingEstate { room, mode, partner, partner_user, at, is_leaver, asks_until } = estate;
        Self { room, mode, partner, partner_user, at, is_leaver, asks_until }
    }
}

#[cfg(test)]
mod tests;
