//! What a node holds, and what it has counted, as plain numbers.

use std::sync::atomic::Ordering::Relaxed;

use liveloop_core::LobbyHeld;

use super::network::Simulated;
use crate::{driver::Driver, figures, plane::Plane};

/// What a node holds. When everybody has gone, all of it is to come to 0; each field says when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Connections that nobody has accepted. Until the first loop has turned.
    pub in_listener: usize,
    /// Connections of all event loops. Until 2 s after the node has closed them, or their loop has
    /// seen that their clients have.
    pub connections: usize,
    /// Those that have not said what they want. For 10 s at most.
    pub heads: usize,
    /// Those that have a session.
    pub sessions: usize,
    /// Those whose session is over, or elsewhere. For 2 s at most.
    pub farewells: usize,
    /// Bytes that are queued and not written. As long as the connection.
    pub outbox_bytes: usize,
    /// What threads have posted to each other. Until the other one has turned.
    pub posts: usize,
    /// What sessions have for each other. Never after a turn.
    pub deliveries: usize,
    /// Texts for which the store has no answer yet. Until the caller lets it go.
    pub unanswered: usize,
    /// Permits of connections, in the address book. As long as the connection, or the session that
    /// is in its grace.
    pub address_connections: usize,
    /// Sessions without a socket. For `session.grace`, after a clean close `session.grace_closed`.
    pub parked: usize,
    /// Sessions that have another socket than their first one. As long as the session.
    pub moved: usize,
    /// Sessions that listen to a channel, for each channel. As long as the session.
    pub listeners: usize,
    /// How sessions are shown to partners: of those who wait, are in a call, or ask for a partner
    /// back (30 s).
    pub seats: usize,
    /// Those of the Lobby. As long as the session, but for what says otherwise.
    pub lobby: LobbyHeld,
    /// Bytes of the pictures that sessions show. As long as something shows them.
    pub image_bytes: u64,
    /// Rooms of the store that take texts: calls and channels.
    pub store_rooms: usize,
    /// Channels that somebody listens to. As long as somebody does.
    pub channels: usize,
    /// Visitors who can be watched, and are online. As long as a connection of theirs.
    pub online: usize,
    /// Visitors who are watched, once for each session that watches. As long as the session.
    pub watched: usize,
    /// Calls in which somebody has asked for a channel with the other. As long as the call.
    pub asked: usize,
    /// Entries of the address book. Those without a connection are swept away when another comes and
    /// there are 1,024 of them.
    pub addresses: usize,
}

impl Plane<Driver<Simulated>> {
    /// Adds what this event loop holds.
    pub(super) fn count_held(&self, occupancy: &mut Occupancy) {
        occupancy.connections += self.io().count();
        occupancy.outbox_bytes += self.io().outbox_bytes();
        occupancy.posts += self.link().waiting();
        self.handler().count_held(occupancy);
    }
}

/// What a node has counted since its start; the fields are those of `/metrics` and `/api/status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// WebSockets let in.
    pub connections: u64,
    /// Calls begun.
    pub rooms_created: u64,
    /// Texts said.
    pub messages_exchanged: u64,
    /// Text frames sent.
    pub frames_sent: u64,
    /// WebSockets that are there.
    pub active_connections: u64,
    /// Sessions in their grace.
    pub in_grace: u64,
    /// Sessions that wait for a partner.
    pub waiting: u64,
    /// Calls that are there.
    pub rooms: u64,
    /// Sessions resumed without and with a loss.
    pub resumed: [u64; 2],
    /// Refusals, by the code that the client is told; only those that have come.
    pub refusals: Vec<(&'static str, u64)>,
    /// Ends of WebSockets, by the reason in the close frame; only those that have come. A session
    /// that has panicked is an `internal error`.
    pub closes: Vec<(&'static str, u64)>,
    /// Handshakes refused, by cause; only those that have come.
    pub handshakes_refused: Vec<(&'static str, u64)>,
    /// Connections that became nothing, by cause; only those that have come.
    pub given_up: Vec<(&'static str, u64)>,
    /// Connections whose head was no handshake: they would be HTTP's, and are closed here.
    pub handed_to_http: u64,
}

impl Figures {
    pub(super) fn of(figures: &figures::Figures, handed_to_http: u64) -> Self {
        let counts = figures.counts();
        let [lossy, lossless] = figures.resumed().map(|(_, count)| count);
        let closes = figures.closes().into_iter();
        Self {
            connections: counts.connections,
            rooms_created: counts.rooms_created,
            messages_exchanged: counts.messages_exchanged,
            frames_sent: figures.frames_sent(),
            active_connections: figures.active_connections.load(Relaxed),
            in_grace: figures.in_grace.load(Relaxed),
            waiting: figures.waiting.load(Relaxed),
            rooms: figures.rooms.load(Relaxed),
            resumed: [lossless, lossy],
            refusals: nonzero(figures.refusals().into_iter()),
            closes: nonzero(closes.map(|(reason, count)| (reason.as_str(), count))),
            handshakes_refused: nonzero(figures.handshakes_refused.counts()),
            given_up: nonzero(figures.given_up.counts()),
            handed_to_http,
        }
    }
}

fn nonzero(counts: impl Iterator<Item = (&'static str, u64)>) -> Vec<(&'static str, u64)> {
    counts.filter(|(_, count)| *count > 0).collect()
}
