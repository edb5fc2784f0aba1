//! What an event loop leaves to the next process, and what it goes on with.

use std::sync::atomic::Ordering::Relaxed;

use liveloop_ports::Lasting;

use super::{Driver, homes::Parked};
use crate::{
    desk::Desk,
    estate::{Heirs, LoopLegacy},
    plane::{Io, Net},
};

impl<N: Net> Driver<N> {
    /// Goes on with the sessions that others have left, none of which has a socket.
    pub(super) fn inherit(&mut self, heirs: Heirs) {
        let Heirs { sessions, last_session } = heirs;
        self.last_session = last_session;
        let count = u64::try_from(sessions.len()).unwrap_or(u64::MAX);
        self.wires.door.node.shared.figures.in_grace.fetch_add(count, Relaxed);
        for (session, until) in sessions {
            for room in session.listens_to() {
                // Asked for before any text, it is done before any: nobody waits for the answer.
                let archive = &self.wires.door.node.archive;
                archive.open_call(room);
                drop(archive.open_room(room, Lasting::Channel));
                self.listen(room, session.outlet());
            }
            self.homes.park(Parked { session, permit: None, until });
        }
    }

    /// What it leaves, once nobody has a socket any more.
    pub(super) fn bequeath(&mut self, io: &Io<N>) -> LoopLegacy {
        LoopLegacy {
            sessions: self.homes.parked().map(|it| it.session.bequeath(it.until)).collect(),
            generation: io.generation(),
            last_session: self.last_session,
            desk: self.wires.desk.as_mut().map(Desk::bequeath),
        }
    }
}
