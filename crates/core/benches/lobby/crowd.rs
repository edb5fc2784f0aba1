//! So many who wait, and go on coming, meeting and parting.
//!
//! Everybody has three interests out of a thousand (Zipf) and one language. Those who share a
//! language meet as soon as two share an interest, so no more than two or three of a language wait
//! at once: the number of languages is what decides how many wait in all.

use std::{sync::Arc, time::Duration};

use liveloop_core::{
    Effect, Input, Lobby, Mode, Moment, Policy, Request, RoomId, SessionKey, UserId, Wishes,
};

use crate::random::{Random, Zipf};

/// Of one language, on the average.
const WAITING_OF_A_LANGUAGE: f64 = 2.35;

/// So many requests are drawn before the clock runs for them.
const BATCH: usize = 64;

pub(crate) struct Crowd {
    lobby: Lobby,
    now: Moment,
    random: Random,
    /// Those who neither wait nor talk.
    idle: Vec<u32>,
    users: Vec<UserId>,
    wishes: Vec<Arc<Wishes>>,
    matches: usize,
}

impl Crowd {
    /// Those of whom about so many will wait.
    pub(crate) fn of(waiting: usize) -> Self {
        let mut random = Random::new(7);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "about so many"
        )]
        let languages = (waiting as f64 / WAITING_OF_A_LANGUAGE).ceil() as usize;
        let interests = Zipf::new(1_000);
        let wish = |_| {
            let language = format!("language {}", random.below(languages));
            let interests = interests.draw_some(3, &mut random);
            Arc::new(Wishes { interests, languages: vec![language] })
        };
        let wishes = (0..4 * waiting).map(wish).collect();
        let users = (0..4 * waiting).map(|_| UserId(random.id())).collect();
        let mut last = 0;
        let mint = move || {
            last += 1;
            RoomId(last)
        };
        let visitors = u32::try_from(4 * waiting).unwrap_or(u32::MAX);
        Self {
            lobby: Lobby::new(Policy::default(), mint),
            now: Moment::default(),
            random,
            idle: (0..visitors).collect(),
            users,
            wishes,
            matches: 0,
        }
    }

    /// Lets visitors come until about so many wait, and as many come as go.
    pub(crate) fn gather(&mut self) {
        // Time stands still, so that nobody relaxes before all are there.
        for _ in 0..self.users.len() {
            if !self.idle.is_empty() {
                let request = self.draw();
                self.input(request);
            }
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lobby.waiting_count()
    }

    /// Goes on until so many more have met, at least: for each match two requests and one stop. Gives
    /// how many have, and how far the clock went in the Lobby meanwhile.
    pub(crate) fn go_on(
        &mut self,
        matches: usize,
        clock: impl Fn() -> Duration,
    ) -> (usize, Duration) {
        let (before, mut spent) = (self.matches, Duration::ZERO);
        while self.matches < before + matches {
            let requests = self.drawn();
            let started = clock();
            self.measured(requests);
            spent += clock() - started;
        }
        (self.matches - before, spent)
    }

    #[inline(never)]
    fn measured(&mut self, requests: Vec<Input>) {
        for request in requests {
            self.input(request);
            self.now = self.now + Duration::from_nanos(500);
            if self.lobby.poll_timeout().is_some_and(|due| due <= self.now) {
                self.lobby.handle_timeout(self.now);
                self.follow();
            }
        }
    }

    /// What some of the idle ask for next. As a server has just read it, it is in the cache.
    fn drawn(&mut self) -> Vec<Input> {
        (0..BATCH.min(self.idle.len())).map(|_| self.draw()).collect()
    }

    fn draw(&mut self) -> Input {
        let who = self.idle.swap_remove(self.random.below(self.idle.len()));
        let wishes = Arc::clone(&self.wishes[self.random.below(self.wishes.len())]);
        std::hint::black_box(Wishes::clone(&wishes));
        let request = Request {
            user: self.users[who as usize],
            mode: Mode::Video,
            auto_next: false,
            room: None,
            wishes: Some(wishes),
            again: false,
        };
        Input::Request(SessionKey(who.into()), request)
    }

    fn input(&mut self, input: Input) {
        self.lobby.handle_input(input, self.now).expect("nothing that could be refused");
        self.follow();
    }

    /// Those who have met part again at once.
    fn follow(&mut self) {
        while let Some(effect) = self.lobby.poll_effect() {
            if let Effect::Matched { sessions, .. } = effect {
                self.matches += 1;
                let stop = Input::Stop(sessions[0], None);
                self.lobby.handle_input(stop, self.now).expect("it is in a call");
                let parted = sessions.map(|session| u32::try_from(session.0).unwrap_or(0));
                self.idle.extend(parted);
            }
        }
    }
}
