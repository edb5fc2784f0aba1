//! How the store is, told by its threads and asked by everybody.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use liveloop_ports::{Health, Unavailable};

#[derive(Default)]
struct State {
    down: Option<Unavailable>,
    is_checking: bool,
}

#[derive(Default)]
pub(crate) struct HealthCell {
    /// Whether `state.down` is something: asked before every append, without the lock.
    is_down: AtomicBool,
    /// A lock, because several threads tell; held for one assignment.
    state: Mutex<State>,
}

impl HealthCell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_down(&self, down: Option<Unavailable>) {
        let mut state = self.state();
        self.is_down.store(down.is_some(), Ordering::Release);
        state.down = down;
    }

    pub(crate) fn set_checking(&self, is_checking: bool) {
        self.state().is_checking = is_checking;
    }

    /// Why nothing is written now.
    pub(crate) fn down(&self) -> Option<Unavailable> {
        if !self.is_down.load(Ordering::Acquire) {
            return None;
        }
        self.state().down.clone()
    }

    pub(crate) fn health(&self) -> Health {
        let state = self.state();
        match &state.down {
            Some(why) => Health::Down(why.clone()),
            None if state.is_checking => Health::Checking,
            None => Health::Ready,
        }
    }
}
