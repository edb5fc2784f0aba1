//! A visitor who comes with a token: the stores are asked whether it is worth anything still, and whom
//! they have blocked, before anybody meets them.
//!
//! What the client sends meanwhile waits, and acts in the order in which it was sent. Where the stores do
//! not say, the visitor is let in: calls need no store. A stranger without a token waits for nothing.

use std::time::Duration;

use liveloop_core::Moment;
use liveloop_protocol::{ClientFrame, ErrorCode, Refusal};

use super::{Effect, Nothing, Session};
use crate::{
    clock::Now,
    identity::TokenHolder,
    inquiry::{Inquiry, Question},
};

/// How long the stores have to answer.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// How many frames may wait: as many as may come at once.
const FRAMES_MAX: usize = 400;
/// And how many bytes of them.
const BYTES_MAX: usize = 64 << 10;
/// What one is told for which there is no room, in milliseconds.
const RETRY_AFTER_MS: u64 = 1_000;

/// A `hello` whose token is being looked up.
#[derive(Debug)]
pub(super) struct Arrival {
    holder: TokenHolder,
    name: Option<Box<str>>,
    reference: Option<u64>,
    /// When it was said.
    now: Now,
    /// It is welcomed in any case, also where it was before.
    is_greeted_anew: bool,
    /// When the socket was to be looked after next.
    next_ping: Moment,
    /// Nothing but this has made its session keep traces.
    is_only_trace: bool,
    /// What has come meanwhile; counted and read when its turn comes.
    later: Vec<(Box<str>, Now)>,
    bytes: usize,
}

impl Session {
    /// Asks the stores for whoever holds a good token, and goes on when they have answered.
    pub(super) fn arrive(
        &mut self,
        (holder, name): (TokenHolder, Option<Box<str>>),
        reference: Option<u64>,
        is_greeted_anew: bool,
        now: Now,
    ) {
        let (user, is_only_trace) = (holder.user, self.traces.is_none());
        let arrival = Arrival {
            holder,
            name,
            reference,
            now,
            is_greeted_anew,
            next_ping: self.next_ping,
            is_only_trace,
            later: Vec::new(),
            bytes: 0,
        };
        self.traces.get_or_insert_default().arrival = Some(Box::new(arrival));
        self.next_ping = self.next_ping.min(now.moment + ANSWER_WAIT);
        let by = self.asked_by(Question::KNOWN, None, reference);
        let inquiry = Inquiry { question: Question::Known { user }, by, number: 0 };
        self.effects.push_back(Effect::Inquire(Box::new(inquiry)));
    }

    /// Whether its token is being looked up, and what comes meanwhile waits.
    pub(super) fn is_arriving(&self) -> bool {
        self.traces.as_ref().is_some_and(|traces| traces.arrival.is_some())
    }

    /// A frame that waits until it is known whose it is.
    pub(super) fn hold(&mut self, text: &str, now: Now) {
        let arrival = self.traces.as_mut().and_then(|traces| traces.arrival.as_mut());
        let Some(arrival) = arrival else { return };
        if arrival.later.len() < FRAMES_MAX && arrival.bytes + text.len() <= BYTES_MAX {
            arrival.bytes += text.len();
            return arrival.later.push((text.into(), now));
        }
        let decoded = ClientFrame::decode(text, &self.shared.settings.limits);
        let (reference, event) = match &decoded {
            Ok(frame) => (frame.reference, Some(frame.event.name())),
            Err(undecodable) => (undecodable.reference, None),
        };
        self.refuse(reference, event, None, &Refusal::rate_limited(RETRY_AFTER_MS));
    }

    /// The stores know the visitor, or do not say.
    pub(super) fn arrived(&mut self) {
        self.end_arrival(|session, holder, name, reference, now, _| {
            session.sign_in(Some(holder), name);
            session.greet(now);
            session.acknowledge(reference, &Nothing {});
        });
    }

    /// They are erased: this goes on as the fresh visitor.
    pub(super) fn not_arrived(&mut self, refusal: &Refusal) {
        self.end_arrival(|session, _, _, reference, now, is_greeted_anew| {
            session.refuse(reference, Some(Question::KNOWN), None, refusal);
            if is_greeted_anew || !session.is_welcomed() {
                session.greet(now);
            }
        });
    }

    fn end_arrival(
        &mut self,
        act: impl FnOnce(&mut Self, TokenHolder, Option<Box<str>>, Option<u64>, Now, bool),
    ) {
        let arrival = self.traces.as_mut().and_then(|traces| traces.arrival.take());
        // The stores have answered too late.
        let Some(arrival) = arrival else { return };
        let Arrival { holder, name, reference, now, is_greeted_anew, later, .. } = *arrival;
        self.next_ping = arrival.next_ping;
        if arrival.is_only_trace {
            self.traces = None;
        }
        act(self, holder, name, reference, now, is_greeted_anew);
        for (text, now) in later {
            if self.is_ended() {
                return;
            }
            self.handle_frame(&text, now);
        }
    }
}

/// What one is told whose token is worth nothing here.
pub(crate) fn bad_token() -> Refusal {
    let reason = "the token is not good here: go on as a new visitor";
    Refusal::new(ErrorCode::BadToken, reason)
}
