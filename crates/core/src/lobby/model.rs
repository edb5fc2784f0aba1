//! The model that the walks hold the Lobby against: it knows the inputs and the effects, compares
//! wishes word by word, and looks at everybody. It shares no code with the Lobby.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::*;
use crate::RecentRooms;

/// What a session asked for, and since when it waits for it.
#[derive(Clone, Debug)]
pub(super) struct Hope {
    pub(super) asked: Moment,
    /// Among those of one visitor, who asked first.
    pub(super) turn: u64,
    pub(super) again: bool,
    pub(super) told_met_everyone: bool,
}

/// How somebody's last call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Farewell {
    pub(super) room: RoomId,
    pub(super) partner: SessionKey,
    at: Moment,
    is_leaver: bool,
    pub(super) asks: bool,
}

/// What the sessions said and were told, and nothing else.
pub(super) struct Model {
    pub(super) policy: Policy,
    pub(super) now: Moment,
    pub(super) turn: u64,
    pub(super) user_of: HashMap<SessionKey, UserId>,
    pub(super) mode_of: HashMap<SessionKey, Mode>,
    pub(super) wishes_of: HashMap<SessionKey, Wishes>,
    pub(super) wants_next: HashMap<SessionKey, bool>,
    pub(super) waiting: BTreeMap<SessionKey, Hope>,
    pub(super) away: BTreeSet<SessionKey>,
    pub(super) room_of: HashMap<SessionKey, RoomId>,
    pub(super) members: BTreeMap<RoomId, [SessionKey; 2]>,
    mode_of_room: HashMap<RoomId, Mode>,
    pub(super) past: HashMap<SessionKey, Vec<RoomId>>,
    pub(super) farewells: HashMap<SessionKey, Farewell>,
    pub(super) ended: Vec<RoomId>,
    /// For each visitor, the partners and when, oldest first.
    met: HashMap<UserId, Vec<(UserId, Moment)>>,
    blocked: Vec<(UserId, UserId)>,
}

impl Model {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            now: Moment::default(),
            turn: 0,
            user_of: HashMap::new(),
            mode_of: HashMap::new(),
            wishes_of: HashMap::new(),
            wants_next: HashMap::new(),
            waiting: BTreeMap::new(),
            away: BTreeSet::new(),
            room_of: HashMap::new(),
            members: BTreeMap::new(),
            mode_of_room: HashMap::new(),
            past: HashMap::new(),
            farewells: HashMap::new(),
            ended: Vec::new(),
            met: HashMap::new(),
            blocked: Vec::new(),
        }
    }

    fn was_in(&self, session: SessionKey, room: RoomId) -> bool {
        let past = self.past.get(&session).map_or(&[][..], Vec::as_slice);
        past.iter().rev().take(RecentRooms::MAX).any(|past| *past == room)
    }

    pub(super) fn is_refused(&self, input: &Input) -> bool {
        match input {
            Input::Request(session, Request { room: Some(named), .. }) => {
                self.room_of.get(session).is_some_and(|present| present != named)
            }
            Input::Stop(session, Some(named)) => {
                self.room_of.get(session) != Some(named) && !self.was_in(*session, *named)
            }
            Input::UndoSkip(session) => self.farewell(*session).is_none_or(|last| {
                let partner = self.user_of.get(&last.partner);
                partner.is_none_or(|partner| self.is_blocked(self.user_of[session], *partner))
            }),
            Input::Block(session, room) => self.to_be_blocked(*session, *room).is_none(),
            _ => false,
        }
    }

    /// The last call of a session, as long as it may go back.
    fn farewell(&self, session: SessionKey) -> Option<Farewell> {
        let last = *self.farewells.get(&session)?;
        (self.now.since(last.at) < Duration::from_secs(30)).then_some(last)
    }

    fn partner_of(&self, session: SessionKey) -> Option<SessionKey> {
        let sessions = self.members[self.room_of.get(&session)?];
        sessions.into_iter().find(|other| *other != session)
    }

    /// Whom a session means by `block-user`, with the user even if they are gone.
    fn to_be_blocked(&self, session: SessionKey, room: Option<RoomId>) -> Option<SessionKey> {
        let present = self.room_of.get(&session).copied();
        let last = self.farewells.get(&session);
        match (room, present, last) {
            (None, Some(_), _) => self.partner_of(session),
            (Some(named), Some(present), _) if named == present => self.partner_of(session),
            (None, None, Some(last)) => Some(last.partner),
            (Some(named), _, Some(last)) if named == last.room => Some(last.partner),
            _ => None,
        }
    }

    /// Takes an input that is not to be refused.
    pub(super) fn accept(&mut self, input: &Input, all_users: impl Fn(SessionKey) -> UserId) {
        self.turn += 4;
        match input {
            Input::Request(session, request) => self.accept_request(*session, request),
            Input::Cancel(session) => {
                self.withdraw(*session);
                if self.waiting.remove(session).is_some() {
                    self.wishes_of.remove(session);
                }
            }
            Input::Block(session, room) => {
                let other = self.to_be_blocked(*session, *room).expect("somebody to be blocked");
                let pair = (all_users(*session), all_users(other));
                self.blocked.extend((pair.0 != pair.1).then_some(pair));
            }
            Input::Away(session) if self.user_of.contains_key(session) => {
                self.away.insert(*session);
            }
            Input::Back(session) => {
                self.away.remove(session);
            }
            _ => {}
        }
    }

    fn accept_request(&mut self, session: SessionKey, request: &Request) {
        self.user_of.entry(session).or_insert(request.user);
        let wishes = request.wishes.as_deref().cloned().unwrap_or_default();
        let former = self.wishes_of.insert(session, wishes.clone()).unwrap_or_default();
        let is_other = (former, self.mode_of.get(&session)) != (wishes, Some(&request.mode));
        self.mode_of.insert(session, request.mode);
        self.wants_next.insert(session, request.auto_next);
        self.withdraw(session);
        let fresh = Hope {
            asked: self.now,
            turn: self.turn + 3,
            again: request.again,
            told_met_everyone: false,
        };
        match self.waiting.get_mut(&session) {
            Some(hope) if !is_other => hope.again = request.again,
            Some(hope) => *hope = fresh,
            None => {
                self.waiting.insert(session, fresh);
            }
        }
    }

    pub(super) fn withdraw(&mut self, session: SessionKey) {
        if let Some(last) = self.farewells.get_mut(&session) {
            last.asks = false;
        }
    }

    /// With whom an `undo-skip` brings a session back at once.
    pub(super) fn is_brought_back_to(&self, session: SessionKey) -> Option<SessionKey> {
        let last = self.farewell(session)?;
        let other = last.partner;
        if self.away.contains(&session) || self.away.contains(&other) {
            return None;
        }
        let asks_too = self.farewell(other).is_some_and(|far| far.room == last.room && far.asks);
        let waits = self.waiting.contains_key(&other)
            && self.mode_of[&other] == self.mode_of_room[&last.room];
        (asks_too || (waits && last.is_leaver)).then_some(other)
    }

    /// Takes an effect; `is_undo` says that it may come from somebody going back.
    pub(super) fn take(&mut self, effect: Effect, brought_back: Option<[SessionKey; 2]>) {
        match effect {
            Effect::Matched { room, mode, sessions, .. } => {
                let is_undo =
                    brought_back.is_some_and(|two| two.iter().all(|it| sessions.contains(it)));
                let nobody_is_away = sessions.iter().all(|session| !self.away.contains(session));
                assert!(nobody_is_away, "nobody meets who is away");
                assert!(is_undo || self.may_meet(sessions), "{sessions:?} were not to meet");
                self.begin(room, mode, sessions);
            }
            Effect::PartnerLeft { session, room, .. } => self.end(room, session),
            Effect::RoomEnded { room } => {
                assert!(!self.members.contains_key(&room), "told before it is over");
                self.ended.push(room);
            }
            Effect::Waiting { session, waiting, relaxed, .. } => {
                self.tell(session, waiting, relaxed);
            }
            Effect::UndoLapsed { session } => {
                assert!(self.farewell(session).is_none(), "not before its time");
                assert!(self.farewells[&session].asks, "only an ask lapses");
                assert!(!self.waiting.contains_key(&session));
                self.withdraw(session);
            }
        }
    }

    fn begin(&mut self, room: RoomId, mode: Mode, sessions: [SessionKey; 2]) {
        assert!(self.members.insert(room, sessions).is_none(), "a new room is new");
        assert!(!self.ended.contains(&room), "an ended room never comes back");
        self.mode_of_room.insert(room, mode);
        for session in sessions {
            let before = self.room_of.insert(session, room);
            assert_eq!(before, None, "nobody is in two rooms");
            self.waiting.remove(&session);
            self.mode_of.insert(session, mode);
        }
        let [one, other] = sessions.map(|session| self.user_of[&session]);
        if one != other {
            self.met.entry(one).or_default().push((other, self.now));
            self.met.entry(other).or_default().push((one, self.now));
        }
    }

    fn end(&mut self, room: RoomId, left: SessionKey) {
        let sessions = self.members.remove(&room).expect("only a live room ends");
        assert!(sessions.contains(&left), "a partner is told, nobody else");
        for (session, partner) in [(sessions[0], sessions[1]), (sessions[1], sessions[0])] {
            assert_eq!(self.room_of.remove(&session), Some(room));
            self.past.entry(session).or_default().push(room);
            let (at, is_leaver) = (self.now, session != left);
            let farewell = Farewell { room, partner, at, is_leaver, asks: false };
            self.farewells.insert(session, farewell);
        }
        if self.wants_next[&left] {
            self.turn += 1;
            let (asked, turn) = (self.now, self.turn);
            let hope = Hope { asked, turn, again: false, told_met_everyone: false };
            self.waiting.insert(left, hope);
        } else {
            self.wishes_of.remove(&left);
        }
    }

    fn tell(&mut self, session: SessionKey, waiting: usize, relaxed: Relaxed) {
        let mode = self.mode_of[&session];
        let there = self
            .waiting
            .keys()
            .filter(|other| self.mode_of[other] == mode && !self.away.contains(other));
        assert_eq!(waiting, there.count(), "told how many wait");
        let hope = self.waiting.get_mut(&session).expect("only who waits is told so");
        hope.told_met_everyone = relaxed.met_everyone;
        let waited = self.now.since(hope.asked);
        let wishes = self.wishes_of.get(&session).cloned().unwrap_or_default();
        let is_over = |after| waited >= after;
        let interests = is_over(self.policy.relax_interests_after) && !wishes.interests.is_empty();
        let languages = is_over(self.policy.relax_languages_after) && !wishes.languages.is_empty();
        assert_eq!((relaxed.interests, relaxed.languages), (interests, languages));
        if relaxed.met_everyone {
            let own = self.user_of[&session];
            let others = self.heads().filter(|other| self.mode_of[other] == mode);
            let others = others.map(|other| self.user_of[&other]).filter(|user| *user != own);
            let have_met: Vec<bool> = others.map(|user| self.met_lately(own, user)).collect();
            assert!(!have_met.is_empty() && have_met.into_iter().all(|met| met));
        }
    }

    /// Of those who wait and are there, of each visitor and mode whoever asked first; all of them
    /// where one visitor may meet themselves.
    fn heads(&self) -> impl Iterator<Item = SessionKey> + '_ {
        let there = move || self.waiting.iter().filter(|(session, _)| !self.away.contains(session));
        let is_before = move |(session, hope): (&SessionKey, &Hope), other: &SessionKey| {
            self.user_of[session] == self.user_of[other]
                && self.mode_of[session] == self.mode_of[other]
                && hope.turn < self.waiting[other].turn
        };
        there().map(|(session, _)| *session).filter(move |session| {
            self.policy.same_visitor || !there().any(|other| is_before(other, session))
        })
    }

    fn met_lately(&self, one: UserId, other: UserId) -> bool {
        let partners_max = self.policy.memory_partners as usize;
        let is_young = |at: Moment| self.now.since(at) < self.policy.memory_time;
        let among = |own: UserId, partner: UserId| {
            let met = self.met.get(&own).map_or(&[][..], Vec::as_slice);
            met.iter().rev().take(partners_max).any(|(it, at)| *it == partner && is_young(*at))
        };
        among(one, other) || among(other, one)
    }

    fn is_blocked(&self, one: UserId, other: UserId) -> bool {
        self.blocked.contains(&(one, other)) || self.blocked.contains(&(other, one))
    }

    /// Whether nothing is against the two, who both wait.
    pub(super) fn may_meet(&self, sessions: [SessionKey; 2]) -> bool {
        let [one, other] = sessions;
        let [own, theirs] = sessions.map(|session| self.user_of[&session]);
        let (Some(hope), Some(their_hope)) = (self.waiting.get(&one), self.waiting.get(&other))
        else {
            return false;
        };
        if self.mode_of[&one] != self.mode_of[&other] || one == other {
            return false;
        }
        if own == theirs && !self.policy.same_visitor || self.is_blocked(own, theirs) {
            return false;
        }
        let is_willing = |hope: &Hope| hope.again || hope.told_met_everyone;
        let again =
            (hope.again && is_willing(their_hope)) || (their_hope.again && is_willing(hope));
        if own != theirs && self.met_lately(own, theirs) && !again {
            return false;
        }
        self.suits(one, other) && self.suits(other, one)
    }

    /// Whether `other` is what `one` would agree to by now.
    fn suits(&self, one: SessionKey, other: SessionKey) -> bool {
        let waited = self.now.since(self.waiting[&one].asked);
        let wishes = |session| self.wishes_of.get(&session).cloned().unwrap_or_default();
        let (own, theirs) = (wishes(one), wishes(other));
        let shares = |own: &[String], theirs: &[String]| own.iter().any(|it| theirs.contains(it));
        let interests = own.interests.is_empty()
            || waited >= self.policy.relax_interests_after
            || shares(&own.interests, &theirs.interests);
        let languages = own.languages.is_empty()
            || waited >= self.policy.relax_languages_after
            || shares(&own.languages, &theirs.languages);
        interests && languages
    }

    fn is_fully_relaxed(&self, session: SessionKey) -> bool {
        self.now.since(self.waiting[&session].asked) >= self.policy.relax_languages_after
    }

    /// Panics where two wait who may meet: at any step for the first of a visitor's windows, at the
    /// last step for all (but that a later window may be the only one to ask for `again`).
    pub(super) fn assert_nobody_waits_in_vain(&self) {
        let heads: Vec<SessionKey> = self.heads().collect();
        let there: Vec<SessionKey> =
            self.waiting.keys().filter(|session| !self.away.contains(session)).copied().collect();
        for one in &there {
            for other in there.iter().filter(|other| *other > one) {
                let both = |is: &dyn Fn(&SessionKey) -> bool| is(one) && is(other);
                let must_meet = both(&|session| heads.contains(session))
                    || both(&|session| self.is_fully_relaxed(*session))
                        && !self.met_lately(self.user_of[one], self.user_of[other]);
                let may_meet = self.may_meet([*one, *other]);
                let hopes = [one, other].map(|it| (it, &self.waiting[it]));
                assert!(!(must_meet && may_meet), "both wait, and may meet: {hopes:?}");
            }
        }
    }
}
