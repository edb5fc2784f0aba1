//! A node that gets too little of the machine: of the open files, and of the processor.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use rustix::process::Signal;

use crate::harness::{Sandbox, Server};

/// Nothing here takes so long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// The answer to a Ping.
const PONG: &[u8] = b"\x8a\x80\0\0\0\0";

/// A WebSocket, with whatever came after its handshake still to be read.
fn websocket(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    stream
}

/// Reads until the bytes end with these; a Ping and a close frame are told by their first two.
fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let (mut heard, mut byte) = (Vec::new(), [0]);
    while !heard.ends_with(end) {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error}: {heard:?}"));
        heard.push(byte[0]);
    }
    heard
}

#[test]
fn want_of_open_files_is_logged_once_and_counted() {
    let sandbox = Sandbox::new();
    let binary = env!("CARGO_BIN_EXE_liveloop");
    let mut command = sandbox.command(&[]);
    let program = format!("ulimit -n 64; exec {binary} serve --listen 127.0.0.1:0");
    let mut limited = Command::new("sh");
    limited.args(["-c", &program]).current_dir(sandbox.folder.path());
    limited.env("HOME", sandbox.folder.path());
    limited.stdin(std::process::Stdio::null());
    limited.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command.env_clear();
    let mut server = Server::start(&mut limited);
    let address = server.address().to_owned();
    let mut crowd: Vec<_> = (0..80).map(|_| TcpStream::connect(&address).unwrap()).collect();
    server.wait_for_log("cannot accept");
    // It tries again ten times a second meanwhile, and lets in as many as have gone.
    for _ in 0..5 {
        crowd.drain(..2);
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(crowd);
    server.wait_for_log("accepted again");
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    let name = "\nliveloop_accept_failures_total ";
    let (_, rest) = metrics.split_once(name).expect("it is counted");
    let failures: u64 = rest.lines().next().unwrap().parse().unwrap();
    assert!(failures > 1, "{failures}");
    let (_, _, log) = server.stop();
    assert_eq!(log.matches("cannot accept").count(), 1, "{log}");
}

#[test]
fn an_answer_that_lies_unread_is_no_silence() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[
        "--heartbeat-interval=300ms",
        "--heartbeat-timeout=4s",
        "--limits-connections-per-address=0",
        "--limits-upgrades-per-address-per-second=0",
    ]);
    let address = server.address().to_owned();
    // More than a turn of the event loop takes events.
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..10 {
        clients.extend((0..20).map(|_| websocket(&address)));
        // On a busy machine those who came first would be silent for too long.
        clients.iter_mut().for_each(|client| client.write_all(PONG).unwrap());
    }
    for client in &mut clients {
        read_until(client, b"\x89\0");
        client.write_all(PONG).unwrap();
    }
    server.signal(Signal::STOP);
    for client in &mut clients {
        client.write_all(PONG).unwrap();
    }
    std::thread::sleep(Duration::from_millis(4_500));
    server.signal(Signal::CONT);
    clients.iter_mut().for_each(|client| client.write_all(PONG).unwrap());
    for client in &mut clients {
        // Whoever is cut hears a close frame and no Ping of after the stop.
        for _ in 0..2 {
            let heard = read_until(client, b"\x89\0");
            assert!(!heard.starts_with(b"\x88"), "cut for silence: {heard:?}");
        }
    }
    server.signal(Signal::KILL);
}
