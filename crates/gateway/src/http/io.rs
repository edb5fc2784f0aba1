//! What HTTP is spoken over: a socket before which stands what was read of it already, or one with
//! TLS around it; and how it is taken apart again.

use std::{
    io::{self, Cursor},
    net::TcpStream as StdTcpStream,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, Chain, Join, ReadBuf, join},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::{
    plane::Secured,
    tls::{Parts, TlsStream},
};

/// A connection that speaks HTTP.
pub(super) enum Io {
    /// As it is.
    Plain(Join<Chain<Cursor<Vec<u8>>, OwnedReadHalf>, OwnedWriteHalf>),
    /// Over TLS.
    Secure(TlsStream),
}

/// The bare socket again.
pub(super) struct Socket {
    pub(super) stream: StdTcpStream,
    pub(super) secured: Option<Secured>,
    /// What stands before it that nobody has read.
    pub(super) unread: Vec<u8>,
}

impl Io {
    /// A plain socket of which `read` was read already.
    pub(super) fn plain(stream: TcpStream, read: Vec<u8>) -> Self {
        let (reader, writer) = stream.into_split();
        Self::Plain(join(Cursor::new(read).chain(reader), writer))
    }

    /// The socket, with all that has come and was not read. `None` where the kernel objects.
    pub(super) fn into_socket(self) -> Option<Socket> {
        match self {
            Self::Plain(io) => {
                let (reader, writer) = io.into_inner();
                let (before, reader) = reader.into_inner();
                let place = usize::try_from(before.position()).ok()?;
                let unread = before.into_inner().split_off(place);
                let stream = reader.reunite(writer).ok()?.into_std().ok()?;
                Some(Socket { stream, secured: None, unread })
            }
            Self::Secure(stream) => {
                let Parts { socket, channel, unread, unsent } = stream.into_parts();
                let secured = Some(Secured { channel, unsent });
                Some(Socket { stream: socket.into_std().ok()?, secured, unread })
            }
        }
    }

    fn reader(self: Pin<&mut Self>) -> Pin<&mut (dyn AsyncRead + Send)> {
        match self.get_mut() {
            Self::Plain(io) => Pin::<&mut _>::new(io) as _,
            Self::Secure(stream) => Pin::<&mut _>::new(stream) as _,
        }
    }

    fn writer(self: Pin<&mut Self>) -> Pin<&mut (dyn AsyncWrite + Send)> {
        match self.get_mut() {
            Self::Plain(io) => Pin::<&mut _>::new(io) as _,
            Self::Secure(stream) => Pin::<&mut _>::new(stream) as _,
        }
    }
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader().poll_read(context, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writer().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writer().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(io) => io.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_nobody_has_read_is_handed_on_with_the_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = listener.accept().await.unwrap().0;
        let mut io = Io::plain(stream, b"head and frames".to_vec());
        io.read_exact(&mut [0; 5]).await.unwrap();
        assert_eq!(io.into_socket().unwrap().unread, b"and frames");
    }
}
