//! Takes the listening address, or says why it is not to be had and what to do.

#[cfg(test)]
mod tests;

use std::{io::ErrorKind, net::SocketAddr};

use anyhow::anyhow;
use tokio::net::TcpListener;

/// Binds the address.
pub(super) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| anyhow!(explain(address, error.kind())))
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
