//! Opens one connection: the handshake, and whatever is said up to `welcome`. Blocking.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use liveloop_protocol::websocket::{Decoder, Incoming, Limit, Opcode, Role, encode_masked};
use rustls::{ClientConfig, ClientConnection};
use socket2::{Domain, Socket, Type};

use super::{
    out::MASK,
    secure,
    wire::{Heard, Wire},
};

/// The head of a handshake, after its path and host.
pub(crate) const HANDSHAKE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// With fifty loaders on two cores each of them waits its turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where strangers go, and how.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) wire: Wire,
    /// The address to come from, where the ports of one do not suffice.
    pub(crate) source: Option<IpAddr>,
    /// How they speak TLS, where they do.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// A connection that is open.
pub(crate) struct Opened {
    pub(crate) stream: TcpStream,
    pub(crate) tls: Option<ClientConnection>,
    /// Holds what came after `welcome`.
    pub(crate) decoder: Decoder,
}

/// A connection that is being opened.
struct Line {
    stream: TcpStream,
    tls: Option<ClientConnection>,
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => secure::read(tls, &mut self.stream, buffer),
            None => self.stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => secure::write(tls, &mut self.stream, bytes),
            None => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Opens one connection up to its `welcome`.
pub(crate) fn open(target: &Target) -> Result<Opened> {
    let mut stream = dial(target)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let tls = target.tls.as_ref().map(|config| secure::connect(config, &mut stream)).transpose()?;
    let mut line = Line { stream, tls };
    let (path, host) = (target.wire.path(), target.address);
    line.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{HANDSHAKE}").as_bytes())?;
    let mut body = read_head(&mut line)?;
    let (mut decoder, mut buffer) = (Decoder::default(), [0; 8_192]);
    let mut greeting = Greeting { wire: target.wire, replies: Vec::new(), progress: None };
    loop {
        let settings = (Role::Client, Limit(0));
        let outcome = decoder.feed(&mut body, settings, |incoming| greeting.hear(incoming));
        if outcome.is_err() || greeting.progress == Some(Progress::Refused) {
            bail!("the server has sent something that is no greeting");
        }
        line.write_all(&greeting.replies)?;
        greeting.replies.clear();
        if greeting.progress == Some(Progress::Welcome) {
            let Line { stream, tls } = line;
            return Ok(Opened { stream, tls, decoder });
        }
        let len = line.read(&mut buffer).context("no `welcome` in a minute")?;
        if len == 0 {
            bail!("closed before `welcome`");
        }
        body = buffer[..len].to_vec();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Welcome,
    Refused,
}

struct Greeting {
    wire: Wire,
    replies: Vec<u8>,
    progress: Option<Progress>,
}

impl Greeting {
    fn hear(&mut self, incoming: Incoming<'_>) {
        let Incoming::Text(text) = incoming else { return };
        match self.wire.read(text) {
            Heard::Event { name: "welcome", .. } => self.progress = Some(Progress::Welcome),
            Heard::Reply(text) => {
                encode_masked(&mut self.replies, Opcode::Text, text.as_bytes(), MASK);
            }
            Heard::Bad => self.progress = Some(Progress::Refused),
            _ => {}
        }
    }
}

/// A socket to `target`, from its source.
pub(crate) fn dial(target: &Target) -> Result<TcpStream> {
    let Some(source) = target.source else { return Ok(TcpStream::connect(target.address)?) };
    let socket = Socket::new(Domain::for_address(target.address), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(source, 0).into())?;
    // Closed at once, so that the ports of a large run are free for the next one.
    socket.set_linger(Some(Duration::ZERO))?;
    socket.connect(&target.address.into())?;
    Ok(socket.into())
}

/// Reads the answer to the handshake; what has come after it is given back.
fn read_head(stream: &mut impl Read) -> Result<Vec<u8>> {
    let (mut head, mut buffer) = (Vec::new(), [0; 8_192]);
    loop {
        let len = stream.read(&mut buffer).context("no answer to the handshake in a minute")?;
        if len == 0 {
            bail!("closed in the handshake: {}", String::from_utf8_lossy(&head));
        }
        head.extend_from_slice(&buffer[..len]);
        let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") else { continue };
        if !head.starts_with(b"HTTP/1.1 101") {
            bail!("refused: {}", String::from_utf8_lossy(&head));
        }
        return Ok(head.split_off(end + 4));
    }
}
