//! The world of one run: the node, the windows around it, and time. Event loops take their turns, and
//! bytes move, in an order that the random numbers of a step decide.

use std::{net::IpAddr, time::Duration};

use liveloop_gateway::{
    settings::{Matching, Session, Settings, Span},
    simulation::{Occupancy, SimulatedNode},
};
use liveloop_protocol::Limits;

use crate::{
    model::{Held, Model, Rule, Terms, broken},
    random::Random,
    transcript::Transcript,
    window::{Around, Window},
    wire::{Cut, millis},
};

/// What keeps a run from going on for ever at one moment.
const MOVES_MAX: usize = 100_000;
/// A window of more than one of these is its visitor's second one.
const SECOND_WINDOWS: usize = 4;

/// Everything.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) node: SimulatedNode,
    pub(crate) model: Model,
    pub(crate) transcript: Transcript,
    pub(crate) windows: Vec<Window>,
    /// Whose window each is, as the user that they are when known.
    pub(crate) visitors: Vec<usize>,
    pub(crate) users: Vec<Option<usize>>,
    /// Until when an event loop does not come to its turn.
    stalled: Vec<u64>,
    /// How many turns they have had.
    turns: u64,
    /// Calls that began in the processes before this one.
    rooms_before: usize,
}

impl World {
    pub(crate) fn new(seed: u64, visitors: usize, is_kept: bool) -> Self {
        let mut random = Random::new(seed, u64::MAX);
        let replay_bytes = *random.pick(&[4 << 10, 16 << 10]);
        let threads = random.weighted(&[(1, 1), (4, 2), (2, 3)]);
        let memory_partners = *random.pick(&[1, 2, 3, 20]);
        let settings = settings(threads, replay_bytes, memory_partners);
        let terms = Terms {
            grace: settings.session.grace.as_millis(),
            grace_closed: settings.session.grace_closed.as_millis(),
            replay_bytes: replay_bytes as u64,
            silence: settings.heartbeat.interval.as_millis()
                + settings.heartbeat.timeout.as_millis(),
            memory_partners: memory_partners as usize,
            memory_time: settings.matching.memory_time.as_millis(),
            relax_interests: settings.matching.relax_interests_after.as_millis(),
            relax_languages: settings.matching.relax_languages_after.as_millis(),
        };
        let count = visitors + visitors / SECOND_WINDOWS;
        let address =
            |visitor: usize| IpAddr::from([10, 0, 0, u8::try_from(visitor % 250).unwrap_or(0) + 1]);
        let owner = |window: usize| window % visitors.max(1);
        let mut node = SimulatedNode::new(settings, seed);
        node.hold_store(seed % 4 == 1);
        Self {
            seed,
            node,
            model: Model::new(terms),
            transcript: Transcript::new(is_kept),
            windows: (0..count).map(|it| Window::new(it, address(owner(it)))).collect(),
            visitors: (0..count).map(owner).collect(),
            users: vec![None; visitors],
            stalled: vec![0; threads],
            turns: 0,
            rooms_before: 0,
        }
    }

    /// A window, with what it acts upon.
    pub(crate) fn with<T>(
        &mut self,
        window: usize,
        act: impl FnOnce(&mut Window, &mut Around<'_>) -> T,
    ) -> T {
        let Self { node, model, transcript, windows, turns, .. } = self;
        let around = &mut Around { node, model, transcript, turns: *turns };
        act(&mut windows[window], around)
    }

    /// Lets the time go on until then.
    pub(crate) fn pump(&mut self, until: u64, random: &mut Random) -> Rule {
        let mut moves = 0;
        loop {
            let now = self.model.now;
            let mut has_moved = false;
            for window in 0..self.windows.len() {
                has_moved |= self.carry(window)?;
                if random.percent(10) {
                    has_moved |= self.turn(random);
                }
            }
            has_moved |= self.turn(random);
            if has_moved {
                moves += 1;
                if moves > MOVES_MAX {
                    return broken("comes-to-rest", "bytes and turns without an end");
                }
                continue;
            }
            match self.next_due(now).filter(|due| *due <= until) {
                Some(due) => self.go_to(due.max(now + 1)),
                None => {
                    self.go_to(until);
                    return Ok(());
                }
            }
            moves = 0;
        }
    }

    fn carry(&mut self, window: usize) -> Rule<bool> {
        let before = self.windows[window].session;
        let has_moved = self.with(window, Window::carry)?;
        let after = self.windows[window].session;
        if before != after
            && let Some(session) = after
        {
            self.users[self.visitors[window]] = Some(self.model.sessions[session].user);
        }
        Ok(has_moved)
    }

    /// Has an event loop take its turn, if one may that has anything to do.
    fn turn(&mut self, random: &mut Random) -> bool {
        // A slow store's answers overtake each other.
        let held = self.node.held_answers();
        if held > 0 && random.percent(20) && self.node.let_answer_go(random.index(held)) {
            self.model.counts.add("answers of a slow store");
            return true;
        }
        let first = random.index(self.stalled.len());
        for offset in 0..self.stalled.len() {
            let thread = (first + offset) % self.stalled.len();
            if self.stalled[thread] <= self.model.now && self.node.is_ready(thread) {
                let order = if random.percent(50) { 0 } else { random.next() };
                self.node.turn(thread, order);
                self.turns += 1;
                if random.percent(4) {
                    self.stalled[thread] = self.model.now + random.between(1, 150);
                }
                return true;
            }
        }
        false
    }

    fn next_due(&self, now: u64) -> Option<u64> {
        let windows = self.windows.iter().filter_map(|window| window.next_due(now));
        let loops = self.stalled.iter().enumerate().filter_map(|(thread, stalled)| {
            self.node.due(thread).map(|due| millis(due).max(*stalled))
        });
        windows.chain(loops).min()
    }

    pub(crate) fn go_to(&mut self, now: u64) {
        self.node.advance_to(Duration::from_millis(now));
        self.model.now = self.model.now.max(now);
    }

    /// Lets all that is under way arrive, and checks the whole.
    pub(crate) fn settle(&mut self, random: &mut Random) -> Rule {
        self.stalled.iter_mut().for_each(|stalled| *stalled = 0);
        for _ in 0..MOVES_MAX {
            let now = self.model.now;
            let turns = self.node.settle() as u64;
            self.turns += turns;
            let held = self.node.held_answers();
            let mut has_moved = turns > 0;
            has_moved |= held > 0 && self.node.let_answer_go(random.index(held));
            for window in 0..self.windows.len() {
                has_moved |= self.carry(window)?;
            }
            if has_moved {
                continue;
            }
            let Some(due) = self.windows.iter().filter_map(|it| it.next_due(now)).min() else {
                break;
            };
            self.pump(due.max(now + 1), random)?;
        }
        let (occupancy, figures) = (self.node.occupancy(), self.node.figures());
        let held = || format!("the node: {occupancy:?} {:?}", self.windows);
        self.transcript.note(self.model.now, held);
        let panics = figures.closes.iter().filter(|(reason, _)| *reason == "internal error");
        if let Some((_, count)) = panics.into_iter().next() {
            return broken("no-panic", format!("{count} sessions have panicked"));
        }
        self.model.settled(Held {
            waiting: occupancy.lobby.waiting,
            rooms: occupancy.lobby.rooms,
            rooms_created: usize::try_from(figures.rooms_created)
                .unwrap_or(usize::MAX)
                .saturating_add(self.rooms_before),
        })
    }

    /// Everybody leaves; then nothing is held any more.
    pub(crate) fn end(&mut self, random: &mut Random) -> Rule {
        self.settle(random)?;
        if self.seed.is_multiple_of(8) {
            self.drain(random)?;
        }
        for window in 0..self.windows.len() {
            if random.percent(50) {
                self.with(window, |window, around| window.close(around, Some(1000)));
            } else {
                self.with(window, |window, around| window.cut(around, Cut::Reset));
            }
        }
        let terms = self.model.terms;
        let patience = terms.silence + terms.grace + terms.memory_time;
        for _ in 0..4 {
            let until = self.model.now + patience / 3;
            self.leap(until);
            self.pump(until + 3_000, random)?;
        }
        self.check_empty()
    }

    /// Time goes on while nobody has a turn, as when the machine sleeps.
    pub(crate) fn leap(&mut self, until: u64) {
        self.model.leapt(until - self.model.now);
        self.go_to(until);
    }

    fn check_empty(&self) -> Rule {
        let mut held = self.node.occupancy();
        // Those last.
        (held.addresses, held.lobby.blocks) = (0, 0);
        if held == Occupancy::default() {
            Ok(())
        } else {
            broken("memory-returns", format!("{held:?}"))
        }
    }

    fn drain(&mut self, random: &mut Random) -> Rule {
        self.model.counts.add("drains");
        self.transcript.note(self.model.now, || "the node drains".to_owned());
        self.node.drain();
        for window in 0..self.windows.len() {
            self.with(window, |window, _| window.deserves(|it| it.is_draining = true));
        }
        let ends = self.model.counts.of("left by a lost session");
        self.pump(self.model.now + 12_000, random)?;
        if self.model.counts.of("left by a lost session") != ends {
            return broken("quiet-drain", "somebody was told that a partner has left");
        }
        if self.windows.iter().any(Window::is_connected) {
            return broken("quiet-drain", "a socket is open after the drain");
        }
        // Those who have drained are the next process's, and nobody comes back to it.
        self.go_on_in_another(random);
        Ok(())
    }

    /// The process ends as it is asked to, and another goes on with what it has left.
    pub(crate) fn restart(&mut self, random: &mut Random) {
        self.model.counts.add("restarts");
        for window in 0..self.windows.len() {
            self.with(window, |window, _| window.deserves(|it| it.is_draining = true));
        }
        self.go_on_in_another(random);
    }

    fn go_on_in_another(&mut self, random: &mut Random) {
        let threads = random.index(3) + 1;
        self.transcript.note(self.model.now, || format!("another process, {threads} loops"));
        let figures = self.node.restart(threads);
        self.rooms_before += usize::try_from(figures.rooms_created).unwrap_or(usize::MAX);
        self.stalled = vec![0; threads];
    }
}

fn settings(threads: usize, replay_bytes: usize, memory_partners: u32) -> Settings {
    let session = Session { replay_bytes, ..Session::default() };
    let matching =
        Matching { memory_partners, memory_time: Span::seconds(60), ..Matching::default() };
    Settings {
        node: "simulated".into(),
        threads,
        limits: Limits { outbox_bytes: 32 << 10, ..Limits::default() },
        heartbeat: liveloop_gateway::settings::Heartbeat::default(),
        drain: liveloop_gateway::settings::Drain::default(),
        session,
        matching,
        ..Settings::for_testing()
    }
}
