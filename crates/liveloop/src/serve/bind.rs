//! Takes the listening address, or says why it is not to be had and what to do.

#[cfg(test)]
mod tests;

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use anyhow::anyhow;
use tokio::net::{TcpListener, TcpSocket};

/// What the kernel may hold for a client that does not read, in bytes, beside the outbox. Without a
/// bound it takes over more than two megabytes, and 2,000 who ask for a file and do not read it would
/// fill the memory. It counts twice that for its own book-keeping (socket(7)).
const SEND_BUFFER_BYTES: u32 = 64 << 10;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Binds the address; accepted sockets take over what is set here.
pub(super) fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    listen(address).map_err(|error| anyhow!(explain(address, error.kind())))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // One that was stopped a moment ago does not keep the address.
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn explain(address: SocketAddr, kind: ErrorKind) -> String {
    let port = address.port();
    match kind {
        ErrorKind::AddrInUse => format!(
            "{address} is in use: another program, perhaps another Live Loop, listens there. \
             `ss -ltnp 'sport = :{port}'` names it; --listen {}:{} takes another port, and port 0 \
             any free one",
            host(address),
            if port == u16::MAX { 8000 } else { port + 1 },
        ),
        ErrorKind::PermissionDenied => format!(
            "this account may not listen on {address}: ports below 1024 need root or \
             CAP_NET_BIND_SERVICE. Choose one from 1024 on, such as --listen {}:8000, or let a \
             reverse proxy take port {port}",
            host(address),
        ),
        ErrorKind::AddrNotAvailable => format!(
            "{} is no address of this machine: `ip address` lists them, and --listen 0.0.0.0:{port} \
             takes all of them",
            address.ip(),
        ),
        other => format!("cannot listen on {address}: {other}"),
    }
}

fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}
