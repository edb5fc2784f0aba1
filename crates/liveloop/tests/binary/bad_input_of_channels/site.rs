//! A node with two channels, who is in them, and what shows that bad input has done nothing.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use liveloop_gateway::{Page, Secret, Wiring, settings::Settings};
use liveloop_ports::{MemoryArchive, MemoryDirectory, NoBans};
use liveloop_protocol::Limits;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};

use crate::{
    client::Client,
    harness::{Sandbox, Server},
};

/// What is said after each refusal, and is the next that anybody hears and reads.
pub(super) const TEXT_OF_THE_FENCE: &str = "and now something good";

/// Rates are out of the way, for both.
const RATES: [&str; 5] = [
    "--limits-events-per-second=0",
    "--limits-messages-per-second=0",
    "--limits-rest-per-address-per-second=0",
    "--limits-users-per-address-per-minute=0",
    "--limits-groups-per-address-per-minute=0",
];

/// A public group in which Ben and Cyd listen, and a hidden one of Ada alone. Cyd tries what is bad.
pub(super) struct Site {
    address: String,
    ada: String,
    ben: Client,
    cyd: Client,
    pub(super) open: String,
    pub(super) hidden: String,
    /// The first secret of its invitation.
    pub(super) invite: String,
    /// How many texts the public group has, and all that it should tell.
    texts: Vec<String>,
}

/// Holds `course` against a node on the adapters of memory, and against the binary on its store.
pub(super) fn on_both(course: fn(&mut Site)) {
    in_memory(course);
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&RATES);
    let mut site = Site::open(server.address());
    course(&mut site);
    let before = site.history();
    server.signal(Signal::KILL);
    drop(server);
    let server: Server = sandbox.serve(&RATES);
    server.address().clone_into(&mut site.address);
    assert_eq!(site.history(), before, "what was stored is what was told");
    assert_eq!(texts_in(&before), site.texts);
}

fn in_memory(course: fn(&mut Site)) {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let limits = Limits {
        events_per_second: 0,
        messages_per_second: 0,
        rest_per_address_per_second: 0,
        users_per_address_per_minute: 0,
        groups_per_address_per_minute: 0,
        ..Limits::default()
    };
    let settings = Settings { limits, ..Settings::for_testing() };
    let wiring = Wiring {
        secret: Secret::new([7; 32]),
        archive: Arc::new(MemoryArchive::default()),
        directory: Arc::new(MemoryDirectory::default()),
        has_store: false,
        bans: Arc::new(NoBans),
        page: Page { files: &[] },
        tls: None,
        estate: None,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let serving = runtime.spawn(liveloop_gateway::serve(listener, settings, wiring, stopped));
    let mut site = Site::open(&address);
    course(&mut site);
    assert_eq!(texts_in(&site.history()), site.texts);
    drop(site);
    stop.send(()).unwrap();
    runtime.block_on(serving).unwrap().unwrap();
}

fn texts_in(history: &[Value]) -> Vec<&str> {
    history.iter().map(|message| message["message"].as_str().unwrap()).collect()
}

/// The status and the JSON of a request, null where there is none.
fn rest(address: &str, request: &str, token: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(address).unwrap();
    let bearer =
        if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{bearer}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

impl Site {
    fn open(address: &str) -> Self {
        let (status, user) = rest(address, "POST /api/users", "", &json!({"name": "Ada"}));
        assert_eq!(status, 201, "{user}");
        let ada = user["token"].as_str().unwrap().to_owned();
        let group = |is_public: bool| {
            let body = json!({"kind": "group", "name": "Chess", "public": is_public});
            let (status, made) = rest(address, "POST /api/rooms", &ada, &body);
            assert_eq!(status, 201, "{made}");
            made
        };
        let (open, hidden) = (group(true), group(false));
        let text = |made: &Value| made["roomId"].as_str().unwrap().to_owned();
        let invite = secret_of(&hidden);
        let (open, hidden) = (text(&open), text(&hidden));
        let comes = |room: &str, name: &str| {
            let mut client = Client::comes(address, &json!({"name": name}));
            let ack = client.ask("join-room", &json!({"roomId": room}));
            assert!(ack["error"].is_null(), "{ack}");
            client
        };
        let (ben, cyd) = (comes(&open, "Ben"), comes(&open, "Cyd"));
        let mut of_ada = Client::comes(address, &json!({"token": ada}));
        for (event, data) in [
            ("join-room", json!({"roomId": hidden})),
            ("newMessage", json!({"roomId": hidden, "message": TEXT_OF_THE_FENCE})),
        ] {
            let ack = of_ada.ask(event, &data);
            assert!(ack["error"].is_null(), "{ack}");
        }
        let address = address.to_owned();
        Self { address, ada, ben, cyd, open, hidden, invite, texts: Vec::new() }
    }

    /// A text of the public group; `message` is JSON.
    pub(super) fn text(&self, message: &str) -> String {
        format!(r#"{{"roomId":"{}","message":{message}}}"#, self.open)
    }

    /// Cyd says `message`, JSON, and Ben hears `text` next, in the next place.
    pub(super) fn is_kept(&mut self, message: &str, text: &str) {
        let ack = self.cyd.ask_raw("newMessage", &self.text(message));
        self.texts.push(text.to_owned());
        assert_eq!(ack["data"]["seq"], self.texts.len(), "{message}: {ack}");
        let heard = loop {
            let frame = self.ben.frame();
            // That somebody has come is told once a second.
            if frame["event"] != "room-members" {
                break frame;
            }
        };
        assert_eq!(heard["event"], "newMessage", "{message}: {heard}");
        assert_eq!(heard["data"]["message"], text, "{message}: {heard}");
        assert_eq!(heard["data"]["seq"], self.texts.len(), "{message}: {heard}");
    }

    fn fence(&mut self) {
        self.is_kept(&json!(TEXT_OF_THE_FENCE).to_string(), TEXT_OF_THE_FENCE);
    }

    /// Cyd is refused so; nothing is stored, and nobody hears anything.
    pub(super) fn refuses(&mut self, event: &str, data: &str, code: &str) {
        let ack = self.cyd.ask_raw(event, data);
        assert_eq!(ack["error"]["code"], code, "{event} {data}: {ack}");
        self.fence();
    }

    /// Likewise by REST, where what is asked for is public; with Cyd's token.
    pub(super) fn refuses_read(&mut self, room: &str, query: &str, expected: (u16, &str)) {
        let (status, problem) = self.read(room, query);
        let code = problem["code"].as_str().unwrap_or_default();
        assert_eq!((status, code), expected, "{query}: {problem}");
        self.fence();
    }

    fn read(&self, room: &str, query: &str) -> (u16, Value) {
        let token = self.cyd.welcome["token"].as_str().unwrap();
        let path = format!("GET /api/rooms/{room}/messages?{query}");
        rest(&self.address, &path, token, &Value::Null)
    }

    /// There is no text there, for either way to read.
    pub(super) fn reads_nothing(&mut self, query: &str) {
        let (status, page) = self.read(&self.open, query);
        assert_eq!((status, page), (200, json!({"messages": []})), "{query}");
        let (name, place) = query.split_once('=').unwrap();
        let data = format!(r#"{{"roomId":"{}","{name}":{place}}}"#, self.open);
        assert_eq!(self.cyd.ask_raw("history", &data)["data"], json!({"messages": []}), "{query}");
    }

    /// All of the public group, read by REST.
    fn history(&self) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), json!(0));
        while after.is_u64() {
            let (status, mut page) = self.read(&self.open, &format!("after={after}&limit=200"));
            assert_eq!(status, 200, "{page}");
            all.append(page["messages"].as_array_mut().unwrap());
            after = page["nextAfter"].take();
        }
        all
    }

    /// The id of a text of Cyd's, and of Ben's.
    pub(super) fn id_of_cyds(&mut self) -> String {
        self.fence();
        self.history().last().unwrap()["messageId"].as_str().unwrap().to_owned()
    }

    pub(super) fn id_of_bens(&mut self) -> String {
        let said = json!({"roomId": self.open, "message": "of Ben"});
        let ack = self.ben.ask("newMessage", &said);
        self.texts.push("of Ben".to_owned());
        self.cyd.until("newMessage");
        ack["data"]["messageId"].as_str().unwrap().to_owned()
    }

    pub(super) fn texts_of_hidden(&self) -> Vec<String> {
        let path = format!("GET /api/rooms/{}/messages", self.hidden);
        let (status, page) = rest(&self.address, &path, &self.ada, &Value::Null);
        assert_eq!(status, 200, "{page}");
        let texts = texts_in(page["messages"].as_array().unwrap());
        texts.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn members_of_hidden(&self) -> u64 {
        let path = format!("GET /api/rooms/{}", self.hidden);
        let (status, room) = rest(&self.address, &path, &self.ada, &Value::Null);
        assert_eq!(status, 200, "{room}");
        room["count"].as_u64().unwrap()
    }

    /// The secret of a new invitation, which ends the one before.
    pub(super) fn renew_invite(&self) -> String {
        let path = format!("POST /api/rooms/{}/invite", self.hidden);
        let (status, made) = rest(&self.address, &path, &self.ada, &Value::Null);
        assert_eq!(status, 201, "{made}");
        secret_of(&made)
    }

    pub(super) fn revoke_invite(&self) {
        let path = format!("DELETE /api/rooms/{}/invite", self.hidden);
        let (status, problem) = rest(&self.address, &path, &self.ada, &Value::Null);
        assert_eq!(status, 204, "{problem}");
    }
}

fn secret_of(made: &Value) -> String {
    made["inviteUrl"].as_str().unwrap().split_once("#invite=").unwrap().1.to_owned()
}
