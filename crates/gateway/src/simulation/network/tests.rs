//! What the simulated network and the kernel's have to have in common, asked of both.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    time::Duration,
};

use socket2::SockRef;

use super::{Remote, Simulated, connection};
use crate::{
    plane::{Kernel, Key, Net, Ready},
    simulation::SocketState,
};

/// Nothing here takes so long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// Far more than the kernel takes for one connection.
const FLOOD: usize = 64 << 20;
const KEY: Key = Key { slot: 7, generation: 3 };

/// The other end of a connection.
trait Client {
    fn write(&mut self, bytes: &[u8]);
    /// Some of what is there.
    fn read(&mut self) -> Vec<u8>;
    /// Whether the end that comes after all bytes is an ordinary one.
    fn ends_well(&mut self) -> bool;
    fn finish(&mut self);
    fn reset(self);
}

impl Client for TcpStream {
    fn write(&mut self, bytes: &[u8]) {
        self.write_all(bytes).unwrap();
    }

    fn read(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 20];
        let len = Read::read(self, &mut buffer).unwrap();
        buffer.truncate(len);
        buffer
    }

    fn ends_well(&mut self) -> bool {
        self.read_to_end(&mut Vec::new()).is_ok()
    }

    fn finish(&mut self) {
        self.shutdown(Shutdown::Write).unwrap();
    }

    fn reset(self) {
        SockRef::from(&self).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl Client for Remote {
    fn write(&mut self, bytes: &[u8]) {
        Remote::write(self, bytes);
    }

    fn read(&mut self) -> Vec<u8> {
        Remote::read(self, usize::MAX)
    }

    fn ends_well(&mut self) -> bool {
        match self.state() {
            SocketState::Open => panic!("it has not ended"),
            SocketState::Finished | SocketState::Closed => true,
            SocketState::Reset => false,
        }
    }

    fn finish(&mut self) {
        Remote::finish(self);
    }

    fn reset(self) {
        Remote::reset(&self);
    }
}

/// A connection that is watched.
struct Watched<N: Net> {
    poll: N::Poll,
    registry: N::Registry,
    events: N::Events,
    stream: N::Stream,
}

impl<N: Net> Watched<N> {
    fn new(socket: N::Socket) -> Self {
        let poll = N::poll().unwrap();
        let (registry, events) = (N::registry(&poll).unwrap(), N::events(64));
        let mut stream = N::adopt(socket).unwrap();
        N::watch(&registry, &mut stream, KEY).unwrap();
        Self { poll, registry, events, stream }
    }

    /// Waits until it is told this of the connection: that it is readable, writable, at an end.
    #[track_caller]
    fn until(&mut self, is_it: impl Fn(bool, bool, bool) -> bool) {
        loop {
            N::wait(&mut self.poll, &mut self.events, Some(PATIENCE)).unwrap();
            let mut is_empty = true;
            for ready in N::found(&self.events) {
                let Ready::Conn { key, is_readable, is_writable, has_ended } = ready else {
                    panic!("nothing else is watched: {ready:?}")
                };
                assert_eq!(key, KEY);
                is_empty = false;
                if is_it(is_readable, is_writable, has_ended) {
                    return;
                }
            }
            assert!(!is_empty, "nothing has come");
        }
    }

    #[track_caller]
    fn hears_nothing(&mut self) {
        N::wait(&mut self.poll, &mut self.events, Some(Duration::from_millis(20))).unwrap();
        assert_eq!(N::found(&self.events).next(), None);
    }

    /// All that is there, and what comes after it.
    fn read(&mut self) -> (Vec<u8>, Result<usize, io::ErrorKind>) {
        let (mut all, mut buffer) = (Vec::new(), [0; 5]);
        loop {
            match self.stream.read(&mut buffer) {
                Ok(len) if len > 0 => all.extend_from_slice(&buffer[..len]),
                outcome => return (all, outcome.map_err(|error| error.kind())),
            }
        }
    }
}

/// What comes after all that there is.
const WOULD_BLOCK: Result<usize, io::ErrorKind> = Err(io::ErrorKind::WouldBlock);

fn what_comes_is_told_once<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    watched.until(|readable, writable, ended| writable && !readable && !ended);
    watched.hears_nothing();
    client.write(b"hello");
    watched.until(|readable, writable, ended| readable && writable && !ended);
    watched.hears_nothing();
    assert_eq!(watched.read(), (b"hello".to_vec(), WOULD_BLOCK));
    client.write(b" and bye");
    client.finish();
    watched.until(|readable, _, ended| readable && ended);
    assert_eq!(watched.read(), (b" and bye".to_vec(), Ok(0)));
    // Its other half goes on.
    assert_eq!(watched.stream.write(b"bye").unwrap(), 3);
    assert_eq!(client.read(), b"bye");
    N::shut(&watched.stream).unwrap();
    assert_eq!(watched.stream.write(b"no").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert!(client.ends_well());
}

/// A loop takes a read that does not fill its buffer for the last one.
fn a_read_takes_all_that_is_there<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    for round in 1..50 {
        client.write(&[round; 97]);
        watched.until(|readable, _, _| readable);
        // The first bytes alone, so that what is left and what comes lie wherever they may.
        watched.stream.read_exact(&mut [0; 60]).unwrap();
        client.write(&[round; 5]);
        watched.until(|readable, _, _| readable);
        assert_eq!(watched.stream.read(&mut [0; 200]).unwrap(), 97 - 60 + 5);
    }
}

fn who_is_watched_anew_is_told_all<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    client.write(b"hello");
    watched.until(|readable, _, _| readable);
    N::unwatch(&watched.registry, &mut watched.stream).unwrap();
    client.finish();
    watched.hears_nothing();
    let mut elsewhere = Watched::<N>::new(N::release(watched.stream));
    elsewhere.until(|readable, writable, ended| readable && writable && ended);
    assert_eq!(elsewhere.read(), (b"hello".to_vec(), Ok(0)));
}

fn what_came_before_a_reset_is_read_before_it<N: Net>(
    (socket, mut client): (N::Socket, impl Client),
) {
    let mut watched = Watched::<N>::new(socket);
    client.write(b"last words");
    watched.until(|readable, _, _| readable);
    client.reset();
    watched.until(|readable, _, ended| readable && ended);
    let (all, end) = watched.read();
    assert_eq!((all, end), (b"last words".to_vec(), Err(io::ErrorKind::ConnectionReset)));
    assert_eq!(watched.stream.write(b"no").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

fn a_full_one_is_told_when_there_is_room<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    let bytes: Vec<u8> = (0..FLOOD).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut sent = watched.stream.write(&bytes).unwrap();
    let full = loop {
        match watched.stream.write(&bytes[sent..]) {
            Ok(len) => sent += len,
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(full, io::ErrorKind::WouldBlock);
    assert!(sent < FLOOD);
    // What it could have been told at the beginning is true no more.
    watched.hears_nothing();
    let mut taken = Vec::new();
    while taken.len() < sent {
        taken.extend(client.read());
    }
    assert!(taken == bytes[..sent]);
    watched.until(|_, writable, _| writable);
    assert!(watched.stream.write(b"more").is_ok());
}

fn who_closes_with_bytes_unread_resets<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    client.write(b"unread");
    watched.until(|readable, _, _| readable);
    N::unwatch(&watched.registry, &mut watched.stream).unwrap();
    drop(watched);
    assert!(!client.ends_well());
}

fn who_closes_with_all_read_ends_well<N: Net>((socket, mut client): (N::Socket, impl Client)) {
    let mut watched = Watched::<N>::new(socket);
    client.write(b"read");
    watched.until(|readable, _, _| readable);
    assert_eq!(watched.read().0, b"read");
    N::unwatch(&watched.registry, &mut watched.stream).unwrap();
    drop(watched);
    assert!(client.ends_well());
}

fn of_the_kernel() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    (listener.accept().unwrap().0, client)
}

/// Makes of each of these functions two tests. Other kernels than Linux may forget what came before
/// a reset.
macro_rules! on_both_networks {
    ($($test:ident,)*) => {$(
        mod $test {
            #[test]
            #[cfg(target_os = "linux")]
            fn of_the_kernel() {
                super::$test::<super::Kernel>(super::of_the_kernel());
            }

            #[test]
            fn simulated() {
                super::$test::<super::Simulated>(super::connection(64 << 10));
            }
        }
    )*};
}

on_both_networks! {
    what_comes_is_told_once,
    a_read_takes_all_that_is_there,
    who_is_watched_anew_is_told_all,
    what_came_before_a_reset_is_read_before_it,
    a_full_one_is_told_when_there_is_room,
    who_closes_with_bytes_unread_resets,
    who_closes_with_all_read_ends_well,
}
