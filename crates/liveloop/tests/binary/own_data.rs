//! What is a visitor's own, in the file that outlasts the process: blocks hold, an export is all of it, and
//! what is erased is in the data folder no more, also where the process was killed over it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use liveloop_core::UserId;
use liveloop_ports::Directory;
use liveloop_protocol::parse_id;
use liveloop_sqlite::SqliteStore;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{Sandbox, Server},
};

fn serve(sandbox: &Sandbox) -> Server {
    sandbox.serve(&["--data", "data", "--log-level", "info"])
}

fn visitor(server: &Server) -> Client {
    Client::greeted(server, "/ws", &[])
}

fn token(client: &Client) -> String {
    client.welcome["token"].as_str().unwrap().to_owned()
}

/// The whole response to a request of whoever holds `token`.
fn ask(server: &Server, request: &str, token: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
        server.address()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn kill(server: Server) {
    server.signal(Signal::KILL);
    server.wait();
}

/// Whether a file of the data folder holds this text.
fn holds(sandbox: &Sandbox, text: &str) -> bool {
    fs::read_dir(sandbox.path("data")).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// Two in a call, in which the first says `text` `times` times.
fn talk(server: &Server, text: &str, times: usize) -> ([Client; 2], Value) {
    let [mut ada, mut ben] = [visitor(server), visitor(server)];
    ada.say("request-room", &json!({"name": "Ada"}));
    ada.until("waiting");
    ben.say("request-room", &json!({"name": "Ben"}));
    let met = ada.until("match-done");
    ben.until("match-done");
    for n in 1..=times {
        ada.say("newMessage", &json!({"message": format!("{text} {n}")}));
        ben.until("newMessage");
    }
    ([ada, ben], met)
}

#[test]
fn a_block_outlasts_the_process() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let ([mut ada, ben], met) = talk(&server, "hello", 1);
    ada.send(
        &json!({"event": "block-user", "data": {"roomId": met["roomId"]}, "ref": 9}).to_string(),
    );
    while ada.frame()["ack"] != 9 {}
    let tokens = [token(&ben), token(&ada)];
    kill(server);
    let server = serve(&sandbox);
    let mut clients = tokens.map(|token| {
        let mut client = Client::back(&server, &json!({"token": token}));
        client.until("welcome");
        client.say("request-room", &json!({}));
        client
    });
    assert_eq!(clients[1].until("waiting")["waiting"], 2);
    let mut eve = visitor(&server);
    eve.say("request-room", &json!({}));
    clients[0].until("match-done");
}

#[test]
fn an_export_is_all_of_it_and_an_erasure_leaves_nothing() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let ([mut ada, mut ben], met) = talk(&server, "a dreadful secret", 6);
    let export = ask(&server, "GET /api/users/me/export", &token(&ada), "");
    assert!(export.starts_with("HTTP/1.1 200"), "{export}");
    for n in 1..=6 {
        assert!(export.contains(&format!("a dreadful secret {n}\"")), "{export}");
    }
    let ben_id = ben.welcome["userId"].as_str().unwrap();
    assert!(!export.contains(ben_id), "{export}");
    assert!(holds(&sandbox, "a dreadful secret"));
    let erased = ask(&server, "DELETE /api/users/me", &token(&ada), "");
    assert!(erased.starts_with("HTTP/1.1 204"), "{erased}");
    assert!(ada.is_closed());
    assert_eq!(ben.until("stop-by-remote-user")["reason"], "disconnected");
    assert!(!holds(&sandbox, "a dreadful secret"), "nothing of it is in the folder");
    let room = met["roomId"].as_str().unwrap();
    let page = ask(&server, &format!("GET /api/rooms/{room}/messages"), &token(&ben), "");
    assert_eq!(page.matches("\"deleted\":true").count(), 6, "{page}");
    kill(server);
    let server = serve(&sandbox);
    let refused = ask(&server, "GET /api/users/me/export", &token(&ada), "");
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("bad-token"), "{refused}");
    let mut back = Client::back(&server, &json!({"token": token(&ada)}));
    assert_eq!(back.until("error")["code"], "bad-token");
    assert_ne!(back.until("welcome")["userId"], ada.welcome["userId"]);
}

#[test]
fn what_was_begun_when_it_was_killed_is_finished_by_the_next_start() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let ([ada, _ben], _) = talk(&server, "a dreadful secret", 3);
    let user = UserId(parse_id(ada.welcome["userId"].as_str().unwrap()).unwrap());
    kill(server);
    // As far as the directory, as if it were killed then.
    let store = SqliteStore::open(&sandbox.path("data")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(Directory::erase(&store, user)).unwrap();
    drop(store);
    assert!(holds(&sandbox, "a dreadful secret"));
    let mut server = serve(&sandbox);
    server.wait_for_log("a visitor is erased");
    assert!(!holds(&sandbox, "a dreadful secret"));
}
