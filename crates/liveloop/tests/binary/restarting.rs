//! What outlives the process: asked to stop, it leaves its sessions in the data folder for the next
//! start; killed, it leaves nothing.

use std::{fs, os::unix::fs::PermissionsExt, process::ExitStatus};

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

/// Two who have met and written to each other.
fn pair(server: &Server) -> [Client; 2] {
    let [mut ada, mut ben] = [visitor(server), visitor(server)];
    ada.say("request-room", &json!({"name": "Ada"}));
    ada.until("waiting");
    ben.say("request-room", &json!({"name": "Ben"}));
    ada.until("match-done");
    ben.until("match-done");
    ada.say("newMessage", &json!({"message": "before"}));
    ben.until("newMessage");
    [ada, ben]
}

/// Stops a server under its clients; gives its log.
fn stop(server: Server, clients: &mut [Client]) -> String {
    server.signal(Signal::TERM);
    for client in clients {
        assert!(client.until("draining")["reconnectInMs"].is_u64());
        assert!(client.is_closed());
    }
    let (status, _, log): (ExitStatus, _, _) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    log
}

fn hello(client: &Client, after: u64) -> Value {
    let welcome = &client.welcome;
    json!({"resume": welcome["resume"], "token": welcome["token"], "after": after})
}

#[test]
fn asked_to_stop_it_leaves_the_call_to_the_next_start() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let mut clients = pair(&server);
    stop(server, &mut clients);
    let file = sandbox.path("data/sessions");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let mut server = serve(&sandbox);
    server.wait_for_log("the sessions of the last run go on");
    assert!(!file.exists(), "nobody takes it up again");
    let [mut ada, mut ben] = [(&clients[0], 1), (&clients[1], 2)].map(|(client, after)| {
        let mut back = Client::back(&server, &hello(client, after));
        let welcome = back.until("welcome");
        for (field, expected) in [
            ("resumed", &json!(true)),
            ("recovered", &json!(true)),
            ("state", &json!("call")),
            ("socketId", &client.welcome["socketId"]),
        ] {
            assert_eq!(&welcome[field], expected, "{field}");
        }
        back.welcome = welcome;
        back
    });
    ben.say("newMessage", &json!({"message": "after"}));
    assert_eq!(ada.until("newMessage")["message"], "after");

    // Once more, and the file is there for one start alone.
    stop(server, &mut [ada, ben]);
    let names: Vec<_> = fs::read_dir(sandbox.path("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("sessions"))
        .collect();
    assert_eq!(names, ["sessions"]);
    let copy = fs::read(&file).unwrap();
    for _ in 0..2 {
        drop(serve(&sandbox));
        assert!(!file.exists());
    }
    // What comes from elsewhere is refused with the reason, and stops nothing.
    for (bytes, reason) in [
        (&copy[..copy.len() - 1], "it is damaged"),
        (&b"liveloop estate\n but of another time, so that nothing fits"[..], "another version"),
    ] {
        fs::write(&file, bytes).unwrap();
        let mut server = serve(&sandbox);
        server.wait_for_log(reason);
        assert!(visitor(&server).welcome["socketId"].is_string());
        assert!(!file.exists());
    }
}

#[test]
fn killed_it_leaves_nothing_and_the_token_tells_who_one_is() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let [ada, _ben] = pair(&server);
    server.signal(Signal::KILL);
    server.wait();
    assert!(!sandbox.path("data/sessions").exists());
    let server = serve(&sandbox);
    let mut back = Client::back(&server, &hello(&ada, 1));
    assert_eq!(back.until("error")["code"], "resume-expired");
    let welcome = back.until("welcome");
    assert_eq!((&welcome["resumed"], &welcome["state"]), (&json!(false), &json!("idle")));
    assert_eq!(welcome["userId"], ada.welcome["userId"]);
    assert_ne!(welcome["socketId"], ada.welcome["socketId"]);
}

#[test]
fn where_nothing_can_be_kept_it_stops_as_asked_and_says_so() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox);
    let mut clients = pair(&server);
    // A folder in its place is replaced by no file.
    fs::create_dir_all(sandbox.path("data/sessions/there")).unwrap();
    let log = stop(server, &mut clients);
    assert_eq!(log.matches("cannot be kept").count(), 1, "{log}");
}
