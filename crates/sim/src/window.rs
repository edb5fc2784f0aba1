//! One window of a visitor: what it sends, and what it makes of what arrives. It keeps the contract as
//! our page does: after `hello` it says nothing before `welcome`, and repeats what was not handled.

mod hearing;

use std::net::IpAddr;

use liveloop_gateway::simulation::SimulatedNode;
use liveloop_protocol::websocket::{Decoder, Opcode, encode_masked};
use serde_json::Value;

use crate::{
    model::{Claim, Command, Model, Rule, broken},
    random::Random,
    transcript::Transcript,
    wire::{Cut, Down, Wire},
};

/// What a visitor's software has of the world while it acts.
pub(crate) struct Around<'a> {
    pub(crate) node: &'a mut SimulatedNode,
    pub(crate) model: &'a mut Model,
    pub(crate) transcript: &'a mut Transcript,
    /// How many turns event loops have had.
    pub(crate) turns: u64,
}

/// How far a socket has come.
#[derive(Debug)]
enum Phase {
    /// The answer to the handshake is yet to come, so far this much of it.
    Handshake(Vec<u8>),
    /// So many `welcome`s are yet to come at most; the last that has come.
    Greeting(u8, Option<Value>),
    /// The session goes on.
    On,
}

/// Why the node may close a socket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deserts {
    pub(crate) violation: Option<u16>,
    pub(crate) is_flooding: bool,
    pub(crate) is_slow: bool,
    pub(crate) is_draining: bool,
}

/// A socket, with what its software has made of it.
#[derive(Debug)]
struct Line {
    wire: Wire,
    decoder: Decoder,
    phase: Phase,
    claim: Claim,
    deserts: Deserts,
    /// A first frame was sent.
    has_begun: bool,
}

/// One window.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) number: usize,
    from: IpAddr,
    line: Option<Line>,
    /// Sockets that it has left.
    left: Vec<Wire>,
    pub(crate) session: Option<usize>,
}

impl Window {
    pub(crate) fn new(number: usize, from: IpAddr) -> Self {
        Self { number, from, line: None, left: Vec::new(), session: None }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    /// Whether its session goes on, so that it may say something.
    pub(crate) fn is_on(&self) -> bool {
        matches!(&self.line, Some(Line { phase: Phase::On, .. })) && self.session.is_some()
    }

    /// From now on `hello` would come too late.
    pub(crate) fn begin(&mut self) {
        if let Some(line) = &mut self.line {
            line.has_begun = true;
        }
    }

    /// Whether `hello` would come too late.
    pub(crate) fn has_begun(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.has_begun)
    }

    pub(crate) fn deserves(&mut self, change: impl FnOnce(&mut Deserts)) {
        if let Some(line) = &mut self.line {
            change(&mut line.deserts);
        }
    }

    /// Opens a socket, and says `hello` on it where there is something to say. A socket that it has goes
    /// on unheard until the node ends it.
    pub(crate) fn connect(
        &mut self,
        around: &mut Around<'_>,
        (random, is_announced): (Random, bool),
        hello: Option<(Claim, String)>,
    ) {
        if let Some(line) = self.line.take() {
            self.leave(around, line, None);
        }
        let mut wire = Wire::open(around.node, self.from, random);
        let path = if is_announced { "/ws?hello=1" } else { "/ws" };
        let mut bytes = format!(
            "GET {path} HTTP/1.1\r\nHost: s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .into_bytes();
        let said = hello.as_ref().map_or("", |(_, data)| data);
        around
            .transcript
            .note(around.model.now, || format!("window {}: {path} hello {said}", self.number));
        let claim = match hello {
            None => Claim::default(),
            Some((claim, data)) => {
                let frame = format!("{{\"event\":\"hello\",\"data\":{data}}}");
                encode_masked(&mut bytes, Opcode::Text, frame.as_bytes(), [1, 2, 3, 4]);
                if let Some(session) = claim.session.filter(|_| claim.is_good) {
                    around.model.claimed(session);
                }
                Claim { is_said: true, ..claim }
            }
        };
        wire.send(around.model.now, bytes);
        let phase = Phase::Handshake(Vec::new());
        let (decoder, deserts) = (Decoder::default(), Deserts::default());
        let claim = Claim { is_announced, ..claim };
        let has_begun = claim.is_said;
        self.line = Some(Line { wire, decoder, phase, claim, deserts, has_begun });
    }

    /// Says `command`, perhaps without a number.
    pub(crate) fn say(&mut self, around: &mut Around<'_>, command: Command, is_numbered: bool) {
        let (Some(session), true) = (self.session, self.is_on()) else { return };
        let (event, data) = (command.event, command.data.clone());
        let reference = around.model.send(session, command, is_numbered);
        self.put(around, event, &data, reference);
    }

    fn put(&mut self, around: &mut Around<'_>, event: &str, data: &str, reference: Option<u64>) {
        let frame = match reference {
            Some(reference) => {
                format!("{{\"event\":\"{event}\",\"data\":{data},\"ref\":{reference}}}")
            }
            None => format!("{{\"event\":\"{event}\",\"data\":{data}}}"),
        };
        around.transcript.note(around.model.now, || format!("window {} > {frame}", self.number));
        let mut bytes = Vec::new();
        encode_masked(&mut bytes, Opcode::Text, frame.as_bytes(), [9, 8, 7, 6]);
        self.begin();
        self.put_raw(around, bytes);
    }

    /// Sends bytes as they are.
    pub(crate) fn put_raw(&mut self, around: &mut Around<'_>, bytes: Vec<u8>) {
        if let Some(line) = &mut self.line {
            line.wire.send(around.model.now, bytes);
        }
    }

    /// Closes its socket cleanly, with a code or without.
    pub(crate) fn close(&mut self, around: &mut Around<'_>, code: Option<u16>) {
        let Some(mut line) = self.line.take() else { return };
        around
            .transcript
            .note(around.model.now, || format!("window {} closes, {code:?}", self.number));
        let mut bytes = Vec::new();
        let payload = code.map(u16::to_be_bytes);
        let payload = payload.as_ref().map_or(&[][..], |bytes| &bytes[..]);
        encode_masked(&mut bytes, Opcode::Close, payload, [5, 5, 5, 5]);
        line.wire.send(around.model.now, bytes);
        line.wire.finish(around.model.now);
        let terms = around.model.terms;
        let grace = match code {
            None | Some(1000 | 1001) => terms.grace_closed,
            Some(1002 | 1007..=1009) => 0,
            Some(_) => terms.grace,
        };
        self.note_loss(around, &line, grace.min(terms.grace), true);
        self.left.push(line.wire);
    }

    /// Loses its socket.
    pub(crate) fn cut(&mut self, around: &mut Around<'_>, cut: Cut) {
        let Some(line) = self.line.take() else { return };
        around
            .transcript
            .note(around.model.now, || format!("window {} is cut: {cut:?}", self.number));
        self.leave(around, line, Some(cut));
    }

    fn leave(&mut self, around: &mut Around<'_>, mut line: Line, cut: Option<Cut>) {
        let (now, grace) = (around.model.now, around.model.terms.grace);
        // Of one that is merely left, what was said on it still comes, and nobody listens.
        if let Some(cut) = cut {
            line.wire.cut(now, cut);
        }
        self.note_loss(around, &line, grace, cut.is_some_and(|cut| cut != Cut::Silence));
        self.left.push(line.wire);
    }

    fn note_loss(&mut self, around: &mut Around<'_>, line: &Line, grace: u64, is_told: bool) {
        // After a violation there is nothing to come back to.
        let grace = if line.deserts.violation.is_some() { 0 } else { grace };
        match (&line.phase, &line.claim, self.session) {
            (Phase::On, _, Some(session)) => around.model.lost(session, grace, is_told),
            (Phase::On, ..) => {}
            (_, Claim { session: Some(session), is_good: true, .. }, _) => {
                around.model.claim_lost(*session);
            }
            _ => {}
        }
    }

    /// The visitor goes away for good, and nothing of the session is remembered here.
    pub(crate) fn forget_session(&mut self) {
        self.session = None;
    }

    /// Reads slowly for a while.
    pub(crate) fn read_slowly(&mut self, around: &mut Around<'_>, until: u64, window: usize) {
        if let Some(line) = &mut self.line {
            line.deserts.is_slow = true;
            line.wire.read_slowly(around.node, until, window);
        }
    }

    /// Moves what is due on its sockets, and takes what has arrived; whether there was anything.
    pub(crate) fn carry(&mut self, around: &mut Around<'_>) -> Rule<bool> {
        let now = around.model.now;
        let mut has_moved = false;
        for wire in &mut self.left {
            has_moved |= wire.carry(around.node, now, around.turns);
            while let Some(what) = wire.receive(now) {
                if what == Down::End {
                    wire.finish(now);
                }
            }
        }
        while let Some(over) = self.left.iter().position(|wire| wire.is_over(around.node)) {
            self.left.swap_remove(over).forget(around.node);
        }
        let Some(line) = &mut self.line else { return Ok(has_moved) };
        has_moved |= line.wire.carry(around.node, now, around.turns);
        while let Some(what) = self.line.as_mut().and_then(|line| line.wire.receive(now)) {
            has_moved = true;
            match what {
                Down::Bytes(bytes) => self.take(around, bytes)?,
                Down::End => self.ended(around, None)?,
            }
        }
        Ok(has_moved)
    }

    pub(crate) fn next_due(&self, now: u64) -> Option<u64> {
        let wires = self.left.iter().chain(self.line.iter().map(|line| &line.wire));
        wires.flat_map(|wire| wire.next_due().into_iter().chain(wire.reads_from(now))).min()
    }

    /// The node has ended the socket.
    fn ended(&mut self, around: &mut Around<'_>, code: Option<u16>) -> Rule {
        let Some(mut line) = self.line.take() else { return Ok(()) };
        around
            .transcript
            .note(around.model.now, || format!("window {} is closed: {code:?}", self.number));
        around.model.counts.close(code.unwrap_or(0));
        let deserts = line.deserts;
        let is_due = match code {
            Some(1008) => deserts.is_flooding,
            Some(1013) => deserts.is_slow || deserts.is_flooding,
            Some(4000) => deserts.is_slow || around.model.has_leapt,
            Some(1012) => deserts.is_draining,
            // A claim that was given up has come late.
            Some(4001) => self.session.is_some_and(|it| around.model.sessions[it].has_stray_claim),
            Some(code) => deserts.violation == Some(code),
            None => deserts.is_draining || deserts.is_slow || around.model.has_leapt,
        };
        let grace = match code {
            Some(1002 | 1007..=1009 | 1011 | 4001) => 0,
            _ => around.model.terms.grace,
        };
        // The node has done so before this was heard of.
        let ago = around.model.now - line.wire.closed_at.unwrap_or(0).min(around.model.now);
        let left = grace.saturating_sub(ago + 1_000);
        self.note_loss(around, &line, left, code != Some(4001));
        line.wire.finish(around.model.now);
        self.left.push(line.wire);
        if is_due { Ok(()) } else { broken("close-code", format!("{code:?} for {deserts:?}")) }
    }
}
