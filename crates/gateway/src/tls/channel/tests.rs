//! The machine against rustls's own client, byte by byte and at once.

use std::io::{Read, Write};

use rustls::{
    ClientConnection,
    version::{TLS12, TLS13},
};

use super::*;
use crate::tls::testing::{client, configs};

/// What the server's side has come to, fed in pieces of this length.
struct Server {
    channel: Channel,
    plain: Vec<u8>,
    out: Vec<u8>,
    piece: usize,
}

impl Server {
    fn hear(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(self.piece) {
            let mut buffer = vec![0; self.channel.partial_len() + piece.len()];
            let kept = self.channel.recall(&mut buffer);
            buffer[kept..].copy_from_slice(piece);
            self.channel.open(&mut buffer, &mut self.plain, &mut self.out)?;
        }
        Ok(())
    }
}

fn sent_by(client: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    bytes
}

fn heard_by(client: &mut ClientConnection, mut bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).unwrap();
        client.process_new_packets().unwrap();
        // What has not come yet is no failure.
        let _ = client.reader().read_to_end(&mut plain);
    }
    plain
}

fn connected(
    version: &'static rustls::SupportedProtocolVersion,
    piece: usize,
) -> (Server, ClientConnection) {
    let (config, for_client) = configs(&[version]);
    let channel = Channel::new(config).unwrap();
    let mut server = Server { channel, plain: Vec::new(), out: Vec::new(), piece };
    let mut client = client(for_client);
    while client.is_handshaking() || server.channel.is_handshaking() {
        server.hear(&sent_by(&mut client)).unwrap();
        heard_by(&mut client, &std::mem::take(&mut server.out));
    }
    (server, client)
}

#[test]
fn words_of_any_length_go_both_ways_in_pieces_of_any_length() {
    for (version, piece) in [(&TLS13, 1), (&TLS12, 1), (&TLS13, 5_000), (&TLS12, 1 << 20)] {
        let (mut server, mut client) = connected(version, piece);
        for len in [1, 100, 16_384, 16_385, 100_000] {
            let words: Vec<u8> = (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect();
            for part in words.chunks(30_000) {
                client.writer().write_all(part).unwrap();
                server.hear(&sent_by(&mut client)).unwrap();
            }
            assert_eq!(std::mem::take(&mut server.plain), words);
            server.channel.seal(&words, &mut server.out).unwrap();
            assert_eq!(heard_by(&mut client, &std::mem::take(&mut server.out)), words);
        }
        assert_eq!(server.channel.partial.capacity(), 0, "between records it owns nothing");
    }
}

#[test]
fn what_is_said_while_a_record_is_on_its_way_is_sealed_all_the_same() {
    let (mut server, mut client) = connected(&TLS13, usize::MAX);
    client.writer().write_all(b"a question").unwrap();
    let question = sent_by(&mut client);
    server.hear(&question[..7]).unwrap();
    server.channel.seal(b"an answer", &mut server.out).unwrap();
    assert_eq!(heard_by(&mut client, &server.out), b"an answer");
    server.hear(&question[7..]).unwrap();
    assert_eq!(server.plain, b"a question");
}

#[test]
fn half_a_handshake_seals_nothing_and_harms_nothing() {
    let (config, for_client) = configs(&[&TLS13]);
    let mut channel = Channel::new(config).unwrap();
    let hello = sent_by(&mut client(for_client));
    // A record of its own with the beginning of the message, whole as a record.
    let len = u8::try_from(100).unwrap();
    let mut bytes = [&hello[..3], &[0, len], &hello[5..105]].concat();
    channel.open(&mut bytes, &mut Vec::new(), &mut Vec::new()).unwrap();
    assert_eq!(channel.seal(b"too soon", &mut Vec::new()), Err(Error::HandshakeNotComplete));
}

#[test]
fn a_goodbye_is_heard_and_said_once() {
    let (mut server, mut client) = connected(&TLS13, usize::MAX);
    client.writer().write_all(b"last words").unwrap();
    client.send_close_notify();
    let mut bytes = sent_by(&mut client);
    bytes.extend(b"whatever comes after it");
    server.hear(&bytes).unwrap();
    assert!(server.channel.has_ended());
    assert_eq!(server.plain, b"last words");
    server.channel.say_goodbye(&mut server.out).unwrap();
    let len = server.out.len();
    server.channel.say_goodbye(&mut server.out).unwrap();
    assert_eq!(server.out.len(), len);
    client.read_tls(&mut &server.out[..]).unwrap();
    assert!(client.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn junk_is_refused_with_an_alert() {
    let (config, _) = configs(&[&TLS13]);
    let mut channel = Channel::new(config).unwrap();
    let mut reply = Vec::new();
    assert!(channel.open(&mut [0xff; 64], &mut Vec::new(), &mut reply).is_err());
    assert_eq!(reply.first(), Some(&0x15));
}

#[test]
fn new_keys_that_the_client_asks_for_are_taken_and_answered() {
    let (mut server, mut client) = connected(&TLS13, 3);
    for round in 0..3 {
        client.refresh_traffic_keys().unwrap();
        client.writer().write_all(b"under new keys").unwrap();
        server.hear(&sent_by(&mut client)).unwrap();
        assert_eq!(std::mem::take(&mut server.plain), b"under new keys", "{round}");
        server.channel.seal(b"here too", &mut server.out).unwrap();
        assert_eq!(heard_by(&mut client, &std::mem::take(&mut server.out)), b"here too");
    }
}
