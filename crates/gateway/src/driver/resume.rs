//! A session without its socket, and the socket on which it comes back.
//!
//! The session stays on its thread, for its partner's Link leads there; a socket that claims it from
//! another thread is brought to it, with what was read from it and what is still to be written.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use liveloop_core::Input;
use liveloop_protocol::websocket::{Incoming, Opcode, encode, encode_close};

use super::{Client, Driver, Live, Post, homes::Parked};
use crate::{
    address::ConnectionPermit,
    close::{CloseReason, Grace},
    desk::Ask,
    plane::{ConnId, Io, Kernel, Moving, Net},
    session::{Claim, Session, expired},
    settings::Settings,
};

/// A connection on its way to the session that it claims.
pub(crate) struct Claimant<N: Net = Kernel> {
    socket: Moving<N>,
    live: Live,
    claim: Box<Claim>,
    later: Vec<Later>,
}

impl<N: Net> std::fmt::Debug for Claimant<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claimant(…)")
    }
}

/// What a client has sent after a `hello` that resumes: for the session that it has then.
pub(super) enum Later {
    Text(String),
    Binary,
    Ping(Box<[u8]>),
    Control,
    Close(Option<u16>),
}

impl From<Incoming<'_>> for Later {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.to_owned()),
            Incoming::Binary(_) => Self::Binary,
            Incoming::Ping(payload) => Self::Ping(payload.into()),
            Incoming::Pong(_) | Incoming::Fragment => Self::Control,
            Incoming::Close(code) => Self::Close(code),
        }
    }
}

impl<N: Net> Driver<N> {
    /// How long a session is kept; `None` where it ends with its socket.
    fn span(&self, grace: Grace) -> Option<Duration> {
        let Settings { session, drain, .. } = &self.wires.door.node.shared.settings;
        match grace {
            Grace::None => None,
            // Until its client has been told to come back, at least: to the process after this one.
            _ if self.is_draining => Some(session.grace.0.max(drain.reconnect_within.0)),
            Grace::Closed => Some(session.grace_closed.0),
            Grace::Lost => Some(session.grace.0),
        }
    }

    /// Keeps the session of a connection that has ended, or ends it too. The permit comes back where
    /// the session does not need it.
    pub(super) fn outlive(
        &mut self,
        io: &mut Io<N>,
        mut session: Session,
        permit: ConnectionPermit,
        grace: Grace,
    ) -> Option<ConnectionPermit> {
        if session.is_present() {
            self.present(session.user(), false);
        }
        let span = self.span(grace).filter(|span| !span.is_zero());
        let span = span.filter(|_| match self.is_draining {
            true => session.is_worth_leaving(io.now()),
            false => session.is_worth_a_grace(io.now()),
        });
        let outlet = session.outlet();
        self.homes.forget(outlet);
        let Some(span) = span else {
            self.finish(io, &session);
            return Some(permit);
        };
        let (now, until) = (io.now(), io.now() + span);
        self.ask(io, ask_of(Input::Away(session.key())), true);
        self.homes.park(Parked { session, permit: Some(permit), until });
        self.wires.door.node.shared.figures.in_grace.fetch_add(1, Relaxed);
        let is_draining = self.is_draining;
        self.with_parked(io, outlet, |session| match is_draining {
            true => session.rest(),
            false => session.lose_socket(now, until),
        });
        None
    }

    /// Ends a session for good.
    fn finish(&mut self, io: &Io<N>, session: &Session) {
        for room in session.listens_to() {
            self.unlisten(room, session.outlet());
        }
        let watched = session.watched();
        if !watched.is_empty() {
            self.unwatch(session.outlet(), watched);
        }
        self.ask(io, ask_of(Input::Disconnect(session.key())), true);
    }

    /// Ends the sessions whose grace is over; not while nobody could come back.
    pub(super) fn end_graces(&mut self, io: &Io<N>) {
        if self.is_draining {
            return;
        }
        while let Some(outlet) = self.homes.poll_expired(io.now()) {
            tracing::debug!("a session was not resumed");
            self.end_grace(io, outlet);
        }
    }

    pub(super) fn end_grace(&mut self, io: &Io<N>, outlet: ConnId) {
        if let Some(parked) = self.homes.unpark(outlet) {
            self.wires.door.node.shared.figures.in_grace.fetch_sub(1, Relaxed);
            self.finish(io, &parked.session);
        }
    }

    /// A client closes its connection, and is answered in kind.
    pub(super) fn closed_by_client(&mut self, io: &mut Io<N>, id: ConnId, code: Option<u16>) {
        io.queue_write(id, |out| match code {
            Some(code) => encode_close(out, code, ""),
            None => encode(out, Opcode::Close, b""),
        });
        self.end_with(io, id, CloseReason::ByClient, Grace::after_close(code));
    }

    /// Brings `id` to the session that it claims.
    pub(super) fn resume(
        &mut self,
        io: &mut Io<N>,
        id: ConnId,
        claim: Box<Claim>,
        later: Vec<Later>,
    ) {
        let home = claim.ticket.outlet.home(self.wires.threads.len());
        if home == usize::from(self.thread) {
            return self.resume_here(io, id, *claim, later);
        }
        let Some(Client::Live(live)) = self.clients.remove(id) else { return };
        match io.take_out(id) {
            Some(socket) => {
                let claimant = Claimant { socket, live, claim, later };
                self.wires.threads[home].post(Post::Claimant(Box::new(claimant)));
            }
            None => {
                self.wires.door.node.shared.figures.active_connections.fetch_sub(1, Relaxed);
                io.cut(id);
            }
        }
    }

    /// A connection of another thread claims a session of this one.
    pub(super) fn take_claimant(&mut self, io: &mut Io<N>, claimant: Claimant<N>) {
        let Claimant { socket, mut live, claim, later } = claimant;
        let Some(id) = io.put_in(socket) else {
            self.wires.door.node.shared.figures.active_connections.fetch_sub(1, Relaxed);
            return;
        };
        live.session.rehome(self.next_key(), id);
        self.clients.insert(id, Client::Live(live));
        self.resume_here(io, id, *claim, later);
        if self.is_draining {
            self.drain_one(io, id);
        }
    }

    fn resume_here(&mut self, io: &mut Io<N>, id: ConnId, claim: Claim, later: Vec<Later>) {
        let now = self.wires.door.node.clock.now_at(io.now());
        let outlet = claim.ticket.outlet;
        let is_itself = self.at(outlet) == Some(id);
        let owner = self.session_mut(outlet).filter(|_| !is_itself).map(|found| found.user());
        let is_there = owner.is_some_and(|owner| !self.erased.has(owner));
        let found = self.session_mut(outlet).filter(|_| is_there);
        match found.ok_or_else(expired).and_then(|session| session.check_claim(&claim)) {
            Ok(()) => self.take_over(io, id, &claim),
            Err(refusal) => {
                self.with_session(io, id, |session| session.claim_refused(claim, &refusal, now));
            }
        }
        for incoming in later {
            self.with_session(io, id, |session| match &incoming {
                Later::Text(text) => session.handle_frame(text, now),
                Later::Binary => session.handle_binary(now),
                Later::Ping(payload) => session.handle_ping(payload, now.moment),
                Later::Control => session.handle_control(now.moment),
                Later::Close(_) => {}
            });
            if let Later::Close(code) = incoming {
                self.closed_by_client(io, id, code);
            }
        }
    }

    /// Puts the session that is claimed in the place of the fresh one at `id`. From here on no frame
    /// of the socket that it had is handled.
    fn take_over(&mut self, io: &mut Io<N>, id: ConnId, claim: &Claim) {
        let outlet = claim.ticket.outlet;
        let (session, was_away) = match self.homes.unpark(outlet) {
            Some(parked) => (parked.session, true),
            None => match self.fence(io, outlet) {
                Some(session) => (session, false),
                None => return,
            },
        };
        let key = session.key();
        let Some(Client::Live(live)) = self.clients.get_mut(id) else { return };
        live.session = session;
        self.homes.move_to(outlet, id);
        let figures = std::sync::Arc::clone(&self.wires.door.node.shared.figures);
        if was_away {
            figures.in_grace.fetch_sub(1, Relaxed);
        }
        let now = self.wires.door.node.clock.now_at(io.now());
        self.with_session(io, id, |session| figures.count_resumed(session.resume(claim, now)));
        if was_away {
            self.ask(io, ask_of(Input::Back(key)), true);
        }
    }

    /// Takes a session from a socket that still looks alive, and ends that.
    fn fence(&mut self, io: &mut Io<N>, outlet: ConnId) -> Option<Session> {
        let old = self.at(outlet)?;
        let (session, permit) = self.clients.leave(old)?;
        self.clients.leave_with(old, permit);
        self.farewell(io, old, CloseReason::TakenOver);
        Some(session)
    }

    /// The connection of the session that is reached at `outlet`, where it has one.
    pub(super) fn at(&mut self, outlet: ConnId) -> Option<ConnId> {
        if let Some(Client::Live(_)) = self.clients.get_mut(outlet) {
            return Some(outlet);
        }
        self.homes.moved(outlet)
    }

    /// The session that is reached at `outlet`, with a socket or without.
    pub(super) fn session_mut(&mut self, outlet: ConnId) -> Option<&mut Session> {
        match self.at(outlet) {
            Some(id) => match self.clients.get_mut(id) {
                Some(Client::Live(live)) => Some(&mut live.session),
                _ => None,
            },
            None => self.homes.parked_mut(outlet),
        }
    }
}

fn ask_of(input: Input) -> Ask {
    Ask { input, seat: None, by: None }
}
