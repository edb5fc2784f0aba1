//! The end: asked once it drains within its deadline, asked twice it stops at once.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::harness::Sandbox;

/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);

/// A WebSocket client that never answers anything.
fn mute_client(address: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 101 "), "{line}");
    reader
}

#[test]
fn a_signal_stops_it_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Sandbox::new().serve(&[]);
        server.signal(signal);
        let (status, rest, log) = server.wait();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
        assert!(log.contains("stopped"), "{log}");
    }
}

#[test]
fn the_deadline_holds_with_clients_that_say_nothing() {
    let server = Sandbox::new().serve(&["--drain-deadline", "1s"]);
    let idle = TcpStream::connect(server.address()).unwrap();
    let mute = mute_client(server.address());
    let asked = Instant::now();
    let (status, _, log) = server.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(1) + SLACK, "{:?}: {log}", asked.elapsed());
    drop((idle, mute));
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve(&["--drain-deadline", "5m", "--drain-reconnect-within", "5m"]);
    let mute = mute_client(server.address());
    server.signal(Signal::TERM);
    server.wait_for_log("a second signal stops at once");
    assert!(server.is_running(), "the client holds it up");
    let asked = Instant::now();
    server.signal(Signal::INT);
    let (status, _, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < SLACK, "{:?}: {log}", asked.elapsed());
    assert!(log.contains("stopping at once"), "{log}");
    drop(mute);
}
