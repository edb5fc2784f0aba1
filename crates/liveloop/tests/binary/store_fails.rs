//! The store fails while the server runs: senders are told at once, calls go on, `/health` says so, and
//! it works again by itself. Full disks and syncs that fail are those of `make test-kill-store`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{Sandbox, Server},
};

/// Whom the server runs as, where this account may do everything: then no permission would hold it back.
const NOBODY: u32 = 65_534;

/// Two in a call, whose first text has been kept.
struct Call {
    ada: Client,
    ben: Client,
    room: Value,
    texts: u64,
}

impl Call {
    fn begin(server: &Server) -> Self {
        let [mut ada, mut ben] = [(); 2].map(|()| Client::greeted(server, "/ws", &[]));
        ada.say("request-room", &json!({}));
        ben.say("request-room", &json!({}));
        let room = ada.until("match-done")["roomId"].take();
        ben.until("match-done");
        let mut call = Self { ada, ben, room, texts: 0 };
        call.is_kept();
        call
    }

    fn say(&mut self) -> Value {
        let client_id = format!("c{}", self.texts + 1);
        let text = json!({"roomId": self.room, "message": client_id, "clientId": client_id});
        self.ada.ask("newMessage", &text)
    }

    /// The next text is kept, and the partner hears it once, in its place.
    fn is_kept(&mut self) {
        let ack = self.say();
        self.texts += 1;
        assert_eq!(ack["data"]["seq"], self.texts, "{ack}");
        let heard = self.ben.until("newMessage");
        assert_eq!(
            (&heard["seq"], &heard["clientId"]),
            (&json!(self.texts), &json!(format!("c{}", self.texts)))
        );
    }

    /// It is not, the sender is told so, and the call goes on.
    fn is_refused(&mut self) {
        let ack = self.say();
        assert_eq!(ack["error"]["code"], "store-unavailable", "{ack}");
        assert!(ack["error"]["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{ack}");
        self.ada.say("send-new-ice-candidates", &json!({"candidate": {"candidate": ""}}));
        let next = self.ben.frame();
        assert_eq!(next["event"], "new-ice-candidates", "nobody hears what is not kept: {next}");
    }
}

fn is_degraded(server: &Server) -> bool {
    let health = server.health();
    assert!(health.starts_with("HTTP/1.1 200"), "calls go on: {health}");
    let is_down = health.contains("\"store\":\"down\"");
    assert_eq!(health.contains("\"status\":\"degraded\""), is_down, "{health}");
    is_down
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The store's files.
fn files(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("store.db")).collect()
}

#[test]
fn somebody_else_holds_the_file() {
    let sandbox = Sandbox::new();
    let data = sandbox.path("data");
    let mut server = sandbox.serve(&["--data", data.to_str().unwrap()]);
    let mut call = Call::begin(&server);
    for _ in 0..2 {
        let other = Connection::open(data.join("store.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        for _ in 0..3 {
            call.is_refused();
        }
        assert!(is_degraded(&server));
        server.wait_for_log("the store does not work");
        drop(other);
        server.wait_for_log("the store works again");
        assert!(!is_degraded(&server));
        call.is_kept();
    }
}

/// What it has open it goes on with; what it must open anew it may not.
#[test]
fn the_folder_becomes_read_only() {
    let sandbox = Sandbox::new();
    let data = sandbox.path("data");
    fs::create_dir(&data).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let mut server = if rustix::process::geteuid().is_root() {
        set_mode(sandbox.folder.path(), 0o755);
        chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        let plain = sandbox.command(&arguments);
        let (ids, program) = (NOBODY.to_string(), plain.get_program());
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &ids, "--regid", &ids, "--clear-groups"]);
        command.arg(program).args(plain.get_args()).current_dir("/").env_clear();
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        Server::start(&mut command)
    } else {
        sandbox.serve(&arguments[3..])
    };
    let mut call = Call::begin(&server);
    let other = Connection::open(data.join("store.db")).unwrap();
    let all = files(&data);
    assert_eq!(all.len(), 3, "the file, its log, and their index: {all:?}");
    all.iter().for_each(|file| set_mode(file, 0o400));
    set_mode(&data, 0o500);
    call.is_kept();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    call.is_refused();
    drop(other);
    // The lock may have been told of before, or not: its next attempt finds this.
    server.wait_for_log("ReadOnly");
    call.is_refused();
    assert!(is_degraded(&server));
    set_mode(&data, 0o700);
    files(&data).iter().for_each(|file| set_mode(file, 0o600));
    server.wait_for_log("the store works again");
    assert!(!is_degraded(&server));
    call.is_kept();
    let (status, _, log) = server.stop();
    assert!(status.success(), "{log}");
}

#[test]
fn a_start_that_fails_says_what_to_do() {
    let sandbox = Sandbox::new();
    let data = sandbox.path("data");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    assert!(sandbox.serve(&arguments[3..]).stop().0.success());
    let other = Connection::open(data.join("store.db")).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT").unwrap();
    let locked = sandbox.run(&arguments);
    assert_eq!((locked.code, &*locked.out), (1, ""), "{}", locked.err);
    assert!(locked.err.contains("end whoever has store.db open"), "{}", locked.err);
    drop(other);
    fs::write(data.join("store.db"), "this is no database ".repeat(1_000)).unwrap();
    let damaged = sandbox.run(&arguments);
    assert_eq!((damaged.code, &*damaged.out), (1, ""), "{}", damaged.err);
    assert!(damaged.err.contains("put a backup"), "{}", damaged.err);
}
