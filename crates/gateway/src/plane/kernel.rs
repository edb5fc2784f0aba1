//! The kernel's network: TCP, and epoll or what stands for it elsewhere, through mio.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpStream as StdTcpStream},
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use mio::{
    Events, Interest, Poll, Registry, Token, Waker,
    event::Event,
    net::{TcpListener, TcpStream},
};

use super::{
    net::{Net, Ready},
    slots::Key,
};

const WAKER: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);

/// The network of this machine.
#[derive(Debug)]
pub(crate) enum Kernel {}

impl Net for Kernel {
    type Socket = StdTcpStream;
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Poll = Poll;
    type Registry = Registry;
    type Events = Events;
    type Waker = Waker;

    fn adopt(socket: StdTcpStream) -> io::Result<TcpStream> {
        socket.set_nonblocking(true)?;
        // Nagle's algorithm would hold a signal back until the one before it is acknowledged.
        socket.set_nodelay(true)?;
        Ok(TcpStream::from_std(socket))
    }

    fn release(stream: TcpStream) -> StdTcpStream {
        stream.into()
    }

    fn descriptor(stream: &TcpStream) -> Option<BorrowedFd<'_>> {
        Some(stream.as_fd())
    }

    fn shut(stream: &TcpStream) -> io::Result<()> {
        stream.shutdown(Shutdown::Write)
    }

    fn accept(listener: &TcpListener) -> io::Result<(StdTcpStream, SocketAddr)> {
        listener.accept().map(|(stream, peer)| (stream.into(), peer))
    }

    fn poll() -> io::Result<Poll> {
        Poll::new()
    }

    fn registry(poll: &Poll) -> io::Result<Registry> {
        poll.registry().try_clone()
    }

    fn waker(poll: &Poll) -> io::Result<Waker> {
        Waker::new(poll.registry(), WAKER)
    }

    fn events(max: usize) -> Events {
        Events::with_capacity(max)
    }

    fn watch(registry: &Registry, stream: &mut TcpStream, key: Key) -> io::Result<()> {
        registry.register(stream, token(key), Interest::READABLE | Interest::WRITABLE)
    }

    fn unwatch(registry: &Registry, stream: &mut TcpStream) -> io::Result<()> {
        registry.deregister(stream)
    }

    fn watch_listener(registry: &Registry, listener: &mut TcpListener) -> io::Result<()> {
        registry.register(listener, LISTENER, Interest::READABLE)
    }

    fn wait(poll: &mut Poll, events: &mut Events, patience: Option<Duration>) -> io::Result<()> {
        poll.poll(events, patience)
    }

    fn found(events: &Events) -> impl Iterator<Item = Ready> {
        events.iter().map(ready)
    }

    fn wake(waker: &Waker) -> io::Result<()> {
        waker.wake()
    }
}

fn ready(event: &Event) -> Ready {
    match event.token() {
        WAKER => Ready::Posted,
        LISTENER => Ready::Incoming,
        token => Ready::Conn {
            key: key(token),
            is_readable: event.is_readable(),
            is_writable: event.is_writable(),
            has_ended: event.is_read_closed() || event.is_error(),
        },
    }
}

fn token(key: Key) -> Token {
    Token((key.generation as usize) << 32 | key.slot as usize)
}

fn key(token: Token) -> Key {
    let slot = u32::try_from(token.0 & 0xffff_ffff).expect("masked to 32 bits");
    let generation = u32::try_from(token.0 >> 32).expect("shifted to 32 bits");
    Key { slot, generation }
}
