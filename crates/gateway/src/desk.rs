//! The desk of this node: the lobby, and how each session is reached and shown.
//!
//! It belongs to one event loop; sessions of the others ask by post. It answers with deliveries and
//! never waits for anybody. The lobby itself knows only keys.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use liveloop_core::{
    Effect, GroupPolicy, GroupRejection, GroupSpec, Groups, IdMap, Input, Lobby, Mode, Moment,
    Rejection, RoomId, SessionKey, SocketId, UserId,
};
use liveloop_ports::{Archive, Lasting};
use liveloop_protocol::{ErrorCode, Refusal, RoomMembers, ServerEvent, format_id};

use crate::{
    clock::random_id,
    plane::ConnId,
    session::{
        Delivery, Joined, Matched, Partner, Profile, Publication, Published, RelayKind, Shared,
        WaitingNotice,
    },
    simulation::Occupancy,
};

/// What a session asks of the lobby.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) wish: Wish,
    /// The frame that asked, where one did.
    pub(crate) by: Option<AskedBy>,
}

/// What is wished for.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Of the lobby; with a request, how the session is shown and reached from now on.
    Meet(Input, Option<Seat>),
    /// To be a member of a group.
    Join(RoomId, UserId),
    /// To be none any more.
    Leave(RoomId, UserId),
    /// Nothing: on one thread more, or on one less, somebody listens to a group.
    Heard(RoomId, bool),
}

/// The frame behind an ask, so that it can be answered.
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

/// The lobby with everything that it needs to be asked.
pub(crate) struct Desk {
    lobby: Lobby,
    groups: Groups,
    seats: IdMap<SessionKey, Seat>,
    shared: Arc<Shared>,
    archive: Arc<dyn Archive>,
    deliveries: VecDeque<(ConnId, Delivery)>,
}

impl Desk {
    pub(crate) fn new(shared: Arc<Shared>, archive: Arc<dyn Archive>) -> Self {
        let policy = shared.settings.matching.policy();
        let lobby = Lobby::new(policy, || RoomId(random_id()));
        let limits = &shared.settings.limits;
        let groups = Groups::new(GroupPolicy {
            groups_max: limits.groups,
            members_max: limits.group_members,
            groups_per_visitor_max: limits.groups_per_visitor,
            idle_max: shared.settings.groups.idle_max.0,
        });
        let (seats, deliveries) = (IdMap::default(), VecDeque::new());
        Self { lobby, groups, seats, shared, archive, deliveries }
    }

    /// When [`Desk::handle_timeout`] is next to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let due = [self.lobby.poll_timeout(), self.groups.poll_timeout()];
        due.into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Moment) {
        self.lobby.handle_timeout(now);
        self.groups.handle_timeout(now);
        while let Some(room) = self.groups.poll_ended() {
            self.archive.close_room(room);
            self.shared.figures.groups_ended.fetch_add(1, Relaxed);
        }
        self.carry_out();
    }

    /// Makes a group.
    pub(crate) fn create_group(
        &mut self,
        spec: GroupSpec,
        now: Moment,
    ) -> Result<RoomId, GroupRejection> {
        let room = RoomId(random_id());
        self.groups.create(room, spec, now)?;
        self.archive.open_call(room);
        // Asked for before any text, it is done before any: nobody has to wait for the answer.
        drop(self.archive.open_room(room, Lasting::Channel));
        self.show_levels();
        Ok(room)
    }

    /// The next thing that all who listen to a group are to be told.
    pub(crate) fn poll_publication(&mut self) -> Option<Publication> {
        let (room, count) = self.groups.poll_change()?;
        let room_id = format_id(room.0);
        let event = ServerEvent::RoomMembers(&RoomMembers {
            room_id: &room_id,
            count,
            joined: None,
            left: None,
        });
        let event = Some(Published::new(&event, None));
        let kind = RelayKind::Numbered;
        Some(Publication { room, kind, event, seq: None, from: None, answer: None })
    }

    /// The next thing that somebody is to be told.
    pub(crate) fn poll_delivery(&mut self) -> Option<(ConnId, Delivery)> {
        self.deliveries.pop_front()
    }

    /// Takes what a session asks. `is_here` says that the session is of the desk's own thread: it has
    /// heard everything that the desk has said, and a yes without a number tells it nothing.
    pub(crate) fn take(&mut self, ask: Ask, now: Moment, is_here: bool) {
        let (input, seat) = match ask.wish {
            Wish::Meet(input, seat) => (input, seat),
            Wish::Join(room, user) => return self.join((room, user), ask.by.as_ref(), now),
            Wish::Heard(room, is_heard) => return self.groups.heard(room, is_heard, now),
            Wish::Leave(room, user) => {
                self.groups.leave(room, user, now);
                return self.say_yes(ask.by.as_ref());
            }
        };
        let session = input.session();
        // Who asks for a partner back is shown as before, if they still wait or talk.
        let is_as_before = matches!(input, Input::UndoSkip(_));
        let outcome = self.lobby.handle_input(input, now);
        if let (Some(seat), Ok(())) = (seat, outcome)
            && !(is_as_before && self.seats.contains_key(&session))
        {
            self.seats.insert(session, seat);
        }
        let is_to_be_told = |by: &AskedBy| !is_here || outcome.is_err() || by.reference.is_some();
        if let Some(AskedBy { event, room, reference, outlet }) = ask.by.filter(is_to_be_told) {
            let outcome = outcome.map_err(refusal_of_lobby);
            let answer = Answer { event, room, reference, outcome };
            self.deliveries.push_back((outlet, Delivery::Answer(answer)));
        }
        self.carry_out();
        self.forget_if_idle(session);
    }

    fn join(&mut self, (room, user): (RoomId, UserId), by: Option<&AskedBy>, now: Moment) {
        let outcome = self.groups.join(room, user, now);
        if let Some(AskedBy { reference, outlet, .. }) = by {
            let joined = Joined { room, reference: *reference, outcome, last_seq: Ok(0) };
            self.deliveries.push_back((*outlet, Delivery::Joined(Box::new(joined))));
        }
    }

    fn say_yes(&mut self, by: Option<&AskedBy>) {
        if let Some(&AskedBy { event, room, reference, outlet }) = by {
            let answer = Answer { event, room, reference, outcome: Ok(()) };
            self.deliveries.push_back((outlet, Delivery::Answer(answer)));
        }
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
                Effect::RoomEnded { room } => self.archive.close_room(room),
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
        let secret = &self.shared.secret;
        let [pseudonym_of_first, pseudonym_of_second] =
            secret.pseudonyms([first.user, second.user]);
        let by_first = (second, first, false, &pseudonym_of_second, &pseudonym_of_first);
        let by_second = (first, second, true, &pseudonym_of_first, &pseudonym_of_second);
        for (own, other, is_initiator, own_pseudonym, pseudonym) in [by_first, by_second] {
            let (mine, theirs) = (own.profile.interests(), other.profile.interests());
            let partner = Partner {
                socket: other.socket,
                user: other.user,
                pseudonym: *pseudonym,
                profile: Arc::clone(&other.profile),
                common_interests: mine.iter().filter(|i| theirs.contains(i)).cloned().collect(),
                outlet: other.outlet,
            };
            let matched = Delivery::Matched(Box::new(Matched {
                room,
                mode,
                is_initiator,
                own_pseudonym: *own_pseudonym,
                own_profile: Arc::clone(&own.profile),
                partner,
            }));
            self.deliveries.push_back((own.outlet, matched));
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
        occupancy.groups += self.groups.count();
        occupancy.seats += self.seats.len();
        occupancy.deliveries += self.deliveries.len();
    }

    fn show_levels(&self) {
        let figures = &self.shared.figures;
        figures.waiting.store(self.lobby.waiting_count() as u64, Relaxed);
        figures.rooms.store(self.lobby.room_count() as u64, Relaxed);
        figures.groups.store(self.groups.count() as u64, Relaxed);
    }
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
        Ask { wish: Wish::Meet(input, Some(seat)), by: None }
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
        let gone = Ask { wish: Wish::Meet(Input::Disconnect(SessionKey(2)), None), by: None };
        desk.take(gone, now, true);
        assert_eq!(figures(), [1, 0]);
        assert!(matches!(desk.poll_delivery(), Some((_, Delivery::PartnerLeft { .. }))));
    }
}
