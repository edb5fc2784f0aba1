//! The work that liveloop-bench measures, on axum's WebSocket as it comes: a task for each
//! connection, and a channel as its inbox.

mod strangers;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    response::Response,
    routing::any,
    serve::ListenerExt,
};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedSender},
};

use strangers::{Inbox, Strangers};

type Shared = Arc<Mutex<Strangers<UnboundedSender<Utf8Bytes>>>>;

impl Inbox for UnboundedSender<Utf8Bytes> {
    fn send(&self, text: String) {
        let _ = UnboundedSender::send(self, text.into());
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let app = Router::new().route("/ws", any(upgrade)).with_state(Shared::default());
    axum::serve(listener, app).await
}

async fn upgrade(upgrade: WebSocketUpgrade, State(shared): State<Shared>) -> Response {
    upgrade.on_upgrade(|socket| serve(socket, shared))
}

async fn serve(socket: WebSocket, shared: Shared) {
    let (mut sink, mut stream) = socket.split();
    let (inbox, mut due) = mpsc::unbounded_channel::<Utf8Bytes>();
    let strangers = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let visitor = strangers().arrive(inbox);
    loop {
        tokio::select! {
            text = due.recv() => {
                let Some(text) = text else { break };
                if sink.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => strangers().handle(visitor, &text),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    strangers().gone(visitor);
}
