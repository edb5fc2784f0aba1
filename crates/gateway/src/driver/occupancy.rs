//! How much a driver holds, so that a simulation can demand that nothing is left of those who have
//! gone.

use std::collections::VecDeque;

use super::Driver;
use crate::{plane::Net, simulation::Occupancy};

impl<N: Net> Driver<N> {
    /// Adds what it holds, and the desk where it has it.
    pub(crate) fn count_held(&self, occupancy: &mut Occupancy) {
        self.clients.count_held(occupancy);
        let (moved, parked) = self.homes.held();
        occupancy.moved += moved;
        occupancy.parked += parked;
        occupancy.listeners += self.listeners.count();
        occupancy.channels += self.channels.count();
        let (online, watched) = self.presence.held();
        occupancy.online += online;
        occupancy.watched += watched;
        occupancy.deliveries += self.member_news.len();
        occupancy.deliveries += self.deliveries.len() + self.published.len() + self.effects.len();
        occupancy.unanswered += self.unanswered.values().map(VecDeque::len).sum::<usize>();
        if let Some(desk) = &self.wires.desk {
            desk.count_held(occupancy);
        }
    }
}
