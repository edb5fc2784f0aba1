//! The task that owns the lobby of this node.
//!
//! Sessions ask it in batches and it answers into their inboxes; it never waits for any of them.
//! It knows how each session is reached and shown, the lobby itself only keys.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use liveloop_core::{
    Effect, Input, Lobby, Mode, Policy, Rejection, RoomId, SessionKey, SocketId, UserId,
};
use liveloop_ports::History;
use liveloop_protocol::Refusal;
use tokio::sync::mpsc;

use crate::{
    clock::{Clock, random_id},
    inbox::Outlet,
    session::{Delivery, Matched, Partner, Profile, Shared},
};

/// Asks that may wait for the lobby; a connection that has one more waits itself.
const ASKS_MAX: usize = 4_096;
/// How many asks are taken at once.
const BATCH: usize = 256;

/// What a session asks of the lobby.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) input: Input,
    /// With a request: how the session is shown and reached from now on.
    pub(crate) seat: Option<Seat>,
    /// The frame that asked, where one did.
    pub(crate) by: Option<AskedBy>,
}

/// The frame behind an ask, so that it can be answered.
#[derive(Debug)]
pub(crate) struct AskedBy {
    pub(crate) event: &'static str,
    pub(crate) room_id: Option<String>,
    pub(crate) reference: Option<u64>,
    /// Where the answer goes.
    pub(crate) outlet: Outlet,
}

/// What the lobby says to an ask.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) event: &'static str,
    pub(crate) room_id: Option<String>,
    pub(crate) reference: Option<u64>,
    pub(crate) outcome: Result<(), Refusal>,
}

/// How a session is shown to a partner, and reached.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) socket: SocketId,
    pub(crate) user: UserId,
    pub(crate) profile: Arc<Profile>,
    pub(crate) outlet: Outlet,
}

/// The way to the lobby.
#[derive(Clone, Debug)]
pub(crate) struct LobbyLink {
    asks: mpsc::Sender<Ask>,
}

impl LobbyLink {
    /// Asks the lobby; waits while too many have asked before. Only a lobby that is gone for ever,
    /// and the node with it, gets nothing.
    pub(crate) async fn ask(&self, ask: Ask) {
        let _ = self.asks.send(ask).await;
    }
}

/// The lobby's task, before it is spawned.
pub(crate) struct LobbyTask {
    asks: mpsc::Receiver<Ask>,
    lobby: Lobby,
    seats: HashMap<SessionKey, Seat>,
    shared: Arc<Shared>,
    history: Arc<dyn History>,
    clock: Clock,
}

impl LobbyTask {
    pub(crate) fn new(
        shared: Arc<Shared>,
        history: Arc<dyn History>,
        clock: Clock,
    ) -> (LobbyLink, Self) {
        let (sender, asks) = mpsc::channel(ASKS_MAX);
        let policy = Policy { same_visitor: shared.settings.matching.same_visitor };
        let lobby = Lobby::new(policy, || RoomId(random_id()));
        let task = Self { asks, lobby, seats: HashMap::new(), shared, history, clock };
        (LobbyLink { asks: sender }, task)
    }

    /// Runs until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let due = self.lobby.poll_timeout().map(|moment| self.clock.instant(moment));
            let timer = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                taken = self.asks.recv_many(&mut batch, BATCH) => if taken == 0 { return },
                () = timer => {}
            }
            for ask in batch.drain(..) {
                self.take(ask);
            }
            self.lobby.handle_timeout(self.clock.moment());
            self.carry_out();
        }
    }

    fn take(&mut self, ask: Ask) {
        let session = match ask.input {
            Input::Request(session, _)
            | Input::Cancel(session)
            | Input::Stop(session, _)
            | Input::Disconnect(session) => session,
        };
        let outcome = self.lobby.handle_input(ask.input, self.clock.moment());
        if let (Some(seat), Ok(())) = (ask.seat, outcome) {
            self.seats.insert(session, seat);
        }
        if let Some(AskedBy { event, room_id, reference, outlet }) = ask.by {
            let outcome = outcome.map_err(|Rejection::NotInRoom| Refusal::not_in_room());
            outlet.deliver(Delivery::Answer(Answer { event, room_id, reference, outcome }));
        }
        self.carry_out();
        self.forget_if_idle(session);
    }

    fn carry_out(&mut self) {
        // Whoever is told of something finds it in the status too.
        self.show_levels();
        while let Some(effect) = self.lobby.poll_effect() {
            match effect {
                Effect::Matched { room, mode, sessions } => {
                    self.shared.figures.count_room();
                    self.history.open_room(room);
                    self.introduce(room, mode, sessions);
                }
                Effect::PartnerLeft { session, room, reason } => {
                    self.deliver(session, Delivery::PartnerLeft { room, reason });
                    self.forget_if_idle(session);
                }
                Effect::RoomEnded { room } => self.history.close_room(room),
                Effect::Waiting { session, waiting } => {
                    self.deliver(session, Delivery::Waiting { waiting });
                }
            }
        }
    }

    /// Gives each of the two the other's Link.
    fn introduce(&self, room: RoomId, mode: Mode, sessions: [SessionKey; 2]) {
        let [Some(first), Some(second)] = sessions.map(|session| self.seats.get(&session)) else {
            debug_assert!(false, "whoever is matched has a seat");
            return;
        };
        for (own, other, is_initiator) in [(second, first, false), (first, second, true)] {
            let secret = &self.shared.secret;
            let (mine, theirs) = (&own.profile.interests, &other.profile.interests);
            let partner = Partner {
                socket: other.socket,
                pseudonym: secret.pseudonym(other.user, own.user),
                profile: Arc::clone(&other.profile),
                common_interests: mine.iter().filter(|i| theirs.contains(i)).cloned().collect(),
                outlet: other.outlet.clone(),
            };
            own.outlet.deliver(Delivery::Matched(Box::new(Matched {
                room,
                mode,
                is_initiator,
                own_pseudonym: secret.pseudonym(own.user, other.user),
                own_profile: Arc::clone(&own.profile),
                partner,
            })));
        }
    }

    fn deliver(&self, session: SessionKey, delivery: Delivery) {
        if let Some(seat) = self.seats.get(&session) {
            seat.outlet.deliver(delivery);
        }
    }

    /// How somebody is shown is held only while they wait or are in a room.
    fn forget_if_idle(&mut self, session: SessionKey) {
        if self.lobby.is_idle(session) {
            self.seats.remove(&session);
        }
    }

    fn show_levels(&self) {
        let figures = &self.shared.figures;
        figures.waiting.store(self.lobby.waiting_count() as u64, Relaxed);
        figures.rooms.store(self.lobby.room_count() as u64, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use liveloop_core::Request;
    use liveloop_ports::MemoryHistory;

    use super::*;
    use crate::{
        identity::Secret,
        inbox::{Inbox, inbox},
        settings::Settings,
    };

    fn request(session: u64) -> (Ask, Inbox) {
        let (outlet, inbox) = inbox(0);
        let user = UserId(session.into());
        let request = Request { user, mode: Mode::Video, auto_next: true, room: None };
        let (socket, profile) = (SocketId(session.into()), Arc::default());
        let seat = Seat { socket, user, profile, outlet };
        let input = Input::Request(SessionKey(session), request);
        (Ask { input, seat: Some(seat), by: None }, inbox)
    }

    #[test]
    fn whoever_hears_of_a_match_finds_it_in_the_figures() {
        let (settings, secret) = (Settings::for_testing(), Secret::new([1; 32]));
        let shared = Arc::new(Shared { settings, secret, figures: Arc::default() });
        let history = Arc::new(MemoryHistory::default());
        let (_link, mut task) = LobbyTask::new(Arc::clone(&shared), history, Clock::start());
        let figures =
            || [&shared.figures.waiting, &shared.figures.rooms].map(|it| it.load(Relaxed));
        let ((first, mut inbox), (second, _inbox)) = (request(1), request(2));
        task.take(first);
        assert_eq!(figures(), [1, 0]);
        task.take(second);
        assert!(matches!(inbox.try_next(), Some(Delivery::Matched(_))));
        assert_eq!(figures(), [0, 1]);
        let gone = Input::Disconnect(SessionKey(2));
        task.take(Ask { input: gone, seat: None, by: None });
        assert!(matches!(inbox.try_next(), Some(Delivery::PartnerLeft { .. })));
        assert_eq!(figures(), [1, 0]);
    }
}
