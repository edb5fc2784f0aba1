//! A place in the queue, and what its holder was told.

use std::time::Duration;

use super::{Mode, Relaxed, policy::Step};
use crate::{
    Moment, RoomId,
    slab::{Link, Linked},
};

/// The link of the line in which a ticket waits to be told something.
pub(super) const NOTICE: usize = 0;
/// Of the line in which it waits for its next step.
pub(super) const RELAX: usize = 1;
/// Of the sessions of one visitor.
pub(super) const TABS: usize = 2;

/// What a session would agree to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stance {
    pub(super) step: Step,
    /// It asked to meet again whom it has met.
    pub(super) again: bool,
    /// It would meet again who asks for it: it asks itself, or was told that nobody else is there.
    pub(super) is_resigned: bool,
}

/// What a session was told of its waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) waiting: usize,
    pub(super) estimate: Option<Duration>,
    pub(super) relaxed: Relaxed,
}

#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) member: u32,
    pub(super) visitor: u32,
    pub(super) mode: Mode,
    pub(super) place: Place,
    pub(super) stance: Stance,
    /// When it asked for what it asks for now: steps count from here.
    pub(super) asked: Moment,
    /// Whether it is one of its visitor's `tabs`; else its holder is away.
    pub(super) is_seated: bool,
    /// Whether it can be found; else another session of its visitor is before it.
    pub(super) is_listed: bool,
    /// Its newest stand in the index.
    pub(super) stands: u32,
    /// The call at whose end the server put its holder here.
    pub(super) after_room: Option<RoomId>,
    /// The line in which it waits to be told, if it is to be told at all.
    pub(super) notice: NoticeLine,
    pub(super) tell_at: Moment,
    pub(super) is_in_step_line: bool,
    pub(super) told: Option<Notice>,
    pub(super) links: [Link; 3],
}

/// When somebody hears that they wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoticeLine {
    /// Not while away.
    None,
    /// For the first time.
    First,
    /// Once more.
    Next,
}

/// When a ticket was taken, and whom it is before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Rises with each ticket; never given twice.
    pub(super) number: u64,
    /// Lower is first: who was left goes before all who were not.
    pub(super) rank: u64,
    pub(super) joined: Moment,
}

impl Place {
    pub(super) fn new(number: u64, is_front: bool, joined: Moment) -> Self {
        let rank = if is_front { number } else { number | 1 << 63 };
        Self { number, rank, joined }
    }
}

impl Linked for Ticket {
    fn link(&self, which: usize) -> &Link {
        &self.links[which]
    }

    fn link_mut(&mut self, which: usize) -> &mut Link {
        &mut self.links[which]
    }
}
