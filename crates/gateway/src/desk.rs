//! The desk of this node: the lobby, and how each session is reached and shown.
//!
//! It belongs to one event loop; sessions of the others ask by post. It answers with deliveries and
//! never waits for anybody. The lobby itself knows only keys.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use liveloop_core::{
    Blocking, Effect, IdMap, Input, Lobby, Mode, Moment, Rejection, RoomId, SessionKey, SocketId,
    UserId,
};
use liveloop_ports::Archive;
use liveloop_protocol::{ErrorCode, IdText, Refusal};

use crate::{
    clock::random_id,
    estate::{DeskLegacy, LobbyLegacy, ProfileLegacy},
    inquiry::store_unavailable,
    plane::ConnId,
    session::{Delivery, Matched, Partner, Profile, Shared, WaitingNotice},
    simulation::Occupancy,
};

/// What a session asks of the lobby.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) input: Input,
    /// With a request, how the session is shown and reached from now on.
    pub(crate) seat: Option<Seat>,
    /// The frame that asked, where one did.
    pub(crate) by: Option<AskedBy>,
}

/// The frame behind an ask or an inquiry, so that it can be answered.
#[derive(Debug)]
pub(crate) struct AskedBy {
    pub(crate) event: &'static str,
    pub(crate) room: Option<RoomId>,
    pub(crate) reference: Option<u64>,
    /// Where the answer goes.
    pub(crate) outlet: ConnId,
}

/// What the lobby says to an ask.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) event: &'static str,
    pub(crate) room: Option<RoomId>,
    pub(crate) reference: Option<u64>,
    pub(crate) outcome: Result<(), Refusal>,
}

/// How a session is shown to a partner, and reached.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) socket: SocketId,
    pub(crate) user: UserId,
    pub(crate) profile: Arc<Profile>,
    pub(crate) outlet: ConnId,
}

/// What comes of it that somebody in a call wants a channel with their partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Befriended {
    /// They are in no call with anybody of that pseudonym.
    Nobody,
    /// The partner has not asked yet.
    Asked,
    /// Both have. This is the partner.
    Both(UserId),
}

/// A block that is to be kept, and the frame behind it.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) who: UserId,
    pub(crate) whom: UserId,
    pub(crate) by: AskedBy,
}

/// Blocks whose keeping is under way or has failed, at most.
const UNKEPT_MAX: usize = 16_384;

/// The lobby with everything that it needs to be asked.
pub(crate) struct Desk {
    lobby: Lobby,
    seats: IdMap<SessionKey, Seat>,
    /// Who of the two in a call has asked for a channel with the other; of most calls nobody.
    asked: IdMap<RoomId, Vec<UserId>>,
    to_keep: VecDeque<Blocked>,
    /// Blocks that hold here and are not kept, as far as is known: said again they are tried again.
    unkept: HashSet<[UserId; 2]>,
    shared: Arc<Shared>,
    archive: Arc<dyn Archive>,
    deliveries: VecDeque<(ConnId, Delivery)>,
}

/// An id that no room has had.
pub(crate) fn mint_room() -> RoomId {
    RoomId(random_id())
}

impl Desk {
    pub(crate) fn new(shared: Arc<Shared>, archive: Arc<dyn Archive>) -> Self {
        let lobby = Lobby::new(shared.settings.matching.policy(), mint_room);
        Self::inherit(shared, archive, lobby, IdMap::default())
    }

    /// One that goes on with this Lobby, and with how its sessions are shown and reached.
    pub(crate) fn inherit(
        shared: Arc<Shared>,
        archive: Arc<dyn Archive>,
        lobby: Lobby,
        seats: IdMap<SessionKey, Seat>,
    ) -> Self {
        let rooms: HashSet<RoomId> = seats
            .keys()
            .filter_map(|session| lobby.room_of(*session).map(|(room, _)| room))
            .collect();
        // What was said there before the store knows, if it is one that lasts.
        rooms.into_iter().for_each(|room| archive.open_call(room));
        let (asked, deliveries) = (IdMap::default(), VecDeque::new());
        let (to_keep, unkept) = (VecDeque::new(), HashSet::new());
        let desk = Self { lobby, seats, asked, to_keep, unkept, shared, archive, deliveries };
        desk.show_levels();
        desk
    }

    /// What it leaves to the next; everybody is away from now on.
    pub(crate) fn bequeath(&mut self) -> DeskLegacy {
        let profile = |(key, seat): (&SessionKey, &Seat)| (key.0, ProfileLegacy::of(&seat.profile));
        DeskLegacy {
            lobby: LobbyLegacy::from(&self.lobby.bequeath()),
            profiles: self.seats.iter().map(profile).collect(),
        }
    }

    /// The call that a session is in, as it sees it.
    pub(crate) fn matched(&self, session: SessionKey, is_initiator: bool) -> Option<Matched> {
        let (room, partner) = self.lobby.room_of(session)?;
        let mode = self.lobby.mode_of(session)?;
        let (own, other) = (self.seats.get(&session)?, self.seats.get(&partner)?);
        let pseudonyms = self.shared.secret.pseudonyms([own.user, other.user]);
        Some(matched((room, mode), [own, other], pseudonyms, is_initiator))
    }

    /// When [`Desk::handle_timeout`] is next to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        self.lobby.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        self.lobby.handle_timeout(now);
        self.carry_out();
    }

    /// Whether a visitor is in this call.
    pub(crate) fn is_in_call(&self, user: UserId, room: RoomId) -> bool {
        self.calls_of(user).any(|(call, _)| call == room)
    }

    fn calls_of(&self, user: UserId) -> impl Iterator<Item = (RoomId, UserId)> {
        let own = self.seats.iter().filter(move |(_, seat)| seat.user == user);
        own.filter_map(|(session, _)| self.lobby.call_of(*session))
    }

    /// A visitor wants a lasting channel with the one in a call with them who has this pseudonym. Both
    /// have to, as long as the call lasts; afterwards either learns who the other is.
    ///
    /// All who wait or talk are looked through: it is asked seldom, for an address makes few channels.
    pub(crate) fn befriend(&mut self, user: UserId, pseudonym: &str) -> Befriended {
        let secret = &self.shared.secret;
        let call = self.calls_of(user).find(|(_, partner)| {
            let [_, theirs] = secret.pseudonyms([user, *partner]);
            *theirs == *pseudonym
        });
        let Some((room, partner)) = call else { return Befriended::Nobody };
        let asked = self.asked.entry(room).or_default();
        if !asked.contains(&user) {
            asked.push(user);
        }
        if asked.contains(&partner) { Befriended::Both(partner) } else { Befriended::Asked }
    }

    /// The next thing that somebody is to be told.
    pub(crate) fn poll_delivery(&mut self) -> Option<(ConnId, Delivery)> {
        self.deliveries.pop_front()
    }

    /// Takes what a session asks. `is_here` says that the session is of the desk's own thread: it has
    /// heard everything that the desk has said, and a yes without a number tells it nothing.
    pub(crate) fn take(&mut self, ask: Ask, now: Moment, is_here: bool) {
        let Ask { input, seat, by } = ask;
        let session = input.session();
        // Who asks for a partner back is shown as before, if they still wait or talk.
        let is_as_before = matches!(input, Input::UndoSkip(_));
        let blocking = match input {
            Input::Block(session, room) => self.lobby.blocking_of(session, room),
            _ => None,
        };
        let outcome = self.lobby.handle_input(input, now);
        if let (Some(seat), Ok(())) = (seat, outcome)
            && !(is_as_before && self.seats.contains_key(&session))
        {
            self.seats.insert(session, seat);
        }
        let by = match blocking {
            Some(blocking) => by.and_then(|by| self.keep_block(blocking, by)),
            None => by,
        };
        let is_to_be_told = |by: &AskedBy| !is_here || outcome.is_err() || by.reference.is_some();
        if let Some(AskedBy { event, room, reference, outlet }) = by.filter(is_to_be_told) {
            let outcome = outcome.map_err(refusal_of_lobby);
            let answer = Answer { event, room, reference, outcome };
            self.deliveries.push_back((outlet, Delivery::Answer(answer)));
        }
        self.carry_out();
        self.forget_if_idle(session);
    }

    /// Has a block kept that is not yet; gives the frame back where nothing is to be done.
    fn keep_block(&mut self, blocking: Blocking, by: AskedBy) -> Option<AskedBy> {
        let Blocking { who, whom, is_new } = blocking;
        if !is_new && !self.unkept.contains(&[who, whom]) {
            return Some(by);
        }
        // One that is forgotten here is tried again after a restart alone.
        if self.unkept.len() < UNKEPT_MAX {
            self.unkept.insert([who, whom]);
        }
        self.to_keep.push_back(Blocked { who, whom, by });
        None
    }

    /// The next block that is to be kept for good; [`Desk::block_kept`] is told what came of it.
    pub(crate) fn poll_block(&mut self) -> Option<Blocked> {
        self.to_keep.pop_front()
    }

    /// A block is kept, or the store has failed: whoever asked is told.
    pub(crate) fn block_kept(&mut self, blocked: Blocked, is_kept: bool) {
        let Blocked { who, whom, by } = blocked;
        if is_kept {
            self.unkept.remove(&[who, whom]);
        }
        let AskedBy { event, room, reference, outlet } = by;
        let outcome = if is_kept { Ok(()) } else { Err(block_not_kept()) };
        let answer = Answer { event, room, reference, outcome };
        self.deliveries.push_back((outlet, Delivery::Answer(answer)));
    }

    /// A visitor who comes has blocked these.
    pub(crate) fn know_blocks(&mut self, who: UserId, blocked: &[UserId], now: Moment) {
        self.lobby.know_blocks(who, blocked, now);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        // Whoever is told of something finds it in the status too.
        self.show_levels();
        while let Some(effect) = self.lobby.poll_effect() {
            match effect {
                Effect::Matched { room, mode, sessions, waited } => {
                    self.shared.figures.count_room();
                    self.shared.figures.match_wait.observe(waited);
                    tracing::debug!(?waited, "two have met");
                    self.archive.open_call(room);
                    self.introduce(room, mode, sessions);
                }
                Effect::PartnerLeft { session, room, reason } => {
                    let is_queued = !self.lobby.is_idle(session);
                    self.deliver(session, Delivery::PartnerLeft { room, reason, is_queued });
                    self.forget_if_idle(session);
                }
                Effect::RoomEnded { room } => {
                    self.asked.remove(&room);
                    self.archive.close_room(room);
                }
                Effect::Waiting { session, waiting, estimate, relaxed } => {
                    let notice = WaitingNotice { waiting, estimate, relaxed };
                    self.deliver(session, Delivery::Waiting(notice));
                }
                Effect::UndoLapsed { session } => self.forget_if_idle(session),
            }
        }
    }

    /// Gives each of the two the other's Link.
    fn introduce(&mut self, room: RoomId, mode: Mode, sessions: [SessionKey; 2]) {
        let [Some(first), Some(second)] = sessions.map(|session| self.seats.get(&session)) else {
            debug_assert!(false, "whoever is matched has a seat");
            return;
        };
        let of_pair = self.shared.secret.pseudonyms([first.user, second.user]);
        let of_second = [of_pair[1], of_pair[0]];
        for (parties, pseudonyms, is_initiator) in
            [([second, first], of_second, false), ([first, second], of_pair, true)]
        {
            let matched = matched((room, mode), parties, pseudonyms, is_initiator);
            self.deliveries.push_back((parties[0].outlet, Delivery::Matched(Box::new(matched))));
        }
    }

    fn deliver(&mut self, session: SessionKey, delivery: Delivery) {
        if let Some(seat) = self.seats.get(&session) {
            self.deliveries.push_back((seat.outlet, delivery));
        }
    }

    /// How somebody is shown is held only while they wait, are in a room, or ask for a partner back.
    fn forget_if_idle(&mut self, session: SessionKey) {
        if self.lobby.is_idle(session) {
            self.seats.remove(&session);
        }
    }

    /// Adds what it holds.
    pub(crate) fn count_held(&self, occupancy: &mut Occupancy) {
        occupancy.lobby = self.lobby.held();
        occupancy.seats += self.seats.len();
        occupancy.asked += self.asked.len();
        occupancy.deliveries += self.deliveries.len();
    }

    fn show_levels(&self) {
        let figures = &self.shared.figures;
        figures.waiting.store(self.lobby.waiting_count() as u64, Relaxed);
        figures.rooms.store(self.lobby.room_count() as u64, Relaxed);
    }
}

/// A match as the first of the two sees it.
fn matched(
    (room, mode): (RoomId, Mode),
    [own, other]: [&Seat; 2],
    [own_pseudonym, pseudonym]: [IdText; 2],
    is_initiator: bool,
) -> Matched {
    let (mine, theirs) = (own.profile.interests(), other.profile.interests());
    let partner = Partner {
        socket: other.socket,
        user: other.user,
        pseudonym,
        profile: Arc::clone(&other.profile),
        common_interests: mine.iter().filter(|i| theirs.contains(i)).cloned().collect(),
        outlet: other.outlet,
    };
    let own_profile = Arc::clone(&own.profile);
    Matched { room, mode, is_initiator, own_pseudonym, own_profile, partner }
}

/// The block holds, as long as this process does.
fn block_not_kept() -> Refusal {
    let reason = "you do not meet them now, but this could not be kept: block them again shortly";
    Refusal { message: reason.into(), ..store_unavailable() }
}

fn refusal_of_lobby(rejection: Rejection) -> Refusal {
    match rejection {
        Rejection::NotInRoom => Refusal::not_in_room(),
        Rejection::NothingToUndo => {
            let reason = "nobody is there to go back to: look for somebody else";
            Refusal::new(ErrorCode::NotAllowed, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use liveloop_core::Request;
    use liveloop_ports::{MemoryArchive, NoBans};

    use super::*;
    use crate::{identity::Secret, plane::Key, settings::Settings};

    fn request(session: u32) -> Ask {
        let outlet = ConnId { thread: 0, key: Key { slot: session, generation: 0 } };
        let user = UserId(session.into());
        let request = Request {
            user,
            mode: Mode::Video,
            auto_next: true,
            room: None,
            wishes: None,
            again: false,
        };
        let (socket, profile) = (SocketId(session.into()), Arc::default());
        let seat = Seat { socket, user, profile, outlet };
        let input = Input::Request(SessionKey(session.into()), request);
        Ask { input, seat: Some(seat), by: None }
    }

    #[test]
    fn whoever_hears_of_a_match_finds_it_in_the_figures() {
        let (settings, secret) = (Settings::for_testing(), Secret::new([1; 32]));
        let shared = Arc::new(Shared::new(settings, secret, Arc::new(NoBans)));
        let mut desk = Desk::new(Arc::clone(&shared), Arc::new(MemoryArchive::default()));
        let now = Moment::default();
        let figures =
            || [&shared.figures.waiting, &shared.figures.rooms].map(|it| it.load(Relaxed));
        desk.take(request(1), now, true);
        assert_eq!(figures(), [1, 0]);
        desk.take(request(2), now, true);
        assert_eq!(figures(), [0, 1]);
        let told: Vec<_> = std::iter::from_fn(|| desk.poll_delivery()).collect();
        assert!(matches!(told[..], [(_, Delivery::Matched(_)), (_, Delivery::Matched(_))]));
        let gone = Ask { input: Input::Disconnect(SessionKey(2)), seat: None, by: None };
        desk.take(gone, now, true);
        assert_eq!(figures(), [1, 0]);
        assert!(matches!(desk.poll_delivery(), Some((_, Delivery::PartnerLeft { .. }))));
    }

    #[test]
    fn two_in_a_call_become_known_to_each_other_where_both_want_that() {
        let (settings, secret) = (Settings::for_testing(), Secret::new([1; 32]));
        let shared = Arc::new(Shared::new(settings, secret, Arc::new(NoBans)));
        let mut desk = Desk::new(Arc::clone(&shared), Arc::new(MemoryArchive::default()));
        let now = Moment::default();
        let [one, two, three] = [1, 2, 3].map(UserId);
        let [of_one, of_two] = shared.secret.pseudonyms([one, two]);
        assert_eq!(desk.befriend(one, &of_two), Befriended::Nobody, "not in a call yet");
        (1..=3).for_each(|session| desk.take(request(session), now, true));
        assert_eq!(desk.befriend(one, "nobody's"), Befriended::Nobody);
        assert_eq!(desk.befriend(one, &of_one), Befriended::Nobody, "their own");
        assert_eq!(desk.befriend(three, &of_two), Befriended::Nobody);
        for _ in 0..2 {
            assert_eq!(desk.befriend(one, &of_two), Befriended::Asked);
        }
        assert_eq!(desk.befriend(two, &of_one), Befriended::Both(one));
        assert_eq!(desk.befriend(one, &of_two), Befriended::Both(two));
        let gone = Ask { input: Input::Disconnect(SessionKey(2)), seat: None, by: None };
        desk.take(gone, now, true);
        assert_eq!(desk.befriend(one, &of_two), Befriended::Nobody);
        assert!(desk.asked.is_empty());
    }
}
