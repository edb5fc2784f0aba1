//! The work that liveloop-bench measures, on a tokio task for each connection and nothing else: no
//! read buffer between two wake-ups, no channel, an outbox that allocates on first use and is written
//! at once. It is what a data plane on a general runtime comes to at its best; docs/decisions/0002
//! compares it with event loops.

#[path = "../strangers.rs"]
mod strangers;

use std::{
    io::{Error, ErrorKind, Result},
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use liveloop_protocol::websocket::{Decoder, Incoming, Limit, Opcode, Role, encode};
use sha1::{Digest, Sha1};
use tokio::{
    io::{AsyncWriteExt, Interest},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use strangers::{Inbox, Strangers};

/// RFC 6455, section 1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const READ_BYTES: usize = 16 << 10;

#[derive(Default)]
struct Outbox {
    bytes: Mutex<Vec<u8>>,
    has_more: Notify,
}

impl Inbox for Arc<Outbox> {
    fn send(&self, text: String) {
        encode(&mut locked(&self.bytes), Opcode::Text, text.as_bytes());
        self.has_more.notify_one();
    }
}

type Shared = Arc<Mutex<Strangers<Arc<Outbox>>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let shared = Shared::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shared = Arc::clone(&shared);
        // Whoever is gone is gone.
        tokio::spawn(async move { drop(serve(stream, shared).await) });
    }
}

async fn serve(mut stream: TcpStream, shared: Shared) -> Result<()> {
    shake_hands(&mut stream).await?;
    let outbox = Arc::<Outbox>::default();
    let visitor = locked(&shared).arrive(Arc::clone(&outbox));
    let mut decoder = Decoder::default();
    let outcome = loop {
        let is_readable = tokio::select! {
            () = outbox.has_more.notified() => false,
            _ = stream.ready(Interest::READABLE) => true,
        };
        if is_readable {
            let mut frames = |text: &str| locked(&shared).handle(visitor, text);
            if let Err(error) = read(&stream, &mut decoder, &mut frames) {
                break Err(error);
            }
        }
        let due = std::mem::take(&mut *locked(&outbox.bytes));
        if !due.is_empty()
            && let Err(error) = stream.write_all(&due).await
        {
            break Err(error);
        }
    };
    locked(&shared).gone(visitor);
    outcome
}

/// The buffer is on the stack, and gone before the task waits again.
fn read(stream: &TcpStream, decoder: &mut Decoder, act: &mut impl FnMut(&str)) -> Result<()> {
    let mut buffer = [0; READ_BYTES];
    let len = match stream.try_read(&mut buffer) {
        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(len) => len,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
        Err(error) => return Err(error),
    };
    let settings = (Role::Server, Limit(64 << 10));
    let outcome = decoder.feed(&mut buffer[..len], settings, |incoming| {
        if let Incoming::Text(text) = incoming {
            act(text);
        }
    });
    outcome.map_err(|_| Error::from(ErrorKind::InvalidData))
}

async fn shake_hands(stream: &mut TcpStream) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.readable().await?;
        let mut buffer = [0; READ_BYTES];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(len) => head.extend_from_slice(&buffer[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let response = {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        request.parse(&head).map_err(|_| Error::from(ErrorKind::InvalidData))?;
        let key = request
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"));
        let key = key.ok_or(ErrorKind::InvalidData)?.value;
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
        )
    };
    stream.write_all(response.as_bytes()).await
}
