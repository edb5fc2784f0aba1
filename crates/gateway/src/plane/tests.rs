//! Real sockets on a real loop: whose bytes reach whom, and that nothing is lost on a short write.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

#[cfg(target_os = "linux")]
mod batches;
mod secured;
mod sends;
mod turns;

use super::*;
use crate::clock::Clock;
use liveloop_core::Moment;
use sends::in_both_ways;

/// Answers each stamp of eight bytes with thousands of it.
#[derive(Default)]
struct Flood {
    repeats: usize,
    opened: u64,
    gone: HashMap<ConnId, u32>,
    is_over: bool,
}

enum Post {
    Stop(Sender<(u64, HashMap<ConnId, u32>)>),
    /// Tell that the loop does nothing, and do nothing until told.
    Hold(Sender<()>, Receiver<()>),
    Adopt(TcpStream, Secured),
}

impl Handler for Flood {
    type Net = Kernel;
    type Post = Post;

    fn on_open(&mut self, _io: &mut Io, _id: ConnId, _peer: SocketAddr) {
        self.opened += 1;
    }

    fn on_bytes(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        for stamp in bytes.chunks(8) {
            let stamps = stamp.repeat(1 << 10);
            for _ in 0..self.repeats {
                io.queue_write(id, |out| out.extend_from_slice(&stamps));
            }
        }
    }

    fn on_end(&mut self, io: &mut Io, id: ConnId) {
        io.close(id);
    }

    fn on_timer(&mut self, _io: &mut Io, _id: ConnId) {}

    fn on_gone(&mut self, io: &mut Io, id: ConnId) {
        *self.gone.entry(id).or_default() += 1;
        // What comes too late goes nowhere.
        io.queue_write(id, |out| out.extend_from_slice(b"too late"));
    }

    fn on_post(&mut self, io: &mut Io, post: Post) {
        match post {
            Post::Stop(answer) => {
                self.is_over = true;
                answer.send((self.opened, std::mem::take(&mut self.gone))).unwrap();
            }
            Post::Hold(is_held, may_go_on) => {
                is_held.send(()).unwrap();
                may_go_on.recv().unwrap();
            }
            Post::Adopt(socket, secured) => {
                io.open_secured(socket, secured).unwrap();
                self.opened += 1;
            }
        }
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

fn start(repeats: usize, sends: Sends) -> (SocketAddr, PlaneLink<Post>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let start = Start::new(0, sends).unwrap();
    let link = start.link();
    let flood = Flood { repeats, ..Flood::default() };
    let plane =
        Plane::new(start, flood, Clock::start(), Some(mio::net::TcpListener::from_std(listener)))
            .unwrap();
    thread::spawn(move || plane.run().unwrap());
    (address, link)
}

in_both_ways! {
    no_byte_reaches_the_next_owner_of_a_slot_or_descriptor,
    an_end_that_comes_with_the_last_bytes_is_seen,
    a_short_write_is_continued_where_it_ended,
}

fn no_byte_reaches_the_next_owner_of_a_slot_or_descriptor(sends: Sends) {
    // Each is owed 2 MB, far more than the kernel buffers, and most go away with it unread.
    let (address, link) = start(1 << 8, sends);
    let workers: Vec<_> = (0..8_u64)
        .map(|worker| {
            thread::spawn(move || {
                for round in 0..250_usize {
                    let stamp = (worker << 32 | round as u64).to_be_bytes();
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    stream.write_all(&stamp).unwrap();
                    let mut bytes = vec![0; 8 * (1 + 7 * round)];
                    stream.read_exact(&mut bytes).unwrap();
                    assert!(bytes.chunks(8).all(|chunk| chunk == stamp), "another's bytes");
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let (sender, receiver) = channel();
    link.post(Post::Stop(sender));
    let (opened, gone) = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(opened, 2_000);
    assert!(gone.values().all(|times| *times == 1), "gone is gone once");
}

fn an_end_that_comes_with_the_last_bytes_is_seen(sends: Sends) {
    let (address, link) = start(1, sends);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"01234567").unwrap();
    stream.read_exact(&mut [0; 8 << 10]).unwrap();
    // Both come while the loop is elsewhere, so that it hears of them once.
    let ((is_held, held), (go_on, may_go_on)) = (channel(), channel());
    link.post(Post::Hold(is_held, may_go_on));
    held.recv().unwrap();
    stream.write_all(b"abcdefgh").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the loop ends what its client has ended");
    assert_eq!(rest, b"abcdefgh".repeat(1 << 10));
}

fn a_short_write_is_continued_where_it_ended(sends: Sends) {
    let (address, _link) = start(1 << 8, sends);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"01234567").unwrap();
    let mut bytes = vec![0; 8 << 18];
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes.chunks(8).all(|chunk| chunk == b"01234567"));
    // The outbox was given back whole, so that the next words begin with themselves.
    stream.write_all(b"abcdefgh").unwrap();
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes.chunks(8).all(|chunk| chunk == b"abcdefgh"));
}
