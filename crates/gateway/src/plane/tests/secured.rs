//! The same over TLS: whose bytes reach whom, short writes, ends.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc::channel},
    thread,
    time::Duration,
};

use rustls::{
    ClientConfig, ServerConfig, StreamOwned,
    version::{TLS12, TLS13},
};

use super::{Post, Sends, sends::in_both_ways, start};
use crate::{
    plane::{PlaneLink, Secured},
    tls::{
        Channel,
        testing::{client, configs},
    },
};

type Client = StreamOwned<rustls::ClientConnection, TcpStream>;

/// A loop to which connections come that have shaken hands elsewhere.
#[derive(Clone)]
struct Site {
    link: PlaneLink<Post>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Site {
    fn start(
        repeats: usize,
        version: &'static rustls::SupportedProtocolVersion,
        sends: Sends,
    ) -> Self {
        let (_, link) = start(repeats, sends);
        let (server, client) = configs(&[version]);
        Self { link, server, client }
    }

    fn connect(&self) -> Client {
        self.connect_with(
            |client| client.sock.flush().unwrap(),
            |channel| !channel.is_handshaking(),
        )
    }

    /// A client that does this first, and is adopted once its channel is ready.
    fn connect_with(&self, first: fn(&mut Client), is_ready: fn(&Channel) -> bool) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut connection = client(Arc::clone(&self.client));
        let site = self.clone();
        let accepting = thread::spawn(move || site.accept(&listener, is_ready));
        let mut socket = socket;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).unwrap();
        }
        let mut client = StreamOwned::new(connection, socket);
        first(&mut client);
        accepting.join().unwrap();
        client
    }

    fn accept(&self, listener: &TcpListener, is_ready: fn(&Channel) -> bool) {
        let (mut socket, _) = listener.accept().unwrap();
        let mut channel = Channel::new(Arc::clone(&self.server)).unwrap();
        let (mut plain, mut out) = (Vec::new(), Vec::new());
        while !is_ready(&channel) {
            let mut buffer = vec![0; channel.partial_len() + 512];
            let kept = channel.recall(&mut buffer);
            let len = socket.read(&mut buffer[kept..]).unwrap();
            channel.open(&mut buffer[..kept + len], &mut plain, &mut out).unwrap();
            if channel.is_handshaking() {
                socket.write_all(&out).unwrap();
                out.clear();
            }
        }
        // What is still to be sent goes with the connection.
        let secured = Secured { channel: Box::new(channel), unsent: out };
        self.link.post(Post::Adopt(socket, secured));
    }
}

in_both_ways! {
    no_byte_reaches_the_next_owner_of_a_slot_or_descriptor,
    a_short_write_is_continued_where_it_ended,
    an_end_that_comes_with_the_last_bytes_is_answered_with_a_goodbye,
    a_goodbye_that_came_before_the_loop_had_it_is_heard,
}

fn no_byte_reaches_the_next_owner_of_a_slot_or_descriptor(sends: Sends) {
    let site = Site::start(1 << 8, &TLS13, sends);
    let workers: Vec<_> = (0..4_u64)
        .map(|worker| {
            let site = site.clone();
            thread::spawn(move || {
                for round in 0..50_usize {
                    let stamp = (worker << 32 | round as u64).to_be_bytes();
                    let mut stream = site.connect();
                    stream.write_all(&stamp).unwrap();
                    let mut bytes = vec![0; 8 * (1 + 37 * round)];
                    stream.read_exact(&mut bytes).unwrap();
                    assert!(bytes.chunks(8).all(|chunk| chunk == stamp), "another's bytes");
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let (sender, receiver) = channel();
    site.link.post(Post::Stop(sender));
    let (_, gone) = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(gone.values().all(|times| *times == 1), "gone is gone once");
}

#[expect(clippy::needless_pass_by_value, reason = "as for its siblings")]
fn a_short_write_is_continued_where_it_ended(sends: Sends) {
    for version in [&TLS13, &TLS12] {
        let mut stream = Site::start(1 << 8, version, sends.clone()).connect();
        let mut bytes = vec![0; 8 << 18];
        for words in [b"01234567", b"abcdefgh", b"ABCDEFGH"] {
            stream.write_all(words).unwrap();
            // More is asked for while much is still to be written.
            stream.read_exact(&mut bytes[..8 << 10]).unwrap();
            stream.write_all(words).unwrap();
            stream.read_exact(&mut bytes[8 << 10..]).unwrap();
            assert!(bytes.chunks(8).all(|chunk| chunk == words));
            stream.read_exact(&mut bytes).unwrap();
            assert!(bytes.chunks(8).all(|chunk| chunk == words));
        }
    }
}

fn an_end_that_comes_with_the_last_bytes_is_answered_with_a_goodbye(sends: Sends) {
    let site = Site::start(1, &TLS13, sends);
    let mut stream = site.connect();
    stream.write_all(b"01234567").unwrap();
    stream.read_exact(&mut [0; 8 << 10]).unwrap();
    // Both come while the loop is elsewhere, so that it hears of them once.
    let ((is_held, held), (go_on, may_go_on)) = (channel(), channel());
    site.link.post(Post::Hold(is_held, may_go_on));
    held.recv().unwrap();
    stream.conn.send_close_notify();
    // Said after the goodbye, and so never heard.
    stream.flush().unwrap();
    stream.sock.write_all(b"in the clear").unwrap();
    go_on.send(()).unwrap();
    let mut rest = Vec::new();
    // rustls fails here where the server just closes the socket.
    stream.read_to_end(&mut rest).expect("the loop ends what its client has ended");
    assert_eq!(rest, b"");
}

fn a_goodbye_that_came_before_the_loop_had_it_is_heard(sends: Sends) {
    let goodbye = |client: &mut Client| {
        client.conn.send_close_notify();
        client.flush().unwrap();
    };
    let mut stream = Site::start(1, &TLS13, sends).connect_with(goodbye, Channel::has_ended);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the loop ends what its client has ended");
    assert_eq!(rest, b"");
}
