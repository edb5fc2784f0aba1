//! Timers, posts, closing, sockets that move on, and input that waits for output: a loop whose
//! handler tells all that it hears and does what it is posted.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{sends::in_both_ways, *};
use crate::clock::Clock;
use liveloop_core::Moment;

/// Nothing here takes so long unless it is broken.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Opened(ConnId),
    Bytes(ConnId, Vec<u8>),
    End(ConnId),
    Timer(ConnId, Moment),
    Gone(ConnId),
}

pub(super) struct Probe {
    heard: Sender<Heard>,
    is_over: bool,
}

pub(super) type Act = Box<dyn FnOnce(&mut Probe, &mut Io) + Send>;

impl Probe {
    fn tell(&self, heard: Heard) {
        // The test may have seen enough.
        let _ = self.heard.send(heard);
    }
}

impl Handler for Probe {
    type Net = Kernel;
    type Post = Act;

    fn on_open(&mut self, _io: &mut Io, id: ConnId, _peer: SocketAddr) {
        self.tell(Heard::Opened(id));
    }

    fn on_bytes(&mut self, _io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        self.tell(Heard::Bytes(id, bytes.to_vec()));
    }

    fn on_end(&mut self, _io: &mut Io, id: ConnId) {
        self.tell(Heard::End(id));
    }

    fn on_timer(&mut self, io: &mut Io, id: ConnId) {
        self.tell(Heard::Timer(id, io.now()));
    }

    fn on_gone(&mut self, _io: &mut Io, id: ConnId) {
        self.tell(Heard::Gone(id));
    }

    fn on_post(&mut self, io: &mut Io, act: Act) {
        act(self, io);
    }

    fn on_turn(&mut self, _io: &mut Io) {}

    fn on_written(&mut self, _io: &mut Io) {}

    fn next_turn(&self) -> Option<Moment> {
        None
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

/// A loop, and what its handler hears. It ends with this.
pub(super) struct Loop {
    address: SocketAddr,
    pub(super) link: PlaneLink<Act>,
    heard: Receiver<Heard>,
}

impl Loop {
    pub(super) fn start(thread: u8, sends: Sends) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let start = Start::new(thread, sends).unwrap();
        let link = start.link();
        let (sender, heard) = channel();
        let probe = Probe { heard: sender, is_over: false };
        let plane = Plane::new(
            start,
            probe,
            Clock::start(),
            Some(mio::net::TcpListener::from_std(listener)),
        )
        .unwrap();
        thread::spawn(move || plane.run().unwrap());
        Self { address, link, heard }
    }

    /// A client, and the loop's name for it.
    pub(super) fn connect(&self) -> (TcpStream, ConnId) {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let Heard::Opened(id) = self.next() else { panic!("it is opened first") };
        (stream, id)
    }

    pub(super) fn next(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE).expect("something is heard")
    }

    /// Lets the loop's thread act, and gives what that comes to.
    pub(super) fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Io) -> T + Send + 'static,
    ) -> T {
        let (sender, receiver) = channel();
        self.link.post(Box::new(move |_, io| sender.send(act(io)).unwrap()));
        receiver.recv_timeout(PATIENCE).expect("a post is taken")
    }

    /// What is heard until whatever is ready now has been seen to.
    pub(super) fn settled(&self) -> Vec<Heard> {
        // What was ready before the first is seen to in its turn or in the one before.
        (0..3).for_each(|_| self.act(|_| ()));
        self.heard.try_iter().collect()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.link.post(Box::new(|probe, _| probe.is_over = true));
    }
}

in_both_ways! {
    a_timer_comes_once_and_never_before_it_is_due,
    a_timer_dies_with_its_connection,
    posts_of_all_threads_come_and_those_of_one_in_order,
    a_loop_that_posts_to_itself_wakes_itself,
    a_socket_that_is_given_away_lives_on_elsewhere,
    nothing_is_read_from_who_does_not_read,
    last_words_are_read_and_then_it_is_gone,
    who_never_leaves_or_goes_on_talking_is_cut_off,
}

fn a_timer_comes_once_and_never_before_it_is_due(sends: Sends) {
    let plane = Loop::start(0, sends);
    let clients: Vec<_> = (0..4).map(|_| plane.connect()).collect();
    let ids: Vec<ConnId> = clients.iter().map(|(_, id)| *id).collect();
    let (soon, later) = (Duration::from_millis(60), Duration::from_millis(240));
    let now = plane.act(move |io| {
        let now = io.now();
        io.set_timer(ids[0], now + soon);
        // Moved to later, moved to sooner, and taken back.
        io.set_timer(ids[1], now + soon);
        io.set_timer(ids[1], now + later);
        io.set_timer(ids[2], now + Duration::from_secs(3_600));
        io.set_timer(ids[2], now + soon);
        io.set_timer(ids[3], now + soon);
        io.set_timer(ids[3], Moment::NEVER);
        now
    });
    let due: HashMap<ConnId, Duration> = (0..3)
        .map(|_| match plane.next() {
            Heard::Timer(id, at) => (id, at.since(now)),
            other => panic!("only timers are due: {other:?}"),
        })
        .collect();
    for (n, earliest) in [(0, soon), (1, later), (2, soon)] {
        let after = due.get(&clients[n].1).expect("each comes once");
        assert!((earliest..PATIENCE).contains(after), "{n} after {after:?}");
    }
    // Whatever came twice, or after all, would come before one that is set now.
    let last = clients[0].1;
    plane.act(move |io| io.set_timer(last, io.now() + soon));
    assert!(matches!(plane.next(), Heard::Timer(id, _) if id == last));
    assert_eq!(plane.settled(), []);
}

fn a_timer_dies_with_its_connection(sends: Sends) {
    let plane = Loop::start(0, sends);
    let (client, id) = plane.connect();
    plane.act(move |io| {
        io.set_timer(id, io.now() + Duration::from_millis(50));
        io.cut(id);
    });
    assert_eq!(plane.next(), Heard::Gone(id));
    drop(client);
    // The next owner of the slot has a later one, and only that comes.
    let (_client, next) = plane.connect();
    assert_eq!((next.key.slot, next == id), (id.key.slot, false));
    plane.act(move |io| io.set_timer(next, io.now() + Duration::from_millis(200)));
    assert!(matches!(plane.next(), Heard::Timer(timed, _) if timed == next));
}

fn posts_of_all_threads_come_and_those_of_one_in_order(sends: Sends) {
    const POSTS: u32 = 20_000;
    let plane = Loop::start(0, sends);
    let (sender, receiver) = channel();
    let threads: Vec<_> = (0..4_usize)
        .map(|thread| {
            let (link, sender) = (plane.link.clone(), sender.clone());
            thread::spawn(move || {
                for n in 0..POSTS {
                    let sender = sender.clone();
                    link.post(Box::new(move |_, _| sender.send((thread, n)).unwrap()));
                }
            })
        })
        .collect();
    let mut next = [0; 4];
    for _ in 0..4 * POSTS {
        let (thread, n) = receiver.recv_timeout(PATIENCE).expect("no post is lost");
        assert_eq!(n, next[thread]);
        next[thread] += 1;
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn a_loop_that_posts_to_itself_wakes_itself(sends: Sends) {
    fn again(link: PlaneLink<Act>, done: Sender<()>, left: u32) -> Act {
        Box::new(move |_, _| match left {
            0 => done.send(()).unwrap(),
            _ => link.post(again(link.clone(), done, left - 1)),
        })
    }
    let plane = Loop::start(0, sends);
    let (done, is_done) = channel();
    plane.link.post(again(plane.link.clone(), done, 1_000));
    is_done.recv_timeout(PATIENCE).expect("each turn brings the next");
}

fn a_socket_that_is_given_away_lives_on_elsewhere(sends: Sends) {
    let (from, to) = (Loop::start(0, sends.clone()), Loop::start(1, sends));
    let (mut client, id) = from.connect();
    client.write_all(b"before").unwrap();
    assert_eq!(from.next(), Heard::Bytes(id, b"before".to_vec()));
    let stream = from.act(move |io| {
        let stream = io.detach(id).expect("it is there");
        assert!(io.detach(id).is_none(), "given away once");
        // Whatever is still done to it goes nowhere.
        io.queue_write(id, |out| out.extend_from_slice(b"ghost"));
        io.set_timer(id, io.now());
        io.close(id);
        io.cut(id);
        stream
    });
    client.write_all(b"between").unwrap();
    let adopted = to.act(move |io| io.open(stream).expect("it is taken over"));
    assert_eq!(to.next(), Heard::Bytes(adopted, b"between".to_vec()));
    to.act(move |io| io.queue_write(adopted, |out| out.extend_from_slice(b"hello")));
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
    drop(client);
    assert_eq!(to.next(), Heard::End(adopted));
    assert_eq!(from.settled(), [], "the first loop hears of it no more");
}

fn nothing_is_read_from_who_does_not_read(sends: Sends) {
    /// Far more than the kernel buffers.
    const OWED: usize = 32 << 20;
    let plane = Loop::start(0, sends);
    let (mut client, id) = plane.connect();
    plane.act(move |io| io.queue_write(id, |out| out.resize(OWED, b'.')));
    assert!(plane.act(move |io| io.pending(id)) > OWED / 4, "the kernel has taken it all");
    client.write_all(b"one more thing").unwrap();
    assert_eq!(plane.settled(), [], "it waits until the client has read");
    client.read_exact(&mut vec![0; OWED]).unwrap();
    assert_eq!(plane.next(), Heard::Bytes(id, b"one more thing".to_vec()));
    assert_eq!(plane.act(move |io| io.pending(id)), 0);
}

fn last_words_are_read_and_then_it_is_gone(sends: Sends) {
    let plane = Loop::start(0, sends);
    let (mut client, id) = plane.connect();
    // Unread bytes would reset the connection, and the last words with it.
    client.write_all(&[b'x'; 100_000]).unwrap();
    plane.act(move |io| {
        io.queue_write(id, |out| out.extend_from_slice(b"farewell"));
        io.close(id);
        io.queue_write(id, |out| out.extend_from_slice(b"too late"));
    });
    let mut words = String::new();
    client.read_to_string(&mut words).unwrap();
    assert_eq!(words, "farewell");
    drop(client);
    let mut heard = std::iter::from_fn(|| Some(plane.next()));
    assert_eq!(heard.find(|heard| !matches!(heard, Heard::Bytes(..))), Some(Heard::Gone(id)));
}

fn who_never_leaves_or_goes_on_talking_is_cut_off(sends: Sends) {
    let plane = Loop::start(0, sends);
    let (mut talker, talks) = plane.connect();
    let (_silent, stays) = plane.connect();
    let began = Instant::now();
    plane.act(move |io| {
        io.close(talks);
        io.close(stays);
    });
    let mut written = 0;
    while let Ok(len) = talker.write(&[b'x'; 1 << 16]) {
        written += len;
        assert!(written < 64 << 20, "it is read for ever");
    }
    assert_eq!(plane.next(), Heard::Gone(talks));
    assert_eq!(plane.next(), Heard::Gone(stays));
    assert!(began.elapsed() >= Duration::from_secs(2), "it had its moment");
}
