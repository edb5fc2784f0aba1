//! An echo on the connection layer, for suites that examine a server from outside.
//!
//! What they examine is what visitors get: the event loop, the reading of heads, the frames of
//! RFC 6455 with their farewells, the hand-over to HTTP. It knows no session, no lobby and no limit
//! of a node, keeps no heartbeat, and no node calls it. Invariant: what is owed to a client is at
//! most one message and one read more, since nothing is read from it before it has been paid.

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc, thread};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
    routing::any,
};
use liveloop_core::Moment;
use liveloop_protocol::websocket::{
    Decoder, Incoming, Limit, Opcode, Role, Violation, encode, encode_close,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::{
    clock::Clock,
    close::CloseReason,
    door::accept_handshake,
    driver::{HEAD_TIMEOUT, Handed, Head, Headed},
    figures::Figures,
    http::{Problem, speak_with_all},
    plane::{ConnId, Handler, Io, Kernel, Plane, Rings, Start},
    serve::choose_sends,
    settings::IoUring,
};

/// The longest message that is echoed, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Connections that wait for HTTP to speak with them; one more is dropped.
const HANDED_MAX: usize = 64;
/// Where frames are echoed.
const PATH: &str = "/echo";

/// Serves on `listener` until `shutdown` resolves: `/echo` echoes the messages of a WebSocket, `/`
/// the body of a request of any method.
///
/// # Errors
/// Where the kernel gives no event loop, or no io_uring that is insisted on, or waiting for the
/// sockets fails.
pub async fn serve(
    listener: TcpListener,
    io_uring: IoUring,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let sends = choose_sends(io_uring, &Rings::default()).map_err(io::Error::other)?;
    let start = Start::new(0, sends)?;
    let link = start.link();
    let (http, handed) = mpsc::channel(HANDED_MAX);
    let echo = Echo { http, clients: HashMap::new(), is_over: false };
    let plane = Plane::new(
        start,
        echo,
        Clock::start(),
        Some(mio::net::TcpListener::from_std(listener.into_std()?)),
    )?;
    let (ended, mut has_ended) = oneshot::channel();
    thread::Builder::new().name("echo".to_owned()).spawn(move || {
        // Nobody waits for it where the runtime is gone.
        let _ = ended.send(plane.run());
    })?;
    let figures = Arc::new(Figures::new(1));
    let speaking = tokio::spawn(speak_with_all(handed, router(), figures, None));
    let outcome = tokio::select! {
        () = shutdown => {
            link.post(Stop);
            has_ended.await
        }
        outcome = &mut has_ended => outcome,
    };
    speaking.abort();
    outcome.unwrap_or_else(|_| Err(io::Error::other("the event loop has panicked")))
}

fn router() -> Router {
    Router::new()
        .route("/", any(echo_body))
        .route(PATH, any(refuse_handshake))
        .fallback(|| async { Problem::not_found() })
}

async fn echo_body(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(body);
    if let Some(content_type) = parts.headers.get(header::CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
    }
    response
}

/// What comes here is none, or one on a connection that has spoken HTTP before.
async fn refuse_handshake(headers: HeaderMap) -> Problem {
    accept_handshake(&headers).err().map_or_else(Problem::upgrade_required, |(_, problem)| problem)
}

/// Asks the loop to end.
#[derive(Debug)]
struct Stop;

/// A connection, by how far it has come.
enum Client {
    /// The head of its first request is yet to come.
    Head(Head),
    /// It speaks WebSocket.
    Open(Decoder),
}

struct Echo {
    http: mpsc::Sender<Handed>,
    clients: HashMap<ConnId, Client>,
    is_over: bool,
}

impl Echo {
    fn read_head(&mut self, io: &mut Io, id: ConnId, bytes: &[u8]) {
        let Some(Client::Head(head)) = self.clients.get_mut(&id) else { return };
        match head.take(bytes, PATH, |headers, _| {
            let accept = accept_handshake(headers).map_err(|(_, problem)| problem)?;
            Ok((accept, ()))
        }) {
            Headed::Partial => {}
            Headed::Http(read) => self.hand_to_http(io, id, read),
            Headed::Refused(problem) => {
                io.queue_write(id, |out| out.extend_from_slice(&problem.to_http1()));
                io.close(id);
            }
            Headed::Upgrade { response, permit: (), mut rest, .. } => {
                io.queue_write(id, |out| out.extend_from_slice(&response));
                io.set_timer(id, Moment::NEVER);
                self.clients.insert(id, Client::Open(Decoder::default()));
                self.echo_frames(io, id, &mut rest);
            }
        }
    }

    fn hand_to_http(&mut self, io: &mut Io, id: ConnId, read: Vec<u8>) {
        let Some(Client::Head(Head { peer, .. })) = self.clients.remove(&id) else { return };
        let Some(socket) = io.detach(id) else { return };
        // Dropped, so closed, where too many wait already.
        let _ = self.http.try_send(Handed { socket, read, peer, permit: None });
    }

    fn echo_frames(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        let Some(Client::Open(decoder)) = self.clients.get_mut(&id) else { return };
        let settings = (Role::Server, Limit(MESSAGE_BYTES_MAX));
        let mut by_client = None;
        let outcome = decoder.feed(bytes, settings, |incoming| {
            let (opcode, payload) = match incoming {
                Incoming::Text(text) => (Opcode::Text, text.as_bytes()),
                Incoming::Binary(payload) => (Opcode::Binary, payload),
                Incoming::Ping(payload) => (Opcode::Pong, payload),
                Incoming::Pong(_) | Incoming::Fragment => return,
                Incoming::Close(code) => {
                    by_client = Some(code);
                    return;
                }
            };
            io.queue_write(id, |out| encode(out, opcode, payload));
        });
        match (outcome, by_client) {
            (Err(violation), _) => refuse(io, id, violation),
            (Ok(()), Some(Some(code))) => io.queue_write(id, |out| encode_close(out, code, "")),
            (Ok(()), Some(None)) => io.queue_write(id, |out| encode(out, Opcode::Close, b"")),
            (Ok(()), None) => return,
        }
        io.close(id);
    }
}

fn refuse(io: &mut Io, id: ConnId, violation: Violation) {
    let reason = CloseReason::from(violation);
    if let Some(code) = reason.code() {
        io.queue_write(id, |out| encode_close(out, code, reason.as_str()));
    }
}

impl Handler for Echo {
    type Net = Kernel;
    type Post = Stop;

    fn on_open(&mut self, io: &mut Io, id: ConnId, peer: SocketAddr) {
        self.clients.insert(id, Client::Head(Head::new(peer, None)));
        let deadline = io.now() + HEAD_TIMEOUT;
        io.set_timer(id, deadline);
    }

    fn on_bytes(&mut self, io: &mut Io, id: ConnId, bytes: &mut [u8]) {
        match self.clients.get(&id) {
            Some(Client::Head(_)) => self.read_head(io, id, bytes),
            Some(Client::Open(_)) => self.echo_frames(io, id, bytes),
            None => {}
        }
    }

    fn on_end(&mut self, io: &mut Io, id: ConnId) {
        io.cut(id);
    }

    fn on_timer(&mut self, io: &mut Io, id: ConnId) {
        io.cut(id);
    }

    fn on_gone(&mut self, _io: &mut Io, id: ConnId) {
        self.clients.remove(&id);
    }

    fn on_post(&mut self, _io: &mut Io, Stop: Stop) {
        self.is_over = true;
    }

    fn on_turn(&mut self, _io: &mut Io) {}

    fn on_written(&mut self, _io: &mut Io) {}

    fn next_turn(&self) -> Option<Moment> {
        None
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}
