//! A gateway of a test's own on a free port, and clients that speak to it over real sockets.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

mod fits;
pub mod reading;
pub mod secure;
pub mod unhurried;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use liveloop_gateway::{
    Estate, Page, PageFile, Secret, ServeError, Tls, Wiring, check_machine, serve,
    settings::{Heartbeat, IoUring, Settings, Span},
};
use liveloop_ports::{Archive, Bans, Directory, MemoryArchive, MemoryDirectory, NoBans};
use liveloop_protocol::Limits;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

/// Nothing here takes so long unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

const PAGE: Page = Page {
    files: &[PageFile {
        path: "/index.html",
        content_type: "text/html; charset=utf-8",
        etag: "\"page\"",
        is_immutable: false,
        identity: b"<!doctype html><title>Live Loop</title>",
        gzip: None,
        brotli: None,
    }],
};

/// A gateway under test.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<Option<Estate>, ServeError>>,
}

/// Settings whose heartbeat does not come between.
pub fn settings() -> Settings {
    let heartbeat = Heartbeat { interval: Span::seconds(60), timeout: Span::seconds(60) };
    Settings { heartbeat, ..Settings::for_testing() }
}

/// How the servers of these tests send: `LIVELOOP_TEST_IO_URING=1` runs them all through io_uring.
pub fn io_uring() -> IoUring {
    if std::env::var_os("LIVELOOP_TEST_IO_URING").is_some() && has_io_uring() {
        IoUring::On
    } else {
        IoUring::Off
    }
}

/// Whether this machine allows io_uring. Only one whose kernel does not know it may go without in
/// CI: there, nobody would read that this half of the tests has not run.
pub fn has_io_uring() -> bool {
    let required = Settings { io_uring: IoUring::On, ..Settings::for_testing() };
    let Err(error) = check_machine(&required) else { return true };
    let ServeError::NoIoUring(reason) = &error else { panic!("{error}") };
    let is_unknown = reason.kind() == std::io::ErrorKind::Unsupported;
    assert!(is_unknown || std::env::var_os("CI").is_none(), "CI must test it: {error}");
    eprintln!("io_uring is NOT TESTED: {error}");
    false
}

pub fn with_limits(limits: Limits) -> Settings {
    Settings { limits, ..settings() }
}

fn wiring(archive: Arc<dyn Archive>, bans: Arc<dyn Bans>) -> Wiring {
    let (secret, directory) = (Secret::new([7; 32]), Arc::new(MemoryDirectory::default()));
    Wiring {
        secret,
        archive,
        directory,
        has_store: false,
        bans,
        page: PAGE,
        tls: None,
        estate: None,
    }
}

impl Server {
    pub async fn start(settings: Settings) -> Self {
        Self::start_with(settings, None).await
    }

    pub async fn start_with(settings: Settings, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, settings, tls)
    }

    pub fn start_on(listener: TcpListener, settings: Settings, tls: Option<Tls>) -> Self {
        Self::start_as_set(listener, Settings { io_uring: io_uring(), ..settings }, tls)
    }

    /// The same, sending as the settings say.
    pub fn start_as_set(listener: TcpListener, settings: Settings, tls: Option<Tls>) -> Self {
        Self::start_wired(listener, settings, tls, Arc::new(MemoryArchive::default()))
    }

    pub fn start_wired(
        listener: TcpListener,
        settings: Settings,
        tls: Option<Tls>,
        archive: Arc<dyn Archive>,
    ) -> Self {
        let bans = Arc::new(NoBans);
        Self::spawn(listener, settings, Wiring { tls, ..wiring(archive, bans) })
    }

    /// One whose messages outlast it, as far as it knows.
    pub async fn start_with_store(
        settings: Settings,
        archive: Arc<dyn Archive>,
        directory: Arc<dyn Directory>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { io_uring: io_uring(), ..settings };
        let wiring = wiring(archive, Arc::new(NoBans));
        Self::spawn(listener, settings, Wiring { directory, has_store: true, ..wiring })
    }

    /// One that asks this directory.
    pub async fn start_with_directory(settings: Settings, directory: Arc<dyn Directory>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { io_uring: io_uring(), ..settings };
        let wiring = wiring(Arc::new(MemoryArchive::default()), Arc::new(NoBans));
        Self::spawn(listener, settings, Wiring { directory, ..wiring })
    }

    /// One that asks `bans` who may come in.
    pub async fn start_with_bans(settings: Settings, bans: Arc<dyn Bans>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { io_uring: io_uring(), ..settings };
        Self::spawn(listener, settings, wiring(Arc::new(MemoryArchive::default()), bans))
    }

    fn spawn(listener: TcpListener, settings: Settings, wiring: Wiring) -> Self {
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(listener, settings, wiring, shutdown));
        Self { address, stop: Some(stop), task }
    }

    /// Begins the drain; the server ends by itself.
    pub fn drain(&mut self) {
        self.stop.take().expect("a server is stopped once").send(()).unwrap();
    }

    pub async fn ended(self) -> Result<Option<Estate>, ServeError> {
        tokio::time::timeout(PATIENCE, self.task).await.expect("the drain ends").unwrap()
    }

    /// Stops it, and gives what it leaves.
    pub async fn left(mut self) -> Option<Estate> {
        self.drain();
        self.ended().await.unwrap()
    }

    /// One that goes on with what another has left.
    pub async fn start_after(
        estate: Option<Estate>,
        settings: Settings,
        (archive, directory): (Arc<dyn Archive>, Arc<dyn Directory>),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings { io_uring: io_uring(), ..settings };
        let wiring = wiring(archive, Arc::new(NoBans));
        Self::spawn(listener, settings, Wiring { estate, directory, ..wiring })
    }

    pub async fn client(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/ws", self.address)).await.unwrap();
        Client::greeted(socket).await
    }

    /// A client that announces a `hello`, and has not said it.
    pub async fn announced(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/ws?hello=1", self.address)).await.unwrap();
        Client::over(socket)
    }

    /// A client that comes back with this `hello`, as far as its `welcome`.
    pub async fn back(&self, hello: Value) -> Client {
        let mut client = self.announced().await;
        client.say("hello", hello).await;
        client.welcome = client.event("welcome").await;
        client.set_last_ref();
        client
    }

    /// A request with these lines after the first, and the whole response.
    pub async fn http(&self, first_line: &str, headers: &str) -> String {
        self.http_with_body(first_line, headers, "").await
    }

    pub async fn http_with_body(&self, first_line: &str, headers: &str, body: &str) -> String {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let host = self.address;
        let request = format!(
            "{first_line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        whole_answer(stream, &request).await
    }

    /// Whether a request gets any response at all.
    pub async fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address).await else { return false };
        let request = format!("GET /health/live HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let written = stream.write_all(request.as_bytes()).await;
        written.is_ok() && matches!(stream.read(&mut [0; 64]).await, Ok(1..))
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.http(&format!("GET {path}"), "").await;
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// The status and the JSON of a request (`POST /api/rooms`) of whoever holds `token`; null where
    /// there is no body.
    pub async fn rest(&self, request: &str, token: Option<&str>, body: &str) -> (u16, Value) {
        let bearer =
            token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let head =
            format!("{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let response = self.http_with_body(request, &head, body).await;
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// A new visitor: their `userId` and their token.
    pub async fn user(&self, name: &str) -> (String, String) {
        let body = json!({"name": name}).to_string();
        let (status, user) = self.rest("POST /api/users", None, &body).await;
        assert_eq!(status, 201, "{user}");
        let text = |field: &str| user[field].as_str().unwrap().to_owned();
        (text("userId"), text("token"))
    }

    /// A client that has come with this token.
    pub async fn comes(&self, token: &str) -> Client {
        let mut client = self.client().await;
        client.say("hello", json!({"token": token})).await;
        client.welcome = client.event("welcome").await;
        client
    }

    /// A sample of the metrics, as it is written.
    pub async fn metric(&self, sample: &str) -> f64 {
        let response = self.http("GET /metrics", "").await;
        let mut values = response.lines().filter_map(|line| line.strip_prefix(sample));
        let value = values.find_map(|rest| rest.strip_prefix(' ')?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{sample} is not there: {response}"))
    }

    /// Waits until a sample is at this value at least: some is counted a turn after it is seen.
    pub async fn until_metric(&self, sample: &str, value: f64) {
        let wait = async {
            while self.metric(sample).await < value {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let counted = tokio::time::timeout(PATIENCE, wait).await;
        counted.unwrap_or_else(|_| panic!("{sample} does not come to {value}"));
    }

    /// Waits until the status shows this figure.
    pub async fn until_status(&self, figure: &str, value: u64) {
        let pointer = format!("/node/{figure}");
        let wait = async {
            while self.json("/api/status").await.pointer(&pointer) != Some(&json!(value)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the status shows it in the end");
    }
}

/// Settings in which nobody's grace ends by itself.
pub fn patient() -> Settings {
    let mut settings = settings();
    settings.session.grace = Span::seconds(600);
    settings.session.grace_closed = Span::seconds(600);
    settings
}

/// A public group, made by whoever holds `token`; gives its id.
pub async fn group(server: &Server, token: &str) -> String {
    let body = json!({"kind": "group", "name": "Chess", "public": true}).to_string();
    let (status, made) = server.rest("POST /api/rooms", Some(token), &body).await;
    assert_eq!(status, 201, "{made}");
    made["roomId"].as_str().unwrap().to_owned()
}

/// Writes a request and reads until the server closes.
pub async fn whole_answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut response = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut response)).await.unwrap().unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

/// A plain WebSocket client.
pub struct Client<S = MaybeTlsStream<TcpStream>> {
    pub socket: WebSocketStream<S>,
    pub welcome: Value,
    last_ref: u64,
}

impl Client {
    /// Loses the socket without a word: it is reset.
    pub fn lose(self) {
        let MaybeTlsStream::Plain(socket) = self.socket.get_ref() else { panic!("no TLS here") };
        socket.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn over(socket: WebSocketStream<S>) -> Self {
        Self { socket, welcome: Value::Null, last_ref: 0 }
    }

    /// One that has been welcomed.
    pub async fn greeted(socket: WebSocketStream<S>) -> Self {
        let mut client = Self::over(socket);
        client.welcome = client.event("welcome").await;
        client
    }

    /// Goes on with the numbers of the session that the `welcome` tells of.
    pub fn set_last_ref(&mut self) {
        self.last_ref = self.welcome["lastRef"].as_u64().unwrap();
    }

    /// Bytes past the library.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let stream = self.socket.get_mut();
        stream.write_all(bytes).await.unwrap();
        stream.flush().await.unwrap();
    }

    /// Sends a Ping and reads until its Pong.
    pub async fn ping_and_wait(&mut self) {
        self.socket.send(Message::Ping("there?".into())).await.unwrap();
        while !matches!(self.message().await, Message::Pong(_)) {}
    }

    /// Whether this event is among what has come already.
    pub async fn has_heard(&mut self, event: &str) -> bool {
        let next = tokio::time::timeout(Duration::from_millis(1), self.socket.next()).await;
        match next {
            Ok(Some(Ok(Message::Text(text)))) => {
                serde_json::from_str::<Value>(&text).unwrap()["event"] == event
            }
            _ => false,
        }
    }

    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::Text(text.into().into())).await.unwrap();
    }

    /// Sends an event without a `ref`.
    pub async fn say(&mut self, event: &str, data: Value) {
        self.send_text(json!({"event": event, "data": data}).to_string()).await;
    }

    /// Sends events without a `ref`, all in one write.
    pub async fn say_at_once(&mut self, events: &[(&str, Value)]) {
        for (event, data) in events {
            let text = json!({"event": event, "data": data}).to_string();
            self.socket.feed(Message::Text(text.into())).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    /// Sends an event with a `ref` and gives its ack, with whatever came before left out.
    pub async fn ask(&mut self, event: &str, data: Value) -> Value {
        self.last_ref += 1;
        let reference = self.last_ref;
        self.send_text(json!({"event": event, "data": data, "ref": reference}).to_string()).await;
        loop {
            let frame = self.frame().await;
            if frame["ack"] == reference {
                return frame;
            }
        }
    }

    /// Sends an event with a `ref` whose ack is read as any other frame.
    pub async fn ask_later(&mut self, event: &str, data: Value) {
        self.last_ref += 1;
        let reference = self.last_ref;
        self.send_text(json!({"event": event, "data": data, "ref": reference}).to_string()).await;
    }

    /// The code with which an event is refused.
    pub async fn refusal(&mut self, event: &str, data: Value) -> Value {
        self.ask(event, data).await["error"]["code"].take()
    }

    pub async fn message(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        next.expect("something comes in time").expect("the socket is open").unwrap()
    }

    pub async fn frame(&mut self) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => {
                    let frame = serde_json::from_str(&text).unwrap();
                    fits::assert_fits(&frame);
                    return frame;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a text frame, got {other:?}"),
            }
        }
    }

    /// The data of the next frame, which must be this event.
    pub async fn event(&mut self, name: &str) -> Value {
        let mut frame = self.frame().await;
        assert_eq!(frame["event"], name, "{frame}");
        frame["data"].take()
    }

    /// The data of the next such event, with whatever comes before left out.
    pub async fn until(&mut self, name: &str) -> Value {
        loop {
            let mut frame = self.frame().await;
            if frame["event"] == name {
                return frame["data"].take();
            }
        }
    }

    /// The close code, once the server has closed.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("closed in time")
            {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return code.into(),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    }

    /// Asserts that nothing has come but the answer to a heartbeat.
    pub async fn has_nothing(&mut self) {
        self.last_ref += 1;
        let reference = self.last_ref;
        self.send_text(json!({"event": "heartbeat", "ref": reference}).to_string()).await;
        let frame = self.frame().await;
        assert_eq!(frame["ack"], reference, "nothing was to come: {frame}");
    }
}

/// Two who have just met; the first is the initiator. Gives their `match-done` too.
pub async fn pair(server: &Server) -> ((Client, Value), (Client, Value)) {
    let (mut ada, mut ben) = (server.client().await, server.client().await);
    let (for_ada, for_ben) = meet(&mut ada, &mut ben).await;
    ((ada, for_ada), (ben, for_ben))
}

/// Lets two meet, the first as the initiator, and gives their `match-done`.
pub async fn meet<S, T>(ada: &mut Client<S>, ben: &mut Client<T>) -> (Value, Value)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    ada.ask("request-room", json!({"name": "Ada"})).await;
    ben.say("request-room", json!({"name": "Ben"})).await;
    (ada.until("match-done").await, ben.until("match-done").await)
}
