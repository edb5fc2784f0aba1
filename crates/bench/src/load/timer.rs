//! A timer with the precision of the kernel's clock: epoll counts its waits in whole milliseconds,
//! which is longer than a relayed signal takes.

use std::{
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use anyhow::Result;
use mio::{Interest, Registry, Token, unix::SourceFd};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

pub(super) const TIMER: Token = Token(usize::MAX);

pub(super) struct Timer(OwnedFd);

impl Timer {
    pub(super) fn new(registry: &Registry) -> Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        registry.register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)?;
        Ok(Self(timer))
    }

    /// Wakes the poll once, after this long.
    pub(super) fn set(&self, wait: Duration) -> Result<()> {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        // Nothing at all would stop the timer.
        let wait = Timespec::try_from(wait.max(Duration::from_nanos(1)))?;
        let once = Itimerspec { it_interval: never, it_value: wait };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}
