//! The data plane: event-loop threads that own their connections outright.
//!
//! A thread waits for readiness (epoll through mio, edge-triggered), reads into one buffer that all
//! its connections share, lets its [`Handler`] act, and writes what is due to each connection once
//! a turn. Between turns an idle connection owns no buffer. Another thread's connection is reached
//! only by a post.
//!
//! Knows nothing of HTTP, WebSocket or what is said. Invariants: an id is never given twice; an
//! outbox dies with its connection, so that no byte reaches the next owner of a slot or descriptor;
//! a short write is continued where it ended; `on_gone` comes exactly once for each `on_open`.

mod conn;
mod io;
mod kernel;
mod link;
mod net;
mod slots;
mod tls;
mod turn;
#[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "it lends buffers to the kernel"))]
#[cfg_attr(not(target_os = "linux"), path = "plane/no_uring.rs")]
mod uring;
mod wheel;

pub(crate) use io::{ConnId, Io, Moving};
pub(crate) use kernel::Kernel;
pub(crate) use link::PlaneLink;
pub(crate) use net::{Net, Ready};
pub(crate) use slots::Key;
pub(crate) use tls::Secured;
pub(crate) use turn::{EVENTS_MAX, Handler, Plane, Sends, Start};
pub(crate) use uring::Rings;

#[cfg(test)]
mod tests;
