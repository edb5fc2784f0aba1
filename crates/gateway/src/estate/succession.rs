//! How a node goes on with what another has left: the desk with its Lobby, and the sessions, without
//! their sockets, on the loops where they will be looked for.
//!
//! Sessions and Lobby were left at one moment and agree. Where they do not, the session is over, and
//! its partner is told so as ever.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use liveloop_core::{IdMap, Input, Lobby, LobbyEstate, Moment, SessionKey, UserId};
use liveloop_protocol::Limits;

use super::{Left, ProfileLegacy, Refused};
use crate::{
    desk::{Ask, Desk, Seat, mint_room},
    node::Node,
    plane::ConnId,
    session::{ImageBudget, Legacy, Profile, Session, Shared},
};

/// What a node begins with.
pub(crate) struct Succession {
    pub(crate) desk: Desk,
    /// The heirs of each loop.
    pub(crate) heirs: Vec<Heirs>,
    /// The generation that the slots of all loops begin with: no outlet has one so great.
    pub(crate) generation: u32,
    /// What the desk is to be told before anything else.
    pub(crate) asks: Vec<Ask>,
}

/// Sessions without a socket that go on at one loop.
#[derive(Default)]
pub(crate) struct Heirs {
    /// Each with the moment until which it may be resumed.
    pub(crate) sessions: Vec<(Session, Moment)>,
    /// The number of the last session that there was.
    pub(crate) last_session: u64,
}

impl Succession {
    /// Of a node before which there was none.
    pub(crate) fn none(node: &Node, threads: usize) -> Self {
        let desk = Desk::new(Arc::clone(&node.shared), Arc::clone(&node.archive));
        let heirs = (0..threads).map(|_| Heirs::default()).collect();
        Self { desk, heirs, generation: 0, asks: Vec::new() }
    }

    /// Of a node that goes on at `now`, after another that has left this.
    pub(crate) fn of(
        node: &Node,
        threads: usize,
        left: &Left,
        now: Moment,
    ) -> Result<Self, Refused> {
        let Node { shared, archive, .. } = node;
        let policy = shared.settings.matching.policy();
        let lobby = Lobby::inherit(policy, mint_room, &LobbyEstate::from(&left.desk.lobby));
        let lobby = lobby.map_err(|unsound| Refused::Unsound(unsound.0))?;
        let legacies = by_key(&left.sessions)?;
        let seats = seats(&lobby, shared, left, &legacies);
        let is_heir = |legacy: &&Legacy| {
            let (key, user) = (legacy.key(), legacy.user());
            lobby.room_of(key).map(|(room, _)| room) == legacy.room()
                && lobby.user_of(key).is_none_or(|owner: UserId| owner == user)
                && (lobby.is_idle(key) || seats.contains_key(&key))
        };
        let heirs: Vec<&Legacy> = left.sessions.iter().filter(is_heir).collect();
        let keys: HashSet<SessionKey> = heirs.iter().map(|legacy| legacy.key()).collect();
        let over = left.desk.lobby.sessions().filter(|key| !keys.contains(key));
        let asks = over.map(disconnect).collect();

        let desk = Desk::inherit(Arc::clone(shared), Arc::clone(archive), lobby, seats);
        let mut succession = Self::none_with(desk, threads, left);
        succession.asks = asks;
        let patience = now + shared.settings.drain.reconnect_within.0;
        for legacy in heirs {
            let matched = succession.desk.matched(legacy.key(), legacy.is_initiator());
            let session = Session::inherit(Arc::clone(shared), legacy, matched);
            let home = legacy.outlet().home(threads);
            // While nobody served, nobody could come back.
            let until = legacy.until().max(patience);
            succession.heirs[home].sessions.push((session, until));
        }
        Ok(succession)
    }

    fn none_with(desk: Desk, threads: usize, left: &Left) -> Self {
        let last_session = left.last_session;
        let heirs = (0..threads).map(|_| Heirs { sessions: Vec::new(), last_session }).collect();
        Self { desk, heirs, generation: left.generation + 1, asks: Vec::new() }
    }
}

/// That a session is over.
fn disconnect(session: SessionKey) -> Ask {
    Ask { input: Input::Disconnect(session), seat: None, by: None }
}

fn by_key(sessions: &[Legacy]) -> Result<HashMap<SessionKey, &Legacy>, Refused> {
    let legacies: HashMap<_, _> = sessions.iter().map(|legacy| (legacy.key(), legacy)).collect();
    let outlets: HashSet<ConnId> = sessions.iter().map(Legacy::outlet).collect();
    let sockets: HashSet<_> = sessions.iter().map(Legacy::socket).collect();
    let counts = [legacies.len(), outlets.len(), sockets.len()];
    let is_each_once = counts.into_iter().all(|count| count == sessions.len());
    is_each_once.then_some(legacies).ok_or(Refused::Unsound("a session is there twice"))
}

/// How those are shown and reached who wait or talk.
fn seats(
    lobby: &Lobby,
    shared: &Shared,
    left: &Left,
    legacies: &HashMap<SessionKey, &Legacy>,
) -> IdMap<SessionKey, Seat> {
    let seated = left.desk.profiles.iter().filter_map(|(key, profile)| {
        let key = SessionKey(*key);
        let legacy = legacies.get(&key).filter(|_| !lobby.is_idle(key))?;
        let seat = Seat {
            socket: legacy.socket(),
            user: legacy.user(),
            profile: Arc::new(profile.show(shared)),
            outlet: legacy.outlet(),
        };
        Some((key, seat))
    });
    seated.collect()
}

impl ProfileLegacy {
    pub(crate) fn of(profile: &Profile) -> Self {
        let words = |which: fn(&liveloop_core::Wishes) -> &Vec<String>| {
            profile.wishes().map(|wishes| which(wishes).clone()).unwrap_or_default()
        };
        Self {
            name: profile.name().map(str::to_owned),
            interests: words(|wishes| &wishes.interests),
            languages: words(|wishes| &wishes.languages),
            image: profile.image().map(str::to_owned),
        }
    }

    /// A picture that is too large by now, or for which there is no room, is left out.
    fn show(&self, shared: &Shared) -> Profile {
        let Limits { image_bytes, images_total_bytes, .. } = shared.settings.limits;
        let wishes = liveloop_core::Wishes {
            interests: self.interests.clone(),
            languages: self.languages.clone(),
        };
        let wishes = (!wishes.is_empty()).then(|| Arc::new(wishes));
        let fits = |image: &String| image_bytes == 0 || image.len() <= image_bytes;
        let budget =
            ImageBudget { figures: Arc::clone(&shared.figures), bytes_max: images_total_bytes };
        let name = self.name.as_deref().map(Into::into);
        Profile::new(name, wishes, self.image.clone().filter(fits), &budget)
    }
}
