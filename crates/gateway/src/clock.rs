//! Time and randomness: the only place where the gateway asks the machine for either.

use std::{
    cell::RefCell,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use liveloop_core::Moment;
use liveloop_ports::Wall;

/// The clock of one node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
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
        Self { started: Instant::now() }
    }

    pub(crate) fn now(self) -> Now {
        Self::now_at(self.moment())
    }

    /// The calendar's time at `moment`, which has just been read.
    pub(crate) fn now_at(moment: Moment) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Now { moment, wall: Wall(millis) }
    }

    pub(crate) fn moment(self) -> Moment {
        Moment::from_start(self.started.elapsed())
    }
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(wall: Wall) -> String {
    let millis = i64::try_from(wall.0).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}

thread_local! {
    /// Random bytes that nobody has had, so that the system is asked once for many.
    static UNUSED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// 128 bits from the system's generator.
///
/// # Panics
/// Where the system has none, which no supported system does after start.
pub(crate) fn random_id() -> u128 {
    UNUSED.with_borrow_mut(|unused| {
        if unused.is_empty() {
            unused.resize(4_096, 0);
            getrandom::fill(unused).expect("the system gives random bytes");
        }
        let rest = unused.len() - 16;
        let bytes: [u8; 16] = unused[rest..].try_into().expect("sixteen of them");
        unused.truncate(rest);
        u128::from_be_bytes(bytes)
    })
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
    fn timestamps_have_milliseconds() {
        assert_eq!(rfc3339(Wall(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Wall(1_767_225_600_120)), "2026-01-01T00:00:00.120Z");
    }
}
