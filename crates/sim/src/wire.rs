//! One socket of a visitor, with the network between it and the node: bytes keep their order, come in
//! pieces and take their time; sockets are lost, with or without a word to the other end.
//!
//! It knows bytes and times, and neither frames nor what they say.

use std::{collections::VecDeque, net::IpAddr, time::Duration};

use liveloop_gateway::simulation::{ClientSocket, SimulatedNode, SocketState};

use crate::random::Random;

/// What a kernel takes for a visitor who reads.
const WINDOW: usize = 64 << 10;

/// What is on its way to the node.
#[derive(Debug)]
enum Up {
    Bytes(Vec<u8>),
    Finish,
    Reset,
}

/// What is on its way to the visitor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Down {
    Bytes(Vec<u8>),
    /// The node has closed its half, or broken the connection.
    End,
}

/// How a visitor loses a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The other end is told by a RST.
    Reset,
    /// By a FIN.
    Finish,
    /// It is never told.
    Silence,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: ClientSocket,
    random: Random,
    latency: u64,
    up: VecDeque<(u64, Up)>,
    down: VecDeque<(u64, Down)>,
    /// Nothing crosses it any more, in either direction.
    is_dead: bool,
    /// Its visitor does not read before then.
    reads_from: u64,
    is_narrow: bool,
    has_ended: bool,
    /// After so many turns of event loops there was nothing more to read.
    emptied_at: Option<u64>,
    /// When the node was first seen to have closed it.
    pub(crate) closed_at: Option<u64>,
}

impl Wire {
    pub(crate) fn open(node: &mut SimulatedNode, from: IpAddr, mut random: Random) -> Self {
        let latency = random.weighted(&[(3, 1), (3, 10), (2, 60), (1, 250)]);
        Self {
            socket: node.connect(from),
            random,
            latency,
            up: VecDeque::new(),
            down: VecDeque::new(),
            is_dead: false,
            reads_from: 0,
            is_narrow: false,
            has_ended: false,
            emptied_at: None,
            closed_at: None,
        }
    }

    fn due(&mut self, now: u64, last: Option<u64>) -> u64 {
        let jitter = self.random.below(self.latency + 1);
        (now + self.latency / 2 + jitter).max(last.unwrap_or(0))
    }

    /// Has `bytes` arrive at the node, in pieces.
    pub(crate) fn send(&mut self, now: u64, mut bytes: Vec<u8>) {
        while bytes.len() > 1 && self.random.percent(15) {
            let rest = bytes.split_off(self.random.index(bytes.len() - 1) + 1);
            self.push_up(now, Up::Bytes(bytes));
            bytes = rest;
        }
        self.push_up(now, Up::Bytes(bytes));
    }

    fn push_up(&mut self, now: u64, what: Up) {
        if !self.is_dead {
            let due = self.due(now, self.up.back().map(|(due, _)| *due));
            self.up.push_back((due, what));
        }
    }

    /// Loses it. Of what is on its way to the node a part still comes.
    pub(crate) fn cut(&mut self, now: u64, cut: Cut) {
        let kept = self.random.index(self.up.len() + 1);
        self.up.truncate(kept);
        match cut {
            Cut::Reset => self.push_up(now, Up::Reset),
            Cut::Finish => self.push_up(now, Up::Finish),
            Cut::Silence => {}
        }
        self.is_dead = true;
        self.down.clear();
    }

    /// The visitor says no more, and what it has said still comes.
    pub(crate) fn finish(&mut self, now: u64) {
        self.push_up(now, Up::Finish);
    }

    /// The visitor does not read for a while, and its kernel takes little.
    pub(crate) fn read_slowly(&mut self, node: &mut SimulatedNode, until: u64, window: usize) {
        self.reads_from = self.reads_from.max(until);
        self.is_narrow = true;
        node.set_window(self.socket, window);
    }

    /// Moves what is due; whether anything was. `turns` is how many turns event loops have had.
    pub(crate) fn carry(&mut self, node: &mut SimulatedNode, now: u64, turns: u64) -> bool {
        let mut has_moved = false;
        while self.up.front().is_some_and(|(due, _)| *due <= now) {
            match self.up.pop_front() {
                Some((_, Up::Bytes(bytes))) => node.write(self.socket, &bytes),
                Some((_, Up::Finish)) => node.finish(self.socket),
                Some((_, Up::Reset)) => node.reset(self.socket),
                None => break,
            }
            has_moved = true;
            if self.random.percent(30) {
                break;
            }
        }
        if !self.is_dead && self.emptied_at != Some(turns) {
            has_moved |= self.pull(node, now, turns);
        }
        has_moved
    }

    fn pull(&mut self, node: &mut SimulatedNode, now: u64, turns: u64) -> bool {
        let is_closed = node.is_closed(self.socket);
        if is_closed && self.closed_at.is_none() {
            self.closed_at = Some(now);
        }
        if now < self.reads_from || self.has_ended {
            return false;
        }
        if std::mem::take(&mut self.is_narrow) {
            node.set_window(self.socket, WINDOW);
        }
        let bytes = node.read(self.socket, 16 << 10);
        let what = if !bytes.is_empty() {
            Down::Bytes(bytes)
        } else if is_closed {
            self.has_ended = true;
            Down::End
        } else {
            self.emptied_at = Some(turns);
            return false;
        };
        let due = self.due(now, self.down.back().map(|(due, _)| *due));
        self.down.push_back((due, what));
        true
    }

    /// What has arrived by now.
    pub(crate) fn receive(&mut self, now: u64) -> Option<Down> {
        self.down.pop_front_if(|(due, _)| *due <= now).map(|(_, what)| what)
    }

    /// When something moves next.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let first = |due: Option<u64>| due.into_iter();
        let up = first(self.up.front().map(|(due, _)| *due));
        up.chain(first(self.down.front().map(|(due, _)| *due))).min()
    }

    /// When its visitor reads again, where it does not.
    pub(crate) fn reads_from(&self, now: u64) -> Option<u64> {
        Some(self.reads_from).filter(|from| *from > now && !self.is_dead)
    }

    /// Whether the node has done with it, and nobody waits for it.
    pub(crate) fn is_over(&self, node: &SimulatedNode) -> bool {
        let is_closed = matches!(node.state(self.socket), SocketState::Closed | SocketState::Reset);
        is_closed && (self.is_dead || self.has_ended) && self.down.is_empty()
    }

    pub(crate) fn forget(self, node: &mut SimulatedNode) {
        node.forget(self.socket);
    }
}

/// Milliseconds since the node's start.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX)
}
