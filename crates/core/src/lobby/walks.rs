//! Random walks: many visitors do anything at any time, and after every input the Lobby is
//! checked against itself and against a model that shares no code with it.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::{model::Model, *};

/// What a walk does next; small numbers, so that it shrinks well.
#[derive(Clone, Copy, Debug)]
enum Step {
    Request {
        who: u64,
        mode: u8,
        auto_next: bool,
        named: Named,
        liked: u8,
        again: bool,
    },
    Cancel {
        who: u64,
    },
    Stop {
        who: u64,
        named: Named,
    },
    Undo {
        who: u64,
    },
    Block {
        who: u64,
        named: Named,
    },
    Away {
        who: u64,
    },
    Back {
        who: u64,
    },
    Gone {
        who: u64,
    },
    /// The Lobby ends, another goes on in its place, and those of these bits come back to it.
    Restart {
        back: u16,
    },
    Later {
        millis: u64,
    },
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

const SESSIONS: u64 = 14;
/// How many sessions a visitor has.
const TABS: u64 = 2;

struct Walk {
    policy: Policy,
    /// How many rooms there were.
    minted: Arc<AtomicU64>,
    lobby: Lobby,
    model: Model,
    now: Moment,
    /// How often each has come back, under a new key, after being gone.
    lives: std::collections::HashMap<u64, u64>,
}

/// Short, so that walks get past all of it.
fn policy() -> Policy {
    Policy {
        same_visitor: false,
        memory_partners: 2,
        memory_time: Duration::from_secs(20),
        relax_interests_after: Duration::from_secs(3),
        relax_languages_after: Duration::from_secs(6),
    }
}

fn user(session: SessionKey) -> UserId {
    UserId(u128::from(session.0 % SESSIONS / TABS))
}

/// Up to three of three interests by the low bits, up to two of two languages by the high ones.
fn wishes(liked: u8) -> Option<Arc<Wishes>> {
    let among = |words: &[&str], bits: u8| {
        let chosen = words.iter().zip(0..).filter(|(_, bit)| bits >> bit & 1 == 1);
        chosen.map(|(word, _)| (*word).to_owned()).collect()
    };
    let interests = among(&["chess", "go", "rust"], liked);
    Some(Arc::new(Wishes { interests, languages: among(&["en", "de"], liked >> 3) }))
}

fn mint(minted: &Arc<AtomicU64>) -> impl FnMut() -> RoomId + Send + use<> {
    let minted = Arc::clone(minted);
    move || RoomId(u128::from(minted.fetch_add(1, Ordering::Relaxed)) + 1)
}

impl Walk {
    fn new(policy: Policy) -> Self {
        let minted = Arc::default();
        Self {
            policy,
            lobby: Lobby::new(policy, mint(&minted)),
            minted,
            model: Model::new(policy),
            now: Moment::default(),
            lives: Default::default(),
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
        // Nobody asks at the very moment of another.
        self.let_pass(1);
        match step {
            Step::Request { who, mode, auto_next, named, liked, again } => {
                let session = self.session(who);
                self.input(&Input::Request(
                    session,
                    Request {
                        user: user(session),
                        mode: Mode::ALL[usize::from(mode)],
                        auto_next,
                        room: self.room(session, named),
                        wishes: wishes(liked),
                        again,
                    },
                ));
            }
            Step::Cancel { who } => self.input(&Input::Cancel(self.session(who))),
            Step::Stop { who, named } => {
                let session = self.session(who);
                self.input(&Input::Stop(session, self.room(session, named)));
            }
            Step::Undo { who } => self.input(&Input::UndoSkip(self.session(who))),
            Step::Block { who, named } => {
                let session = self.session(who);
                self.input(&Input::Block(session, self.room(session, named)));
            }
            Step::Away { who } => self.input(&Input::Away(self.session(who))),
            Step::Back { who } => self.input(&Input::Back(self.session(who))),
            Step::Gone { who } => {
                let session = self.session(who);
                *self.lives.entry(who).or_default() += 1;
                self.input(&Input::Disconnect(session));
            }
            Step::Restart { back } => self.restart(back),
            Step::Later { millis } => self.let_pass(millis),
        }
    }

    fn restart(&mut self, back: u16) {
        for who in 0..SESSIONS {
            self.input(&Input::Away(self.session(who)));
        }
        let estate = self.lobby.bequeath();
        self.lobby = Lobby::inherit(self.policy, mint(&self.minted), &estate).unwrap();
        assert_eq!(self.lobby.bequeath(), estate, "nothing is lost and nothing comes by");
        self.follow(None);
        for who in (0..SESSIONS).filter(|who| back >> who & 1 == 1) {
            self.step(Step::Back { who });
        }
    }

    fn let_pass(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.model.now = self.now;
        self.lobby.handle_timeout(self.now);
        assert!(self.lobby.poll_timeout().is_none_or(|due| due > self.now));
        self.follow(None);
    }

    fn input(&mut self, input: &Input) {
        let is_refused = self.model.is_refused(input);
        let names_no_present_room = matches!(
            input,
            Input::Stop(session, Some(room)) if self.model.room_of.get(session) != Some(room)
        );
        let before = self.snapshot();
        let outcome = self.lobby.handle_input(input.clone(), self.now);
        assert_eq!(outcome.is_err(), is_refused, "{input:?}");
        if is_refused {
            assert_eq!(before, self.snapshot(), "a refusal changes nothing");
        }
        // Where it takes back a place in the queue, another window of the visitor may take that.
        let took_back = names_no_present_room
            && self.model.waiting.contains_key(&input.session())
            && self.lobby.is_idle(input.session());
        if is_refused || (names_no_present_room && !took_back) {
            assert!(self.lobby.effects.is_empty(), "an ended room touches no other");
        }
        let mut brought_back = None;
        if let (Input::UndoSkip(session), false) = (input, is_refused) {
            brought_back = self.undo(*session);
        }
        if !is_refused {
            self.model.accept(input, user);
        }
        self.let_go(input, is_refused);
        self.follow(brought_back);
        match input {
            Input::Request(session, _) if !is_refused => {
                assert!(!self.lobby.is_idle(*session), "who asks waits or has met");
            }
            Input::Stop(session, None) => assert!(self.lobby.is_idle(*session)),
            Input::Disconnect(session) => assert!(self.lobby.slots.get(session.0).is_none()),
            _ => {}
        }
        if let Some([one, other]) = brought_back {
            assert_eq!(self.model.room_of.get(&one), self.model.room_of.get(&other));
            assert!(self.model.room_of.contains_key(&one), "they are together again");
        }
    }

    /// Those who are to be together again at once; else the session asks.
    fn undo(&mut self, session: SessionKey) -> Option<[SessionKey; 2]> {
        let last = self.model.farewells[&session];
        let present = self.model.room_of.get(&session);
        if present.is_some() && present == self.model.room_of.get(&last.partner) {
            return None;
        }
        let other = self.model.is_brought_back_to(session);
        self.model.farewells.get_mut(&session).unwrap().asks = other.is_none();
        let other = other?;
        self.model.withdraw(other);
        Some([session, other])
    }

    /// What the model does not learn from an effect: who has left the queue, or is over.
    fn let_go(&mut self, input: &Input, is_refused: bool) {
        let session = input.session();
        let model = &mut self.model;
        let is_stop_in_vain = matches!(
            input,
            Input::Stop(_, Some(room)) if model.room_of.get(&session) != Some(room)
        );
        match input {
            Input::Stop(..) if is_refused => {}
            // It takes back what the server queued, which only the server knows.
            Input::Stop(..) if is_stop_in_vain && !self.lobby.is_idle(session) => {}
            Input::Stop(..) if is_stop_in_vain && !model.waiting.contains_key(&session) => {}
            Input::Stop(..) => {
                model.waiting.remove(&session);
                model.wishes_of.remove(&session);
                model.withdraw(session);
            }
            Input::Disconnect(_) => {
                model.waiting.remove(&session);
                model.wishes_of.remove(&session);
                model.away.remove(&session);
            }
            _ => {}
        }
    }

    fn snapshot(&self) -> String {
        let Lobby { slots, members, tickets, index, lines, .. } = &self.lobby;
        let Lobby { visitors, meetings, blocks, .. } = &self.lobby;
        format!(
            "{slots:?} {members:?} {tickets:?} {index:?} {lines:?} {visitors:?} {meetings:?} {blocks:?}"
        )
    }

    /// Takes the effects into the model, and holds the Lobby against it.
    fn follow(&mut self, brought_back: Option<[SessionKey; 2]>) {
        while let Some(effect) = self.lobby.poll_effect() {
            self.model.take(effect, brought_back);
        }
        self.lobby.assert_invariants();
        self.model.assert_nobody_waits_in_vain();
        for (_, member) in self.lobby.members.iter() {
            let (session, standing) = (member.session, member.standing);
            let is_in = match standing {
                Standing::InRoom(room, _) => Some(room),
                Standing::Idle | Standing::Waiting(_) => None,
            };
            assert_eq!(self.model.room_of.get(&session).copied(), is_in, "all know their room");
            let waits = matches!(standing, Standing::Waiting(_));
            assert_eq!(self.model.waiting.contains_key(&session), waits, "and whether they wait");
        }
        let gone: Vec<SessionKey> = self.model.user_of.keys().copied().collect();
        for session in gone.into_iter().filter(|it| self.lobby.slots.get(it.0).is_none()) {
            assert!(!self.model.waiting.contains_key(&session), "who is gone waits no more");
            assert!(!self.model.room_of.contains_key(&session));
            self.model.user_of.remove(&session);
            self.model.farewells.remove(&session);
        }
    }

    /// Everybody goes, and when nobody remembers anybody nothing is left.
    fn end(mut self) {
        for who in 0..SESSIONS {
            self.step(Step::Gone { who });
        }
        self.let_pass(60_000);
        self.lobby.assert_empty();
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
    let liked = prop_oneof![1 => Just(0_u8), 2 => 0..32_u8];
    let request =
        (who(), mode, prop::bool::weighted(0.7), named(), liked, prop::bool::weighted(0.2));
    prop_oneof![
        9 => request.prop_map(|(who, mode, auto_next, named, liked, again)| {
            Step::Request { who, mode, auto_next, named, liked, again }
        }),
        1 => who().prop_map(|who| Step::Cancel { who }),
        4 => (who(), named()).prop_map(|(who, named)| Step::Stop { who, named }),
        2 => who().prop_map(|who| Step::Undo { who }),
        1 => (who(), named()).prop_map(|(who, named)| Step::Block { who, named }),
        1 => who().prop_map(|who| Step::Away { who }),
        2 => who().prop_map(|who| Step::Back { who }),
        1 => who().prop_map(|who| Step::Gone { who }),
        1 => any::<u16>().prop_map(|back| Step::Restart { back: back | back >> 1 }),
        4 => (0..3_000_u64).prop_map(|millis| Step::Later { millis }),
    ]
}

/// 300 walks of 100 to 400 steps: about 75,000 steps for each policy.
const WALKS: u32 = 300;

fn walk(policy: Policy, steps: Vec<Step>) {
    let mut walk = Walk::new(policy);
    steps.into_iter().for_each(|step| walk.step(step));
    walk.end();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(WALKS))]

    #[test]
    fn strangers_walk_at_random(steps in prop::collection::vec(step(), 100..400)) {
        walk(policy(), steps);
    }

    #[test]
    fn and_so_they_do_where_nobody_is_remembered(
        steps in prop::collection::vec(step(), 100..400),
    ) {
        walk(Policy { memory_partners: 0, ..policy() }, steps);
    }

    #[test]
    fn and_where_one_may_meet_oneself(steps in prop::collection::vec(step(), 100..400)) {
        walk(Policy { same_visitor: true, ..policy() }, steps);
    }

    #[test]
    fn and_where_wishes_hold_for_no_time(steps in prop::collection::vec(step(), 100..400)) {
        let relax_interests_after = Duration::ZERO;
        walk(Policy { relax_interests_after, ..policy() }, steps);
    }
}
