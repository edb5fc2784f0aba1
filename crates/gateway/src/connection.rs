//! One connection: carries bytes between a WebSocket and its session, and nothing else.
//!
//! Knows no rule and no event. What is due to a client is gathered and flushed once per wake-up. A
//! client that does not read is cut off when its inbox overflows, even while a write is stuck.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt};
use liveloop_core::Input;
use liveloop_ports::History;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::{
    clock::{Clock, random_below},
    close::CloseReason,
    inbox::Inbox,
    lobby_task::{Ask, LobbyLink},
    session::{Delivery, Effect, Session, Shared},
};

/// How long a client has to answer a close frame, and to read what was sent before it.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// What is read and thrown away after a close frame, so that the client can read it, in bytes.
const LINGER_BYTES_MAX: usize = 1 << 20;

/// What a connection needs of its node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lobby: LobbyLink,
    pub(crate) history: Arc<dyn History>,
    pub(crate) clock: Clock,
    pub(crate) draining: watch::Receiver<bool>,
}

/// Drives `session` over `socket` until one of them ends, then tells the lobby.
pub(crate) async fn run<S>(node: Node, session: Session, inbox: Inbox, socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let key = session.key();
    let mut connection = Connection { node, session, inbox, socket };
    let reason = AssertUnwindSafe(connection.converse_or_overflow()).catch_unwind().await;
    let reason = reason.unwrap_or_else(|_| {
        tracing::error!("a connection panicked; it alone is closed");
        CloseReason::Internal
    });
    let Connection { node, session, inbox, socket } = connection;
    drop((session, inbox));
    node.shared.figures.count_close(reason);
    tracing::debug!(reason = reason.as_str(), "a connection ends");
    // The partner is told before the farewell, which may take a while. A node that goes away takes
    // nobody's partner from them: calls go on without it.
    if !*node.draining.borrow() {
        node.lobby.ask(Ask { input: Input::Disconnect(key), seat: None, by: None }).await;
    }
    farewell(socket, reason).await;
}

impl Node {
    /// Each client is told another moment, so that they do not all come at once.
    fn reconnect_in_ms(&self) -> u64 {
        let within = self.shared.settings.drain.reconnect_within.as_millis();
        random_below(within.saturating_add(1))
    }
}

struct Connection<S> {
    node: Node,
    session: Session,
    inbox: Inbox,
    socket: WebSocketStream<S>,
}

/// What woke the connection.
enum Event {
    Frame(Option<Result<Message, Error>>),
    Delivery(Delivery),
    Timeout,
    Draining,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A client that does not read is cut off even while a write to it is stuck.
    async fn converse_or_overflow(&mut self) -> CloseReason {
        let overflow = self.inbox.overflow();
        tokio::select! {
            reason = self.converse() => reason,
            () = overflow => CloseReason::SlowReader,
        }
    }

    async fn converse(&mut self) -> CloseReason {
        let mut draining = self.node.draining.clone();
        loop {
            if let Some(reason) = self.carry_out().await {
                return reason;
            }
            let event = tokio::select! {
                frame = self.socket.next() => Event::Frame(frame),
                Some(delivery) = self.inbox.next() => Event::Delivery(delivery),
                () = sleep_until(self.node.clock.instant(self.session.poll_timeout())) => {
                    Event::Timeout
                }
                Ok(_) = draining.wait_for(|is_draining| *is_draining) => Event::Draining,
            };
            match event {
                Event::Frame(frame) => {
                    if let Some(reason) = self.take_frame(frame) {
                        return reason;
                    }
                }
                Event::Delivery(delivery) => {
                    self.session.handle_delivery(delivery);
                    while let Some(delivery) = self.inbox.try_next() {
                        self.session.handle_delivery(delivery);
                    }
                }
                Event::Timeout => self.session.handle_timeout(self.node.clock.moment()),
                Event::Draining => self.session.handle_drain(self.node.reconnect_in_ms()),
            }
        }
    }

    fn take_frame(&mut self, frame: Option<Result<Message, Error>>) -> Option<CloseReason> {
        self.session.handle_sign_of_life();
        match frame {
            Some(Ok(Message::Text(text))) => {
                self.session.handle_frame(&text, self.node.clock.now());
                None
            }
            Some(Ok(Message::Binary(_))) => {
                self.session.handle_binary(self.node.clock.now());
                None
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                self.session.handle_control(self.node.clock.moment());
                None
            }
            Some(Ok(Message::Close(_))) | None => Some(CloseReason::ByClient),
            Some(Err(error)) => Some(reason_of(&error)),
        }
    }

    /// Does what the session wants; writes are gathered and flushed once.
    async fn carry_out(&mut self) -> Option<CloseReason> {
        let mut has_written = false;
        while let Some(effect) = self.session.poll_effect() {
            let message = match effect {
                Effect::Send(text) => Message::Text(text.into()),
                Effect::Ping => Message::Ping(bytes::Bytes::new()),
                Effect::Ask(ask) => {
                    self.node.lobby.ask(ask).await;
                    continue;
                }
                Effect::Relay(outlet, delivery) => {
                    outlet.deliver(delivery);
                    continue;
                }
                Effect::Say(said) => {
                    let outcome = self.node.history.append(said.text.clone()).await;
                    self.session.handle_said(&said, outcome);
                    continue;
                }
                Effect::Close(reason) => return Some(reason),
            };
            has_written = true;
            if let Err(reason) = self.write_until_silence(Some(message)).await {
                return Some(reason);
            }
        }
        if has_written { self.write_until_silence(None).await.err() } else { None }
    }

    /// Feeds a message, or flushes; a client that neither reads nor speaks is not waited for.
    async fn write_until_silence(&mut self, message: Option<Message>) -> Result<(), CloseReason> {
        let heartbeat = &self.node.shared.settings.heartbeat;
        let patience = heartbeat.interval.0 + heartbeat.timeout.0;
        let write = async {
            match message {
                Some(message) => self.socket.feed(message).await,
                None => self.socket.flush().await,
            }
        };
        match timeout(patience, write).await {
            Ok(outcome) => outcome.map_err(|error| reason_of(&error)),
            Err(_) => Err(CloseReason::SlowReader),
        }
    }
}

/// Says why, and gives the client a moment to read it: a socket that is closed with unread bytes in
/// it is reset, and the close frame lost (RFC 9112, section 9.6, on the same matter).
async fn farewell<S>(mut socket: WebSocketStream<S>, reason: CloseReason)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(code) = reason.code() else {
        let _ = timeout(CLOSE_WAIT, socket.close(None)).await;
        return;
    };
    let frame =
        CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(reason.as_str()) };
    let farewell = async {
        socket.close(Some(frame)).await?;
        let stream = socket.get_mut();
        stream.shutdown().await?;
        let mut scrap = [0; 4_096];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            match stream.read(&mut scrap).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        Ok::<_, Error>(())
    };
    let _ = timeout(CLOSE_WAIT, farewell).await;
}

fn reason_of(error: &Error) -> CloseReason {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    match error {
        Error::Capacity(_) => CloseReason::FrameTooLong,
        Error::Utf8(_) => CloseReason::InvalidUtf8,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_) => {
            CloseReason::Lost
        }
        Error::Protocol(_) => CloseReason::ProtocolViolation,
        Error::ConnectionClosed | Error::AlreadyClosed => CloseReason::ByClient,
        _ => CloseReason::Internal,
    }
}
