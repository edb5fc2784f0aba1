//! The reference model: what each visitor has sent and seen, what follows from that, and which rule of
//! the wire's contract is broken where something else comes.
//!
//! It shares no code with the node: it reads JSON, compares wishes word by word and looks at everybody.
//! What a visitor cannot know yet is left open until all that is under way has arrived (`settled`).

mod answers;
mod endings;
mod meeting;
mod numbers;
mod relays;
mod resume;
mod rooms;
mod settled;
mod stranded;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};

use crate::counts::Counts;

pub(crate) use numbers::{DIGEST, digest};
pub(crate) use resume::{Claim, Loss};
pub(crate) use rooms::{Farewell, Room};
pub(crate) use settled::Held;
pub(crate) use wishes::{Mode, Wish};

/// A broken rule, and what broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule's name.
    pub rule: &'static str,
    /// What has happened.
    pub detail: String,
}

/// Whether a rule holds.
pub(crate) type Rule<T = ()> = Result<T, Broken>;

/// That a rule is broken.
pub(crate) fn broken<T>(rule: &'static str, detail: impl Into<String>) -> Rule<T> {
    Err(Broken { rule, detail: detail.into() })
}

/// What a run is configured with, as far as the model has to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) grace: u64,
    pub(crate) grace_closed: u64,
    pub(crate) replay_bytes: u64,
    /// After so long without a sign of life a socket is cut.
    pub(crate) silence: u64,
    pub(crate) memory_partners: usize,
    pub(crate) memory_time: u64,
    pub(crate) relax_interests: u64,
    pub(crate) relax_languages: u64,
}

/// Beyond every delay of the network and of a turn that waits, in milliseconds.
pub(crate) const SLACK: u64 = 2_000;

/// For how long after it was sent an `undo-skip` may be granted, at most.
const UNDO: u64 = 30_000 + SLACK;

/// Where a session stands, as its visitor has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Idle,
    /// In the queue; put there by the node at the end of that room, where it was.
    Waiting(Option<usize>),
    Room(usize),
}

/// The room that a command names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    None,
    Room(usize),
    /// One that never was.
    Nowhere,
}

/// A command, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) event: &'static str,
    /// Its JSON.
    pub(crate) data: String,
    pub(crate) named: Named,
    /// The code that it must be refused with, where it is wrong whatever the state.
    pub(crate) must_fail: Option<&'static str>,
    pub(crate) wish: Option<Wish>,
    /// Of a text or a signal: which.
    pub(crate) serial: u64,
}

impl Command {
    pub(crate) fn new(event: &'static str, data: impl Into<String>, named: Named) -> Self {
        Self { event, data: data.into(), named, must_fail: None, wish: None, serial: 0 }
    }

    /// Whether it goes to the Lobby, so that its answer may come late.
    pub(crate) fn is_for_lobby(&self) -> bool {
        matches!(
            self.event,
            "request-room" | "cancel-request" | "stop-call" | "undo-skip" | "block-user"
        )
    }

    /// Whether it may end the call `room`.
    pub(crate) fn may_leave(&self, room: usize) -> bool {
        let names_it = self.named == Named::None || self.named == Named::Room(room);
        self.must_fail.is_none()
            && (self.event == "undo-skip"
                || names_it && matches!(self.event, "request-room" | "stop-call"))
    }
}

/// What has become of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Open,
    /// Granted; its answer was the so-manieth frame that anybody has received.
    Granted(u64),
    Refused,
    /// Its answer was lost with a socket; it was handled.
    Lost,
}

/// A command that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) command: Command,
    pub(crate) reference: Option<u64>,
    pub(crate) at: u64,
    tick: u64,
    pub(crate) outcome: Outcome,
    /// A text that was said again, for its answer was lost.
    is_repeated: bool,
}

/// One session, as its visitor knows it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user: usize,
    pub(crate) place: Place,
    place_since: u64,
    /// Something without a `ref` was sent to the Lobby: its visitor cannot know where it stands.
    pub(crate) is_vague: bool,
    /// What may still come is not known before everything has settled for the so-manieth time.
    unsure_until: u64,
    /// Something without a `ref` was sent to the Lobby after everything had settled so often.
    silent_at: Option<u64>,
    last_n: u64,
    /// A digest of each numbered event; 0 where it was lost.
    seen: Vec<u64>,
    pub(crate) sent: Vec<Sent>,
    by_reference: BTreeMap<u64, usize>,
    next_reference: u64,
    /// Every resume secret, oldest first.
    pub(crate) tickets: Vec<String>,
    pub(crate) loss: Option<Loss>,
    catch_up: Option<(u64, Place)>,
    /// It is connected, and has been welcomed there.
    pub(crate) is_live: bool,
    wish: Option<Wish>,
    asked_at: u64,
    /// Whether that is still what the Lobby holds: of who is idle it holds nothing.
    is_wish_held: bool,
    /// Whether it is known at the end of which room it was queued.
    is_after_known: bool,
    undo_until: u64,
    pub(crate) rooms: Vec<usize>,
    /// Everything that was said, and when, again too.
    said: Vec<(u64, &'static str)>,
    /// When it was sent how many bytes by partners.
    incoming: Vec<(u64, u64)>,
    /// When the last event came that it has seen.
    seen_at: u64,
    /// A claim of it was given up, and may still come.
    pub(crate) has_stray_claim: bool,
    /// It has named a room that it was not told of.
    has_guessed: bool,
    /// Such a one may have given the session to a socket that nobody listens to.
    may_be_astray: bool,
    /// It was not sent everything when it came back, after everything had settled so often.
    missed_at: Option<u64>,
    /// Rooms whose word it has missed, and of whose end it was told.
    ended_unseen: BTreeSet<String>,
    /// Of what came before this one nothing need be kept.
    floor: u64,
}

/// All that is known.
pub(crate) struct Model {
    pub(crate) terms: Terms,
    pub(crate) now: u64,
    /// Frames that anybody has received.
    tick: u64,
    /// How often everything has settled.
    epoch: u64,
    pub(crate) sessions: Vec<Session>,
    by_socket: BTreeMap<String, usize>,
    pub(crate) users: Vec<String>,
    by_user: BTreeMap<String, usize>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) by_room: BTreeMap<String, usize>,
    blocks: Vec<meeting::Block>,
    /// What was sent to whoever is the partner by then, where that is not known.
    incoming: Vec<relays::Stray>,
    to_judge: Vec<endings::Told>,
    /// The last token of each visitor.
    pub(crate) tokens: BTreeMap<usize, String>,
    /// Time has leapt, so that a socket may have counted as silent.
    pub(crate) has_leapt: bool,
    /// From when to when.
    leaps: Vec<(u64, u64)>,
    pub(crate) counts: Counts,
}

impl Model {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            now: 0,
            tick: 0,
            epoch: 0,
            sessions: Vec::new(),
            by_socket: BTreeMap::new(),
            users: Vec::new(),
            by_user: BTreeMap::new(),
            rooms: Vec::new(),
            by_room: BTreeMap::new(),
            blocks: Vec::new(),
            incoming: Vec::new(),
            to_judge: Vec::new(),
            tokens: BTreeMap::new(),
            has_leapt: false,
            leaps: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// One more frame has been received.
    pub(crate) fn count_frame(&mut self) {
        self.tick += 1;
    }

    pub(crate) fn user(&mut self, id: &str) -> usize {
        if let Some(user) = self.by_user.get(id) {
            return *user;
        }
        self.users.push(id.to_owned());
        self.by_user.insert(id.to_owned(), self.users.len() - 1);
        self.users.len() - 1
    }

    /// A session that nobody has had.
    pub(crate) fn begin(&mut self, id: &str, user: &str) -> Rule<usize> {
        if self.by_socket.contains_key(id) {
            return broken("fresh-is-fresh", format!("socketId {id} was given before"));
        }
        let user = self.user(user);
        let number = self.sessions.len();
        self.by_socket.insert(id.to_owned(), number);
        self.sessions.push(Session {
            id: id.to_owned(),
            user,
            place: Place::Idle,
            place_since: self.tick,
            is_vague: false,
            unsure_until: 0,
            silent_at: None,
            last_n: 0,
            seen: Vec::new(),
            sent: Vec::new(),
            by_reference: BTreeMap::new(),
            next_reference: 1,
            tickets: Vec::new(),
            loss: None,
            catch_up: None,
            is_live: true,
            wish: None,
            asked_at: 0,
            is_wish_held: false,
            is_after_known: true,
            undo_until: 0,
            rooms: Vec::new(),
            said: Vec::new(),
            incoming: Vec::new(),
            seen_at: self.now,
            has_stray_claim: false,
            has_guessed: false,
            may_be_astray: false,
            missed_at: None,
            ended_unseen: BTreeSet::new(),
            floor: 0,
        });
        Ok(number)
    }

    /// Notes that `session` sends `command`; gives its `ref`, where it is to have one.
    pub(crate) fn send(
        &mut self,
        session: usize,
        command: Command,
        is_numbered: bool,
    ) -> Option<u64> {
        let (at, tick, epoch) = (self.now, self.tick, self.epoch);
        self.note_incoming(session, &command);
        if command.event == "block-user" {
            self.note_block(session, command.named, false);
        }
        let own = &mut self.sessions[session];
        let reference = is_numbered.then_some(own.next_reference);
        if let Some(reference) = reference {
            own.next_reference += 1;
            own.by_reference.insert(reference, own.sent.len());
        } else if command.is_for_lobby() {
            (own.is_vague, own.silent_at) = (true, Some(epoch));
        }
        if command.event == "undo-skip" {
            own.undo_until = at + UNDO;
        }
        own.said.push((at, command.event));
        if let Named::Room(room) = command.named {
            own.has_guessed |= !own.rooms.contains(&room);
        }
        let outcome = if is_numbered { Outcome::Open } else { Outcome::Lost };
        own.sent.push(Sent { command, reference, at, tick, outcome, is_repeated: false });
        reference
    }

    /// What has to be said again on a new socket: with its `ref` where it was not handled.
    pub(crate) fn repeat(&mut self, session: usize) -> Vec<(Command, Option<u64>)> {
        let (now, tick) = (self.now, self.tick);
        let mut again = Vec::new();
        let Session { said, sent, undo_until, .. } = &mut self.sessions[session];
        for sent in sent {
            let is_text = sent.command.event == "newMessage" && sent.command.must_fail.is_none();
            match (sent.outcome, sent.reference) {
                (Outcome::Open, Some(reference)) => {
                    sent.tick = tick;
                    said.push((now, sent.command.event));
                    // It was not handled: the wish to go back begins when it is.
                    if sent.command.event == "undo-skip" {
                        *undo_until = (*undo_until).max(now + UNDO);
                    }
                    again.push((sent.command.clone(), Some(reference)));
                }
                (Outcome::Lost, Some(_)) if is_text && !sent.is_repeated => {
                    sent.is_repeated = true;
                    again.push((sent.command.clone(), None));
                }
                _ => {}
            }
        }
        // A `ref` rises.
        again.sort_by_key(|(_, reference)| reference.is_none());
        again
    }

    fn set_place(&mut self, session: usize, place: Place) {
        let tick = self.tick;
        let own = &mut self.sessions[session];
        if place == Place::Idle {
            own.is_wish_held = false;
        }
        own.is_after_known = true;
        if own.place != place {
            (own.place, own.place_since) = (place, tick);
        }
    }
}

impl Session {
    /// The highest event that its visitor has seen.
    pub(crate) fn last_n(&self) -> u64 {
        self.last_n
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(|sent| sent.outcome == Outcome::Open)
    }

    /// Whether its place is the node's too, once nothing is under way.
    fn is_sure(&self, epoch: u64) -> bool {
        self.is_live
            && !self.is_vague
            && self.unsure_until <= epoch
            && self.catch_up.is_none()
            && self.open().next().is_none()
    }

    /// Whether something that it has said without a `ref` may still lie before the Lobby. A `welcome` is
    /// older than what comes of that: of a match that crosses it, say, it may tell, and nobody tells
    /// that it has ended that match.
    fn is_silent(&self, epoch: u64) -> bool {
        self.is_vague && self.silent_at == Some(epoch)
    }

    /// How many of such commands it has said since then.
    fn said_since(&self, since: u64, is_one: impl Fn(&str) -> bool) -> usize {
        let lately = self.said.iter().rev().take_while(|(at, _)| *at >= since);
        lately.filter(|(_, event)| is_one(event)).count()
    }
}
