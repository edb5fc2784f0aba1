//! Whom the Lobby pairs, beside a matcher that looks at everybody on the same arrivals: both wait as
//! long for a common interest, and both then take whoever has most in common and came first.

use std::{sync::Arc, time::Duration};

use liveloop_core::{
    Effect, Input, Lobby, Mode, Moment, Policy, Request, RoomId, SessionKey, UserId, Wishes,
};

use crate::random::{Random, Zipf};

const VISITORS: usize = 20_000;
/// Arrivals are gathered into ticks of so many milliseconds.
const TICK: u64 = 10;

struct Arrival {
    at: u64,
    wishes: Arc<Wishes>,
}

#[derive(Default)]
struct Outcome {
    pairs: Vec<[usize; 2]>,
    /// In milliseconds, of everybody who was paired.
    waits: Vec<u64>,
}

pub(crate) fn compare() {
    println!();
    println!(
        "{:>12} {:>10} {:>8} {:>22} {:>12} {:>12}",
        "arrivals/s", "matcher", "pairs", "share an interest", "mean wait", "p95 wait"
    );
    for per_second in [2, 20, 200] {
        let arrivals = arrivals(per_second);
        for (name, outcome) in
            [("lobby", by_lobby(&arrivals)), ("full scan", by_full_scan(&arrivals))]
        {
            outcome.print(per_second, name, &arrivals);
        }
    }
}

/// Three interests out of a thousand, and one of five languages, of which one visitor in five names
/// none.
fn arrivals(per_second: u32) -> Vec<Arrival> {
    let (mut random, interests) = (Random::new(11), Zipf::new(1_000));
    let mut at = 0.0;
    let arrive = |_| {
        at -= (1.0 - random.fraction()).max(1e-9).ln() / f64::from(per_second);
        let language = random.below(6);
        let wishes = Arc::new(Wishes {
            interests: interests.draw_some(3, &mut random),
            languages: (language < 5).then(|| format!("language {language}")).into_iter().collect(),
        });
        let millis = u64::try_from(Duration::from_secs_f64(at).as_millis()).unwrap_or(0);
        Arrival { at: millis, wishes }
    };
    (0..VISITORS).map(arrive).collect()
}

fn shared(one: &[String], other: &[String]) -> usize {
    one.iter().filter(|word| other.contains(word)).count()
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn print(mut self, per_second: u32, name: &str, arrivals: &[Arrival]) {
        let have_in_common = |[one, other]: &&[usize; 2]| {
            shared(&arrivals[*one].wishes.interests, &arrivals[*other].wishes.interests) > 0
        };
        let sharing = self.pairs.iter().filter(have_in_common).count();
        self.waits.sort_unstable();
        let mean = self.waits.iter().sum::<u64>() as f64 / self.waits.len() as f64;
        println!(
            "{per_second:>12} {name:>10} {:>8} {:>20.1} % {:>9.2} s {:>10.2} s",
            self.pairs.len(),
            100.0 * sharing as f64 / self.pairs.len() as f64,
            mean / 1e3,
            self.waits[self.waits.len() * 95 / 100] as f64 / 1e3,
        );
    }

    fn pair(&mut self, pair: [usize; 2], now: u64, arrivals: &[Arrival]) {
        self.pairs.push(pair);
        self.waits.extend(pair.map(|visitor| now - arrivals[visitor].at / TICK * TICK));
    }
}

fn last_tick(arrivals: &[Arrival]) -> u64 {
    arrivals.last().map_or(0, |last| last.at / TICK + 60_000 / TICK)
}

fn by_lobby(arrivals: &[Arrival]) -> Outcome {
    let mut last = 0;
    let mint = move || {
        last += 1;
        RoomId(last)
    };
    let (mut lobby, mut outcome) = (Lobby::new(Policy::default(), mint), Outcome::default());
    let mut coming = arrivals.iter().enumerate().peekable();
    for tick in 0..=last_tick(arrivals) {
        let now = Moment::from_millis(tick * TICK);
        lobby.handle_timeout(now);
        while let Some((who, arrival)) = coming.next_if(|(_, it)| it.at / TICK <= tick) {
            let key = who as u64;
            let request = Request {
                user: UserId(key.into()),
                mode: Mode::Video,
                auto_next: false,
                room: None,
                wishes: Some(Arc::clone(&arrival.wishes)),
                again: false,
            };
            let asked = lobby.handle_input(Input::Request(SessionKey(key), request), now);
            asked.expect("in no room");
        }
        while let Some(effect) = lobby.poll_effect() {
            if let Effect::Matched { sessions, .. } = effect {
                let pair = sessions.map(|session| usize::try_from(session.0).unwrap_or(0));
                outcome.pair(pair, tick * TICK, arrivals);
            }
        }
    }
    outcome
}

fn by_full_scan(arrivals: &[Arrival]) -> Outcome {
    let policy = Policy::default();
    let millis = |after: Duration| u64::try_from(after.as_millis()).unwrap_or(0);
    let steps = [policy.relax_interests_after, policy.relax_languages_after].map(millis);
    let came = |who: usize| arrivals[who].at / TICK * TICK;
    let accepts = |one: usize, other: usize, now: u64| {
        let (own, theirs) = (&arrivals[one].wishes, &arrivals[other].wishes);
        let waited = now - came(one);
        (waited >= steps[0] || shared(&own.interests, &theirs.interests) > 0)
            && (waited >= steps[1]
                || own.languages.is_empty()
                || shared(&own.languages, &theirs.languages) > 0)
    };
    let (mut waiting, mut outcome) = (Vec::<usize>::new(), Outcome::default());
    let mut coming = arrivals.iter().enumerate().peekable();
    for tick in 0..=last_tick(arrivals) {
        let now = tick * TICK;
        // Whoever has relaxed looks again, then whoever comes.
        let is_due = |who: &usize| steps.contains(&(now - came(*who)));
        let mut looking: Vec<usize> = waiting.iter().copied().filter(is_due).collect();
        while let Some((who, _)) = coming.next_if(|(_, it)| it.at / TICK <= tick) {
            looking.push(who);
        }
        for who in looking {
            let is_waiting = waiting.contains(&who);
            if !is_waiting && came(who) != now {
                continue;
            }
            let suits = |other: &&usize| {
                **other != who && accepts(who, **other, now) && accepts(**other, who, now)
            };
            let score = |other: &&usize| {
                let (own, theirs) = (&arrivals[who].wishes, &arrivals[**other].wishes);
                let languages = shared(&own.languages, &theirs.languages) > 0;
                (shared(&own.interests, &theirs.interests), languages, std::cmp::Reverse(**other))
            };
            match waiting.iter().filter(suits).max_by_key(score).copied() {
                Some(other) => {
                    waiting.retain(|it| *it != other && *it != who);
                    outcome.pair([other, who], now, arrivals);
                }
                None if !is_waiting => waiting.push(who),
                None => {}
            }
        }
    }
    outcome
}
