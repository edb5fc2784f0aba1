//! TLS around a socket of the asynchronous stack: for the handshake, and for HTTP.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use super::Channel;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 8 << 10;
/// How much is sealed at once, and how much sealed may wait for the socket, in bytes.
const SEAL_BYTES: usize = 16 << 10;
const WAITING_BYTES_MAX: usize = 64 << 10;
/// What one who is refused may still send before the socket is dropped, in bytes.
const LINGER_BYTES_MAX: usize = 64 << 10;

/// What one is told who speaks plain HTTP to a port that speaks TLS.
const NOT_PLAIN: &str = "this address speaks https alone\n";

/// Why a handshake came to nothing.
#[derive(Debug, Error)]
pub(crate) enum Refused {
    #[error("plain HTTP")]
    PlainHttp,
    #[error("the client ended it")]
    Ended,
    #[error(transparent)]
    Socket(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// A socket with TLS around it.
#[derive(Debug)]
pub(crate) struct TlsStream {
    socket: TcpStream,
    channel: Box<Channel>,
    /// What was opened, and how much of it was read.
    open: Vec<u8>,
    read: usize,
    /// What was sealed and is yet to be written.
    sealed: Vec<u8>,
}

/// What a [`TlsStream`] is made of.
pub(crate) struct Parts {
    pub(crate) socket: TcpStream,
    pub(crate) channel: Box<Channel>,
    /// Opened, and read by nobody.
    pub(crate) unread: Vec<u8>,
    /// Sealed, and not yet written.
    pub(crate) unsent: Vec<u8>,
}

impl TlsStream {
    pub(crate) fn new(socket: TcpStream, channel: Channel) -> Self {
        let channel = Box::new(channel);
        Self { socket, channel, open: Vec::new(), read: 0, sealed: Vec::new() }
    }

    /// Shakes hands; how long that may take is the caller's affair.
    pub(crate) async fn shake_hands(&mut self) -> Result<(), Refused> {
        let mut first = [0];
        let is_there = self.socket.peek(&mut first).await? > 0;
        // No record begins with a letter, and every method of HTTP does.
        if is_there && first[0].is_ascii_uppercase() {
            let head = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain";
            let len = NOT_PLAIN.len();
            let answer = format!("{head}\r\nContent-Length: {len}\r\n\r\n{NOT_PLAIN}");
            self.sealed.extend_from_slice(answer.as_bytes());
            return Err(Refused::PlainHttp);
        }
        loop {
            poll_fn(|context| self.poll_send(context)).await?;
            if !self.channel.is_handshaking() {
                return Ok(());
            }
            poll_fn(|context| self.poll_receive(context)).await?.ok_or(Refused::Ended)?;
        }
    }

    pub(crate) fn into_parts(mut self) -> Parts {
        let unread = self.open.split_off(self.read);
        Parts { socket: self.socket, channel: self.channel, unread, unsent: self.sealed }
    }

    /// Says why to one who is refused, and lets the client read it: a socket that is dropped with
    /// unread bytes in it is reset, and the last words with it.
    pub(crate) async fn turn_away(mut self) {
        let said = poll_fn(|context| self.poll_send(context)).await;
        if said.is_err() || self.socket.shutdown().await.is_err() {
            return;
        }
        let mut lingering = self.socket.take(LINGER_BYTES_MAX as u64);
        let mut buffer = [0; 4 << 10];
        while let Ok(1..) = lingering.read(&mut buffer).await {}
    }

    /// Writes all that is sealed.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.sealed.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(context, &self.sealed))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sealed.drain(..written);
        }
        self.sealed = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// Reads from the socket once and opens what has come; `None` at its end, with or without a
    /// word of the client's.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<()>, Refused>> {
        let mut buffer = [0; READ_BYTES];
        let mut read = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut read))?;
        if read.filled().is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut bytes = vec![0; self.channel.partial_len() + read.filled().len()];
        let kept = self.channel.recall(&mut bytes);
        bytes[kept..].copy_from_slice(read.filled());
        self.channel.open(&mut bytes, &mut self.open, &mut self.sealed)?;
        Poll::Ready(Ok(Some(())))
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let unread = &self.open[self.read..];
            if !unread.is_empty() {
                let len = unread.len().min(buffer.remaining());
                buffer.put_slice(&unread[..len]);
                self.read += len;
                if self.read == self.open.len() {
                    (self.open, self.read) = (Vec::new(), 0);
                }
                return Poll::Ready(Ok(()));
            }
            if self.channel.has_ended() {
                return Poll::Ready(Ok(()));
            }
            let received = ready!(self.poll_receive(context));
            // TLS may have something to answer of its own; what the socket does not take now goes
            // with what is written next.
            if let Poll::Ready(Err(error)) = self.poll_send(context) {
                return Poll::Ready(Err(error));
            }
            match received {
                Ok(Some(())) => {}
                Ok(None) => return Poll::Ready(Ok(())),
                Err(Refused::Socket(error)) => return Poll::Ready(Err(error)),
                Err(refused) => return Poll::Ready(Err(io::Error::other(refused))),
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.sealed.len() >= WAITING_BYTES_MAX {
            ready!(self.poll_send(context))?;
        }
        let len = bytes.len().min(SEAL_BYTES);
        let this = &mut *self;
        this.channel.seal(&bytes[..len], &mut this.sealed).map_err(io::Error::other)?;
        match this.poll_send(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(len)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.channel.say_goodbye(&mut this.sealed).map_err(io::Error::other)?;
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.socket).poll_shutdown(context)
    }
}
