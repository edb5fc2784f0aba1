//! How a session begins, loses its socket and goes on with another one: `hello`, `welcome`, the
//! grace, and what is sent again.

use std::{sync::Arc, time::Duration};

use liveloop_core::{Moment, SessionKey, UserId};
use liveloop_protocol::{
    ErrorCode, HeartbeatTold, Hello, PartnerAway, PartnerBack, Refusal, ServerEvent, SessionState,
    Tail, Welcome, format_id,
};

use super::{
    Call, Effect, Nothing, RelayKind, Session, bad_token,
    ring::{Again, Bounds},
    room_named,
};
use crate::{
    clock::{Now, rfc3339},
    identity::TokenHolder,
    plane::ConnId,
    session::Kept,
    settings::Settings,
    ticket::Ticket,
};

/// How long a client that says so with `/ws?hello=1` has for its `hello`.
const HELLO_WAIT: Duration = Duration::from_secs(5);

/// A `hello` that wants to go on with a lost session.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) ticket: Ticket,
    /// The last `n` that the client has seen.
    after: u64,
    /// What its token says, where it has a good one.
    holder: Option<TokenHolder>,
    name: Option<Box<str>>,
    reference: Option<u64>,
}

impl Session {
    /// Welcomes the visitor, before the first frame.
    pub(crate) fn greet(&mut self, now: Now) {
        self.welcome(false, false, now);
    }

    /// Waits for `hello`; the welcome follows it, or comes when it does not.
    pub(crate) fn await_hello(&mut self, now: Moment) {
        self.next_ping = now + HELLO_WAIT;
    }

    /// Whether its visitor knows who they are here.
    pub(super) fn is_welcomed(&self) -> bool {
        self.issued > 0
    }

    pub(super) fn greet_if_not_yet(&mut self, now: Now) {
        if !self.is_welcomed() && !self.is_arriving() {
            self.greet(now);
        }
    }

    pub(super) fn hello(
        &mut self,
        hello: &Hello<'_>,
        reference: Option<u64>,
        is_first: bool,
        now: Now,
    ) {
        let holder = match self.holder_of(hello, is_first) {
            Ok(holder) => holder,
            Err(refusal) => return self.hello_failed(reference, &refusal, now),
        };
        let name = hello.name.as_deref().map(Into::into);
        let after = hello.after.unwrap_or(0);
        match hello.resume.as_deref().map(Ticket::parse) {
            None => match holder {
                Some(holder) => self.arrive((holder, name), reference, false, now),
                None => {
                    self.sign_in(None, name);
                    self.greet(now);
                    self.acknowledge(reference, &Nothing {});
                }
            },
            Some(Some(ticket)) => {
                let claim = Claim { ticket, after, holder, name, reference };
                self.effects.push_back(Effect::Resume(Box::new(claim)));
            }
            Some(None) => self.not_resumed((holder, name), reference, &expired(), now),
        }
    }

    fn holder_of(&self, hello: &Hello<'_>, is_first: bool) -> Result<Option<TokenHolder>, Refusal> {
        if !is_first {
            let reason = "`hello` must be the first frame: open a new connection for it";
            return Err(Refusal::new(ErrorCode::NotAllowed, reason));
        }
        let Some(token) = hello.token.as_deref() else { return Ok(None) };
        let holder = self.shared.secret.read_token(token).ok_or_else(bad_token)?;
        self.admit(holder.user)?;
        Ok(Some(holder))
    }

    fn admit(&self, user: UserId) -> Result<(), Refusal> {
        if self.shared.bans.is_banned(user) {
            let reason = "you may not come in here: ask the operator of this site why";
            return Err(Refusal::new(ErrorCode::Banned, reason));
        }
        Ok(())
    }

    pub(super) fn sign_in(&mut self, holder: Option<TokenHolder>, name: Option<Box<str>>) {
        if let Some(holder) = holder {
            self.user = holder.user;
            self.name = holder.name.map(Into::into);
            self.become_present();
        }
        self.name = name.or_else(|| self.name.take());
    }

    fn hello_failed(&mut self, reference: Option<u64>, refusal: &Refusal, now: Now) {
        self.refuse(reference, Some("hello"), None, refusal);
        self.greet_if_not_yet(now);
    }

    /// Whether this session, which has been found under what `claim` says, is the claimant's.
    pub(crate) fn check_claim(&self, claim: &Claim) -> Result<(), Refusal> {
        let serial = claim.ticket.serial;
        let is_valid = serial != 0 && (serial == self.proved || serial == self.issued);
        if !claim.ticket.is_of(&self.shared.secret, self.socket) || !is_valid {
            return Err(expired());
        }
        if claim.holder.as_ref().is_some_and(|holder| holder.user != self.user) {
            let reason = "that session is another visitor's: go on as a new one";
            return Err(Refusal::new(ErrorCode::BadToken, reason));
        }
        self.admit(self.user)
    }

    /// Tells this session, which is a fresh one, that it does not become the one it has claimed.
    pub(crate) fn claim_refused(&mut self, claim: Claim, refusal: &Refusal, now: Now) {
        self.not_resumed((claim.holder, claim.name), claim.reference, refusal, now);
    }

    fn not_resumed(
        &mut self,
        (holder, name): (Option<TokenHolder>, Option<Box<str>>),
        reference: Option<u64>,
        refusal: &Refusal,
        now: Now,
    ) {
        let holder = holder.filter(|_| refusal.code == ErrorCode::ResumeExpired);
        let Some(holder) = holder else {
            self.refuse(reference, Some("hello"), None, refusal);
            // Also where it was welcomed before: it may have come to another thread for its claim, where
            // the secret that it was given then leads nowhere.
            return self.greet(now);
        };
        self.refuse(None, Some("hello"), None, refusal);
        self.arrive((holder, name), reference, true, now);
    }

    /// Goes on with a new socket, whose client has proved to be this session's. Gives whether
    /// nothing was lost.
    pub(crate) fn resume(&mut self, claim: &Claim, now: Now) -> bool {
        self.proved = claim.ticket.serial;
        self.issued = self.issued.wrapping_add(1).max(1);
        self.is_greeted = true;
        self.handle_sign_of_life();
        let bounds = self.ring_bounds();
        let traces = self.traces.get_or_insert_default();
        let was_away = traces.away_until.take().is_some();
        let was_resting = std::mem::take(&mut traces.is_resting);
        // From now on the client may know its room from the `welcome` alone.
        traces.unseen = None;
        traces.ring.forget_old(bounds, now.moment);
        let missed = claim.after.checked_add(1);
        let missed = missed.and_then(|first| traces.ring.again(first, self.last_n));
        let is_recovered = missed.is_some();
        self.welcome(true, is_recovered, now);
        self.acknowledge(claim.reference, &Nothing {});
        match missed {
            Some(again) => {
                for (n, event) in again {
                    let frame = self.frame_again(n, event);
                    self.effects.push_back(Effect::Send(frame));
                }
            }
            None => self.tell_afresh(),
        }
        if was_away {
            self.tell_partner_back();
        }
        if was_away || was_resting {
            self.be_back();
        }
        is_recovered
    }

    fn frame_again(&self, n: u64, event: Again) -> Vec<u8> {
        match event {
            Again::Text(mut frame) => {
                frame.extend_from_slice(Tail::new(Some(n)).as_bytes());
                frame
            }
            Again::Begun(call) => self.match_done(&call).into_frame(Some(n)),
        }
    }

    /// Where the client has lost events, it is told where it stands; texts it reads in the history.
    fn tell_afresh(&mut self) {
        let Some(traces) = &mut self.traces else { return };
        traces.ring.clear();
        let is_partner_away = traces.is_partner_away;
        let Some(call) = self.call.clone() else { return };
        self.send_match_done(&call);
        if is_partner_away {
            let away = PartnerAway {
                room_id: &call.room_id,
                socket_id: &format_id(call.partner.socket.0),
                until_ms: None,
            };
            self.send(&ServerEvent::PartnerAway(&away), true);
        }
    }

    /// Has lost its socket, and may be resumed until then.
    pub(crate) fn lose_socket(&mut self, now: Moment, until: Moment) {
        self.cut_at = Moment::NEVER;
        self.traces.get_or_insert_default().away_until = Some(until);
        let until_ms = u64::try_from(until.since(now).as_millis()).ok();
        self.tell_partner_away(until_ms);
    }

    /// Whether there is anything that a resume would bring back.
    pub(crate) fn is_worth_a_grace(&mut self, now: Moment) -> bool {
        let bounds = self.ring_bounds();
        let is_in_call = self.call.is_some();
        let Some(traces) = &mut self.traces else { return is_in_call };
        traces.ring.forget_old(bounds, now);
        is_in_call
            || traces.queued.is_some()
            || !traces.groups.is_empty()
            || !traces.joining.is_empty()
            || !traces.leaving.is_empty()
            || !traces.ring.is_empty()
    }

    pub(super) fn tell_partner_away(&mut self, until_ms: Option<u64>) {
        let Some(call) = &self.call else { return };
        let away = PartnerAway { room_id: &call.room_id, socket_id: &call.own_socket_id, until_ms };
        let effect = call.relay(RelayKind::Away, &ServerEvent::PartnerAway(&away), None);
        self.effects.push_back(effect);
    }

    fn tell_partner_back(&mut self) {
        let Some(call) = &self.call else { return };
        let back = PartnerBack { room_id: &call.room_id, socket_id: &call.own_socket_id };
        let effect = call.relay(RelayKind::Back, &ServerEvent::PartnerBack(&back), None);
        self.effects.push_back(effect);
    }

    /// Takes back a numbered event that was written, or would have been.
    pub(crate) fn keep(&mut self, event: Kept<'_>, n: u64, now: Moment) {
        let bounds = self.ring_bounds();
        let event = match (event, self.begun_by(n)) {
            (Kept::Own(encoded), Some(call)) => Kept::Begun(call, encoded.open().len()),
            (event, _) => event,
        };
        self.traces.get_or_insert_default().ring.push(event, bounds, now);
    }

    /// The present call, where the event `n` is the word of it and could be written again. A picture is
    /// held no longer than its call.
    fn begun_by(&self, n: u64) -> Option<Arc<Call>> {
        let call = self.call.as_ref().filter(|call| call.n == n)?;
        call.partner.profile.image().is_none().then(|| Arc::clone(call))
    }

    /// The word of a match is on its way to the client.
    pub(super) fn note_begun(&mut self, call: &Call) {
        self.traces.get_or_insert_default().unseen = Some((call.room, call.n));
    }

    /// The client names a room. That of its last match it can know only from the word of it, so it has
    /// that, and all that came before it on the same socket.
    pub(super) fn note_seen(&mut self, room_id: Option<&str>) {
        if room_id.is_some()
            && let Some(traces) = &mut self.traces
            && let Some((room, n)) = traces.unseen
            && room_named(room_id) == Some(room)
        {
            traces.unseen = None;
            traces.ring.forget_seen(self.last_n - n);
        }
    }

    pub(super) fn ring_bounds(&self) -> Bounds {
        let session = &self.shared.settings.session;
        Bounds { bytes_max: session.replay_bytes, age_max: session.grace.0 }
    }

    /// Lives on another thread from now on, or at another connection: only where nobody knows it.
    pub(crate) fn rehome(&mut self, key: SessionKey, outlet: ConnId) {
        (self.key, self.outlet) = (key, outlet);
    }

    pub(crate) fn outlet(&self) -> ConnId {
        self.outlet
    }

    fn welcome(&mut self, resumed: bool, recovered: bool, now: Now) {
        let shared = Arc::clone(&self.shared);
        let Settings { node, limits, ice, heartbeat, .. } = &shared.settings;
        let is_first_of_socket = resumed || !self.is_welcomed();
        self.issued = self.issued.max(1);
        if is_first_of_socket {
            // At a random moment of the interval, for the public id is random.
            let interval = u128::from(heartbeat.interval.as_millis()).max(1);
            let wait = u64::try_from(self.socket.0 % interval).unwrap_or(0);
            self.next_ping = now.moment + Duration::from_millis(wait);
        }
        let is_queued = self.traces.as_ref().is_some_and(|traces| traces.queued.is_some());
        let welcome = Welcome {
            socket_id: &format_id(self.socket.0),
            user_id: &format_id(self.user.0),
            token: &shared.secret.issue_token(self.user, self.name.as_deref(), now.wall),
            resume: &Ticket::issue(&shared.secret, self.outlet, self.issued, self.socket),
            resumed,
            recovered,
            state: match &self.call {
                Some(_) => SessionState::Call,
                None if is_queued => SessionState::Waiting,
                None => SessionState::Idle,
            },
            room_id: self.call.as_ref().map(|call| &*call.room_id),
            last_ref: self.last_ref,
            last_n: self.last_n,
            node,
            limits: limits.told(),
            ice_servers: &ice.servers,
            ice_candidate_pool_size: ice.candidate_pool_size,
            heartbeat: HeartbeatTold {
                interval_ms: heartbeat.interval.as_millis(),
                timeout_ms: heartbeat.timeout.as_millis(),
            },
            server_time: &rfc3339(now.wall),
        };
        let frame = ServerEvent::Welcome(&welcome).encode().into_frame(None);
        self.effects.push_back(Effect::Send(frame));
    }
}

/// What is told of a session that cannot be resumed.
pub(crate) fn expired() -> Refusal {
    Refusal::new(ErrorCode::ResumeExpired, "that session is over: this is a new one")
}
