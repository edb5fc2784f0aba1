//! Random walks: many visitors do anything at any time, and after every input the Lobby is
//! checked against itself and against a model that knows only what the effects said.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;

/// What a walk does next; small numbers, so that it shrinks well.
#[derive(Clone, Copy, Debug)]
enum Step {
    Request { who: u64, mode: u8, auto_next: bool, named: Named },
    Cancel { who: u64 },
    Stop { who: u64, named: Named },
    Gone { who: u64 },
    Later { millis: u64 },
}

/// Which room a command names.
#[derive(Clone, Copy, Debug)]
enum Named {
    None,
    Present,
    Past(usize),
    Ended(usize),
    OfOthers(usize),
}

/// What the sessions were told, and nothing else.
#[derive(Default)]
struct Model {
    room_of: HashMap<SessionKey, RoomId>,
    members: BTreeMap<RoomId, [SessionKey; 2]>,
    past: HashMap<SessionKey, Vec<RoomId>>,
    wants_next: HashMap<SessionKey, bool>,
    ended: Vec<RoomId>,
}

impl Model {
    fn was_in(&self, session: SessionKey, room: RoomId) -> bool {
        let past = self.past.get(&session).map_or(&[][..], Vec::as_slice);
        past.iter().rev().take(RecentRooms::MAX).any(|past| *past == room)
    }

    fn is_refused(&self, input: Input) -> bool {
        match input {
            Input::Request(session, Request { room: Some(named), .. }) => {
                self.room_of.get(&session).is_some_and(|present| *present != named)
            }
            Input::Stop(session, Some(named)) => {
                self.room_of.get(&session) != Some(&named) && !self.was_in(session, named)
            }
            _ => false,
        }
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Matched { room, sessions, .. } => {
                assert!(self.members.insert(room, sessions).is_none(), "a new room is new");
                assert!(!self.ended.contains(&room), "an ended room never comes back");
                for session in sessions {
                    let before = self.room_of.insert(session, room);
                    assert_eq!(before, None, "nobody is in two rooms");
                }
            }
            Effect::PartnerLeft { session, room, .. } => {
                let sessions = self.members.remove(&room).expect("only a live room ends");
                assert!(sessions.contains(&session), "a partner is told, nobody else");
                for session in sessions {
                    assert_eq!(self.room_of.remove(&session), Some(room));
                    self.past.entry(session).or_default().push(room);
                }
            }
            Effect::RoomEnded { room } => {
                assert!(!self.members.contains_key(&room), "told before it is over");
                self.ended.push(room);
            }
            Effect::Waiting { session, waiting } => {
                assert!(waiting > 0, "who waits is counted");
                assert!(!self.room_of.contains_key(&session), "nobody waits in a room");
            }
        }
    }
}

const SESSIONS: u64 = 12;

struct Walk {
    lobby: Lobby,
    model: Model,
    now: Moment,
    /// How often each has come back, under a new key, after being gone.
    lives: HashMap<u64, u64>,
}

impl Walk {
    fn new(same_visitor: bool) -> Self {
        let mut last = 0;
        let mint = move || {
            last += 1;
            RoomId(last)
        };
        Self {
            lobby: Lobby::new(Policy { same_visitor }, mint),
            model: Model::default(),
            now: Moment::default(),
            lives: HashMap::new(),
        }
    }

    fn session(&self, who: u64) -> SessionKey {
        SessionKey(who + SESSIONS * self.lives.get(&who).copied().unwrap_or(0))
    }

    fn room(&self, session: SessionKey, named: Named) -> Option<RoomId> {
        match named {
            Named::None => None,
            Named::Present => self.model.room_of.get(&session).copied(),
            Named::Past(back) => self.model.past.get(&session)?.iter().rev().nth(back).copied(),
            Named::Ended(back) => self.model.ended.iter().rev().nth(back).copied(),
            Named::OfOthers(nth) => self.model.members.keys().copied().nth(nth),
        }
    }

    fn step(&mut self, step: Step) {
        let input = match step {
            Step::Request { who, mode, auto_next, named } => {
                let session = self.session(who);
                let room = self.room(session, named);
                let user = UserId(u128::from(who / 2));
                let mode = Mode::ALL[usize::from(mode)];
                Input::Request(session, Request { user, mode, auto_next, room })
            }
            Step::Cancel { who } => Input::Cancel(self.session(who)),
            Step::Stop { who, named } => {
                let session = self.session(who);
                Input::Stop(session, self.room(session, named))
            }
            Step::Gone { who } => {
                let session = self.session(who);
                *self.lives.entry(who).or_default() += 1;
                Input::Disconnect(session)
            }
            Step::Later { millis } => {
                self.now = self.now + Duration::from_millis(millis);
                self.lobby.handle_timeout(self.now);
                assert!(self.lobby.poll_timeout().is_none_or(|due| due > self.now));
                self.follow();
                return;
            }
        };
        let is_refused = self.model.is_refused(input);
        let names_no_present_room = matches!(
            input,
            Input::Stop(session, Some(room)) if self.model.room_of.get(&session) != Some(&room)
        );
        let before = self.snapshot();
        let outcome = self.lobby.handle_input(input, self.now);
        assert_eq!(outcome.is_err(), is_refused, "{input:?}");
        if is_refused {
            assert_eq!(before, self.snapshot(), "a refusal changes nothing");
        }
        if is_refused || names_no_present_room {
            assert!(self.lobby.effects.is_empty(), "an ended room touches no other");
        }
        if let (Input::Request(session, request), false) = (input, is_refused) {
            self.model.wants_next.insert(session, request.auto_next);
        }
        self.follow();
        match input {
            Input::Request(session, _) if !is_refused => {
                assert!(!self.lobby.is_idle(session), "who asks waits or has met");
            }
            Input::Stop(session, None) => assert!(self.lobby.is_idle(session)),
            Input::Disconnect(session) => assert!(!self.lobby.members.contains_key(&session)),
            _ => {}
        }
    }

    fn snapshot(&self) -> String {
        let Lobby { members, rooms, queues, to_tell, .. } = &self.lobby;
        format!("{members:?} {rooms:?} {queues:?} {to_tell:?}")
    }

    /// Takes the effects into the model, and holds the Lobby against it.
    fn follow(&mut self) {
        while let Some(effect) = self.lobby.poll_effect() {
            self.model.take(effect);
            if let Effect::PartnerLeft { session, .. } = effect {
                let wants_next = self.model.wants_next[&session];
                assert_eq!(
                    self.lobby.is_idle(session),
                    !wants_next,
                    "who was left waits if it wishes"
                );
            }
        }
        self.lobby.assert_invariants();
        for (session, member) in &self.lobby.members {
            let is_in = match member.standing {
                Standing::InRoom(room) => Some(room),
                Standing::Idle | Standing::Waiting(_) => None,
            };
            assert_eq!(self.model.room_of.get(session).copied(), is_in, "all know their room");
        }
    }
}

fn named() -> impl Strategy<Value = Named> {
    prop_oneof![
        2 => Just(Named::None),
        4 => Just(Named::Present),
        1 => (0..20_usize).prop_map(Named::Past),
        1 => (0..6_usize).prop_map(Named::Ended),
        1 => (0..4_usize).prop_map(Named::OfOthers),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..SESSIONS;
    // Video is asked for most, so that the queues are not always empty.
    let mode = prop_oneof![4 => Just(0_u8), 1 => Just(1), 1 => Just(2)];
    prop_oneof![
        6 => (who(), mode, prop::bool::weighted(0.7), named()).prop_map(
            |(who, mode, auto_next, named)| Step::Request { who, mode, auto_next, named }
        ),
        1 => who().prop_map(|who| Step::Cancel { who }),
        3 => (who(), named()).prop_map(|(who, named)| Step::Stop { who, named }),
        1 => who().prop_map(|who| Step::Gone { who }),
        2 => (0..3_000_u64).prop_map(|millis| Step::Later { millis }),
    ]
}

/// 400 walks of 150 to 450 steps: about 120,000 steps for each policy.
const WALKS: u32 = 400;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(WALKS))]

    #[test]
    fn strangers_walk_at_random(steps in prop::collection::vec(step(), 150..450)) {
        let mut walk = Walk::new(false);
        steps.into_iter().for_each(|step| walk.step(step));
    }

    #[test]
    fn and_so_they_do_where_one_may_meet_oneself(
        steps in prop::collection::vec(step(), 150..450),
    ) {
        let mut walk = Walk::new(true);
        steps.into_iter().for_each(|step| walk.step(step));
    }
}
