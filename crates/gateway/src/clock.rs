//! Time and randomness: the only place where the gateway asks the machine for either, and where a
//! simulation gives both instead.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use liveloop_core::Moment;
use liveloop_ports::Wall;

/// The clock of one node.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The machine's: when the node started, and what its moment was then.
    Machine(Instant, Moment),
    Simulated(Arc<SimulatedTime>),
}

/// The time of a node that does not live in ours.
#[derive(Debug, Default)]
pub(crate) struct SimulatedTime {
    /// Nanoseconds since the node's start.
    moment: AtomicU64,
    /// What the calendar was at the start, in milliseconds since 1970, with all its jumps since.
    wall_at_start: AtomicU64,
}

/// What a machine is told of the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For rates and deadlines.
    pub(crate) moment: Moment,
    /// For people.
    pub(crate) wall: Wall,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self::going_on_from(Moment::default())
    }

    /// Goes on where another node's has ended: its moments mean the same here.
    pub(crate) fn going_on_from(moment: Moment) -> Self {
        Self(Source::Machine(Instant::now(), moment))
    }

    pub(crate) fn simulated(time: &Arc<SimulatedTime>) -> Self {
        Self(Source::Simulated(Arc::clone(time)))
    }

    pub(crate) fn now(&self) -> Now {
        self.now_at(self.moment())
    }

    /// The calendar's time at `moment`, which has just been read.
    pub(crate) fn now_at(&self, moment: Moment) -> Now {
        let wall = match &self.0 {
            Source::Machine(..) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Wall(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
            }
            Source::Simulated(time) => time.wall(),
        };
        Now { moment, wall }
    }

    pub(crate) fn moment(&self) -> Moment {
        match &self.0 {
            Source::Machine(started, moment) => *moment + started.elapsed(),
            Source::Simulated(time) => Moment::from_start(time.since_start()),
        }
    }

    /// For how long the node has run.
    pub(crate) fn uptime(&self) -> Duration {
        match &self.0 {
            Source::Machine(started, _) => started.elapsed(),
            Source::Simulated(time) => time.since_start(),
        }
    }
}

impl SimulatedTime {
    /// The calendar begins at `wall`.
    pub(crate) fn starting_at(wall: Wall) -> Self {
        Self { moment: AtomicU64::new(0), wall_at_start: AtomicU64::new(wall.0) }
    }

    pub(crate) fn since_start(&self) -> Duration {
        Duration::from_nanos(self.moment.load(Relaxed))
    }

    pub(crate) fn wall(&self) -> Wall {
        let since_start = u64::try_from(self.since_start().as_millis()).unwrap_or(u64::MAX);
        Wall(self.wall_at_start.load(Relaxed).saturating_add(since_start))
    }

    /// Goes on to `since_start`, never back. The calendar goes with it.
    pub(crate) fn advance_to(&self, since_start: Duration) {
        self.moment.fetch_max(u64::try_from(since_start.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Sets the calendar forwards, or back, and nothing else.
    pub(crate) fn jump_wall(&self, millis: i64) {
        let jumped = self.wall_at_start.load(Relaxed).saturating_add_signed(millis);
        self.wall_at_start.store(jumped, Relaxed);
    }
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(wall: Wall) -> String {
    let millis = i64::try_from(wall.0).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}

/// Where a thread's random bytes come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Randomness {
    /// Those that nobody has had, so that the system is asked once for many.
    unused: Vec<u8>,
    /// A simulation's; the system's generator where there is none.
    seeded: Option<SplitMix64>,
}

thread_local! {
    static RANDOMNESS: RefCell<Randomness> = const {
        RefCell::new(Randomness { unused: Vec::new(), seeded: None })
    };
}

impl Randomness {
    /// The same bytes whenever the seed is the same.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { unused: Vec::new(), seeded: Some(SplitMix64(seed)) }
    }

    /// Does something with this in the place of the thread's own.
    pub(crate) fn lend<T>(&mut self, act: impl FnOnce() -> T) -> T {
        /// Puts them back also where `act` panics.
        struct Lent<'a>(&'a mut Randomness);
        impl Drop for Lent<'_> {
            fn drop(&mut self) {
                RANDOMNESS.with_borrow_mut(|own| std::mem::swap(own, self.0));
            }
        }
        RANDOMNESS.with_borrow_mut(|own| std::mem::swap(own, self));
        let _lent = Lent(self);
        act()
    }

    fn refill(&mut self) {
        self.unused.resize(4_096, 0);
        match &mut self.seeded {
            None => getrandom::fill(&mut self.unused).expect("the system gives random bytes"),
            Some(seeded) => seeded.fill(&mut self.unused),
        }
    }
}

/// A generator that is nothing but repeatable (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014).
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

/// 128 bits from the system's generator, or from the simulation's.
///
/// # Panics
/// Where the system has none, which no supported system does after start.
pub(crate) fn random_id() -> u128 {
    RANDOMNESS.with_borrow_mut(|randomness| {
        if randomness.unused.is_empty() {
            randomness.refill();
        }
        let unused = &mut randomness.unused;
        let rest = unused.len() - 16;
        let bytes: [u8; 16] = unused[rest..].try_into().expect("sixteen of them");
        unused.truncate(rest);
        u128::from_be_bytes(bytes)
    })
}

/// An id that sorts by the time at which it was given, to the millisecond, and is random beyond
/// that: UUIDv7 (RFC 9562 section 5.7). What is kept in an index under such ids is added at its end.
///
/// # Panics
/// As [`random_id`].
pub(crate) fn timed_id(wall: Wall) -> u128 {
    const VERSION: u128 = 0x7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    const RANDOM: u128 = 0x0fff << 64 | !0 >> 66;
    // 48 bits of milliseconds last until the year 10889.
    u128::from(wall.0) << 80 | VERSION | VARIANT | random_id() & RANDOM
}

/// A whole number below `bound`, or 0.
pub(crate) fn random_below(bound: u64) -> u64 {
    let wide = random_id() % u128::from(bound.max(1));
    u64::try_from(wide).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_given_later_is_greater() {
        let at = 0x017f_22e2_79b0;
        let ids: Vec<u128> = (at..at + 1_000).map(|wall| timed_id(Wall(wall))).collect();
        assert!(ids.is_sorted());
        for (id, wall) in ids.iter().zip(at..) {
            let text = format!("{id:032x}");
            assert_eq!(text[..12], format!("{wall:012x}"));
            assert_eq!(&text[12..13], "7", "the version");
            assert!(matches!(&text[16..17], "8" | "9" | "a" | "b"), "the variant");
        }
        assert_ne!(timed_id(Wall(at)), timed_id(Wall(at)));
    }

    #[test]
    fn timestamps_have_milliseconds() {
        assert_eq!(rfc3339(Wall(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Wall(1_767_225_600_120)), "2026-01-01T00:00:00.120Z");
    }
}
