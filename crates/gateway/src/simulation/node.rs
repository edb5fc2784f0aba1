//! The node and its caller's hold on it.

mod restart;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures_util::FutureExt;
use liveloop_core::{Moment, RoomId, UserId};
use liveloop_ports::{Bans, Channel, ChannelKind, Directory, MemoryDirectory, Wall};
use liveloop_protocol::{format_id, parse_id};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Figures, Occupancy,
    network::{Backlog, Found, Readiness, Remote, Simulated, connection},
    store::Store,
};
use crate::{
    assembly::{BuiltLoop, Parts, Surroundings, build_door, build_loops},
    clock::{Clock, Randomness, SimulatedTime, SplitMix64, random_id},
    door::Door,
    driver::{Driver, Handed, Post},
    estate::{Estate, Left, Succession},
    identity::Secret,
    plane::{EVENTS_MAX, Net, Plane, Sends},
    settings::Settings,
};

/// The calendar at a node's start: 2026-01-01T00:00:00Z, in milliseconds since 1970.
const WALL_AT_START: Wall = Wall(1_767_225_600_000);
/// What a client's window is until it says otherwise, in bytes.
const WINDOW_BYTES: usize = 64 << 10;
/// More than any node has to do at one moment, unless it never comes to an end.
const SETTLE_TURNS_MAX: usize = 100_000;
/// Connections that wait for HTTP, of which the simulation has none.
const HANDED_MAX: usize = 4_096;

/// A client's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientSocket(u32);

/// How far a connection has come, as its client finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// The node may still write to it.
    Open,
    /// The node has written its last byte, and reads until the client has finished too.
    Finished,
    /// The node has closed it. What it has written can still be read.
    Closed,
    /// It was reset, by either side. What was not read is lost.
    Reset,
}

/// Who may not come in.
#[derive(Debug, Default)]
struct Banned(Mutex<BTreeSet<UserId>>);

impl Bans for Banned {
    fn is_banned(&self, user: UserId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&user)
    }
}

struct EventLoop {
    plane: Plane<Driver<Simulated>>,
    found: Found,
    drained: oneshot::Receiver<()>,
    is_drained: bool,
}

/// What outlasts a process.
#[derive(Clone)]
struct Lasting {
    secret: Secret,
    time: Arc<SimulatedTime>,
    store: Arc<Store>,
    directory: Arc<MemoryDirectory>,
    banned: Arc<Banned>,
    randomness: Randomness,
}

/// A node that lives in its caller's thread, time and network.
pub struct SimulatedNode {
    loops: Vec<EventLoop>,
    door: Door,
    drain: watch::Sender<bool>,
    backlog: Backlog,
    clients: BTreeMap<ClientSocket, Remote>,
    last_client: u32,
    lasting: Lasting,
    handed: mpsc::Receiver<Handed<Simulated>>,
    handed_count: u64,
}

impl std::fmt::Debug for SimulatedNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedNode").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl SimulatedNode {
    /// A node with as many event loops as `settings.threads` says (0 asks the machine how many it
    /// would like, and is not the same everywhere). All that is random in it comes from `seed`.
    /// There is no HTTP, TLS or io_uring.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let mut key = [0; 32];
        random.fill(&mut key);
        let lasting = Lasting {
            secret: Secret::new(key),
            time: Arc::new(SimulatedTime::starting_at(WALL_AT_START)),
            store: Arc::default(),
            directory: Arc::default(),
            banned: Arc::default(),
            randomness: Randomness::seeded(random.next()),
        };
        Self::begin(settings, lasting, None)
    }

    /// A process on what lasts, with what the one before has left.
    fn begin(settings: Settings, mut lasting: Lasting, estate: Option<&Estate>) -> Self {
        let threads = settings.threads();
        let parts = Parts {
            secret: lasting.secret.clone(),
            archive: lasting.store.clone(),
            directory: lasting.directory.clone(),
            has_store: false,
            bans: lasting.banned.clone(),
            clock: Clock::simulated(&lasting.time),
            is_secure: false,
        };
        let (door, drain) = build_door(settings, parts);
        let (node, wall) = (&door.node, lasting.time.wall());
        let left = estate.map(|estate| {
            let opened = Left::open(estate, &lasting.secret, &node.shared.settings, wall);
            opened.expect("what a node leaves the next one takes over")
        });
        let succession = match &left {
            Some(left) => {
                let succession = Succession::of(node, threads, left, node.clock.moment());
                succession.expect("what a node leaves is sound")
            }
            None => Succession::none(node, threads),
        };
        let (http, handed) = mpsc::channel(HANDED_MAX);
        let backlog = Backlog::default();
        let around = Surroundings { threads, listener: backlog.clone(), sends: Sends::Each, http };
        let loops = lasting.randomness.lend(|| build_loops(&door, around, succession));
        let loops = loops.expect("memory refuses nothing");
        let event_loop = |BuiltLoop { plane, drained, .. }| {
            let found = Simulated::events(EVENTS_MAX);
            EventLoop { plane, found, drained, is_drained: false }
        };
        Self {
            loops: loops.into_iter().map(event_loop).collect(),
            door,
            drain,
            backlog,
            clients: BTreeMap::new(),
            last_client: 0,
            lasting,
            handed,
            handed_count: 0,
        }
    }

    /// How many event loops there are, numbered from 0. The first has the listener and the desk.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.loops.len()
    }

    /// The time since the node's start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.lasting.time.since_start()
    }

    /// Goes on to `now`, and the calendar with it. An earlier time changes nothing.
    pub fn advance_to(&mut self, now: Duration) {
        self.lasting.time.advance_to(now);
    }

    /// What the calendar says, in milliseconds since 1970; 2026-01-01T00:00:00Z at the start.
    #[must_use]
    pub fn wall(&self) -> u64 {
        self.lasting.time.wall().0
    }

    /// Sets the calendar alone, forwards or back.
    pub fn jump_wall(&mut self, millis: i64) {
        self.lasting.time.jump_wall(millis);
    }

    /// A new connection from this address. It lies with the listener until the first loop turns;
    /// whether it is let in its [`SocketState`] tells then. 64 KiB may lie in it unread.
    pub fn connect(&mut self, from: IpAddr) -> ClientSocket {
        self.last_client += 1;
        let client = ClientSocket(self.last_client);
        let (socket, remote) = connection(WINDOW_BYTES);
        self.clients.insert(client, remote);
        self.backlog.push(socket, SocketAddr::new(from, 49_152));
        client
    }

    /// Bytes that arrive at the node now. After an end of the connection they arrive nowhere.
    pub fn write(&mut self, client: ClientSocket, bytes: &[u8]) {
        self.remote(client).write(bytes);
    }

    /// Takes what the node has written, at most `max` bytes of it.
    pub fn read(&mut self, client: ClientSocket, max: usize) -> Vec<u8> {
        self.remote(client).read(max)
    }

    /// How many bytes may lie unread before the node can write no more; with 0 the client is stuck.
    pub fn set_window(&mut self, client: ClientSocket, bytes: usize) {
        self.remote(client).set_window(bytes);
    }

    /// The client will write nothing more (FIN).
    pub fn finish(&mut self, client: ClientSocket) {
        self.remote(client).finish();
    }

    /// The client is gone (RST). What the node has not read it can still read; what the client has
    /// not read is lost.
    pub fn reset(&mut self, client: ClientSocket) {
        self.remote(client).reset();
    }

    /// How far the connection has come.
    ///
    /// # Panics
    /// As all that takes a client: where it was forgotten.
    #[must_use]
    pub fn state(&self, client: ClientSocket) -> SocketState {
        self.remote(client).state()
    }

    /// Whether the node will write nothing more to it.
    #[must_use]
    pub fn is_closed(&self, client: ClientSocket) -> bool {
        self.state(client) != SocketState::Open
    }

    /// Resets a connection, if the node has not closed it, and forgets the client.
    pub fn forget(&mut self, client: ClientSocket) {
        if let Some(remote) = self.clients.remove(&client)
            && remote.state() != SocketState::Closed
        {
            remote.reset();
        }
    }

    fn remote(&self, client: ClientSocket) -> &Remote {
        self.clients.get(&client).expect("the caller has not forgotten this client")
    }

    /// Whether a turn of this loop would do anything now.
    #[must_use]
    pub fn is_ready(&self, thread: usize) -> bool {
        self.due(thread).is_some_and(|due| due <= self.now())
    }

    /// One turn of one event loop, if it has anything to do; whether it had. What is ready it finds
    /// in the order in which it has become ready, or, where `order` is not 0, in one that is drawn
    /// from that number. At most 64 things at once, the rest in its next turn.
    pub fn turn(&mut self, thread: usize, order: u64) -> bool {
        if !self.is_ready(thread) {
            return false;
        }
        let EventLoop { plane, found, .. } = &mut self.loops[thread];
        plane.poll().set_order(order);
        self.lasting.randomness.lend(|| plane.turn(found)).expect("it does not wait");
        while let Ok(handed) = self.handed.try_recv() {
            // HTTP would answer it; here it is closed.
            drop(handed);
            self.handed_count += 1;
        }
        true
    }

    /// When this loop is to turn though nothing happens until then; a time that has come where it is
    /// to turn now, and nothing where it waits for others alone.
    #[must_use]
    pub fn due(&self, thread: usize) -> Option<Duration> {
        let plane = &self.loops[thread].plane;
        let readiness: &Readiness = plane.poll();
        if !readiness.is_empty() || plane.has_unfinished() {
            return Some(self.now());
        }
        plane.next_due().map(Moment::since_start)
    }

    /// The first such time of all loops.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        (0..self.threads()).filter_map(|thread| self.due(thread)).min()
    }

    /// Turns one loop after the other until none has anything to do at this moment; how many turns
    /// it took.
    ///
    /// # Panics
    /// After 100,000 of them, for then it never ends.
    pub fn settle(&mut self) -> usize {
        let mut turns = 0;
        while let Some(thread) = (0..self.threads()).find(|thread| self.is_ready(*thread)) {
            self.turn(thread, 0);
            turns += 1;
            assert!(turns < SETTLE_TURNS_MAX, "the node never comes to rest");
        }
        turns
    }

    /// The node goes away: it lets nobody in any more, and its loops are told.
    pub fn drain(&mut self) {
        self.drain.send_replace(true);
        for each in &self.loops {
            each.plane.link().post(Post::Drain);
        }
    }

    /// Whether it has been told to.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.drain.borrow()
    }

    /// Whether no loop has a WebSocket any more, so that the process would end.
    pub fn is_drained(&mut self) -> bool {
        for each in &mut self.loops {
            each.is_drained |= each.drained.try_recv().is_ok();
        }
        self.loops.iter().all(|each| each.is_drained)
    }

    /// Makes a group that anybody may join, as `POST /api/rooms` does, of the visitor with this
    /// `userId`; gives its `roomId`, or nothing where there is no such id.
    pub fn create_group(&mut self, creator: &str, capacity: u32) -> Option<String> {
        let creator = UserId(parse_id(creator)?);
        let room = RoomId(self.lasting.randomness.lend(random_id));
        let channel = Channel {
            room,
            kind: ChannelKind::Group,
            name: None,
            is_public: true,
            capacity,
            creator: Some(creator),
            created_at: self.lasting.time.wall(),
        };
        let made = self.lasting.directory.create(channel, vec![creator]).now_or_never();
        matches!(made, Some(Ok(_))).then(|| format_id(room.0).to_string())
    }

    /// Whether the store's answers, to texts and to who joins a group, wait from now on until they are let
    /// go.
    pub fn hold_store(&mut self, is_held: bool) {
        self.lasting.store.set_slow(is_held);
    }

    /// How many of them wait.
    #[must_use]
    pub fn held_answers(&self) -> usize {
        self.lasting.store.held_count()
    }

    /// Lets the answer go that stands at `place` of those that wait, 0 being the oldest: it is posted to
    /// the loop that has asked. Whether there was one.
    pub fn let_answer_go(&mut self, place: usize) -> bool {
        self.lasting.store.let_go(place)
    }

    /// From now on the visitor with this `userId` may not come in. Whether the id is one.
    pub fn ban(&mut self, user: &str) -> bool {
        let Some(user) = parse_id(user).map(UserId) else { return false };
        self.lasting.banned.0.lock().unwrap_or_else(PoisonError::into_inner).insert(user);
        true
    }

    /// What the node holds now.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        let mut occupancy = Occupancy {
            in_listener: self.backlog.len(),
            store_rooms: self.lasting.store.open_count(),
            image_bytes: self.door.node.shared.figures.images_bytes.load(Relaxed),
            ..Occupancy::default()
        };
        (occupancy.address_connections, occupancy.addresses) = self.door.addresses.held();
        self.loops.iter().for_each(|each| each.plane.count_held(&mut occupancy));
        occupancy
    }

    /// What it has counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures::of(&self.door.node.shared.figures, self.handed_count)
    }
}
