//! The store in the data folder: one server works on it, what is said is in it, and it is closed at the end.

use std::{fs, path::Path};

use liveloop_core::RoomId;
use liveloop_ports::{Archive, ChannelKind, Directory, PageLimit, Span};
use liveloop_protocol::{format_id, parse_id};
use liveloop_sqlite::SqliteStore;
use rustix::process::Signal;
use serde_json::json;

use crate::{
    client::Client,
    harness::{Sandbox, Server},
};

/// Two meet, and one of them says this.
fn talk(server: &Server, text: &str) -> (RoomId, Client) {
    let [mut ada, mut ben] = [(); 2].map(|()| Client::greeted(server, "/ws", &[]));
    ada.say("request-room", &json!({"name": "Ada"}));
    ben.say("request-room", &json!({}));
    ada.until("match-done");
    let match_done = ben.until("match-done");
    let room = match_done["roomId"].as_str().unwrap();
    ada.say("newMessage", &json!({"message": text, "roomId": room, "clientId": "c1"}));
    assert_eq!(ben.until("newMessage")["seq"], 1);
    (RoomId(parse_id(room).unwrap()), ada)
}

/// It is there once, with its author, and those two may read it.
#[tokio::main(flavor = "current_thread")]
async fn expect_kept(store: &SqliteStore, room: RoomId, (text, user): (&str, &str)) {
    let page = store.page(room, Span::Newest, PageLimit::default()).await.unwrap();
    let [kept] = page.messages.as_slice() else { panic!("{page:?}") };
    assert_eq!((kept.seq, kept.client_id.as_deref()), (1, Some("c1")));
    assert_eq!(*format_id(kept.user.unwrap().0), *user);
    assert_eq!(kept.body.as_ref().unwrap().text, text);
    let found = store.channel(room).await.unwrap();
    assert_eq!((found.channel.kind, found.count), (ChannelKind::Call, 2));
}

fn holder(data: &Path) -> String {
    fs::read_to_string(data.join("store.lock")).unwrap()
}

#[test]
fn a_second_server_on_a_data_folder_is_told_which_is_the_first() {
    let sandbox = Sandbox::new();
    let data = sandbox.path("data");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let first = sandbox.serve(&arguments[3..]);
    let second = sandbox.run(&arguments);
    assert_eq!((second.code, &*second.out), (1, ""), "{}", second.err);
    for part in [data.to_str().unwrap(), &holder(&data), "in use", "choose another"] {
        assert!(second.err.contains(part), "{part}: {}", second.err);
    }
    let (status, ..) = first.stop();
    assert_eq!((status.code(), &*holder(&data)), (Some(0), ""), "it was a clean stop");
}

#[test]
fn what_was_said_is_there_however_the_server_ended() {
    for signal in [Signal::TERM, Signal::KILL] {
        let sandbox = Sandbox::new();
        let data = sandbox.path("data");
        let server = sandbox.serve(&["--data", data.to_str().unwrap()]);
        let (room, ada) = talk(&server, "do you hear me?");
        let user = ada.welcome["userId"].as_str().unwrap().to_owned();
        server.signal(signal);
        let (_, _, log) = server.wait();
        assert!(log.contains("store.db"), "it says where it keeps what is said: {log}");
        assert_eq!(holder(&data).is_empty(), signal == Signal::TERM, "whether it was a clean stop");
        let store = SqliteStore::open(&data).unwrap();
        expect_kept(&store, room, ("do you hear me?", &user));
    }
}

#[test]
fn the_start_says_for_how_long_it_keeps() {
    let server = Sandbox::new().serve(&["--store-retention-channels", "30d"]);
    let (_, _, log) = server.stop();
    assert!(log.contains("of calls for 1day, of channels for 30days"), "{log}");
}
