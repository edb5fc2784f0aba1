//! The async shell: accepts connections, speaks HTTP and WebSocket, drives sessions and the lobby,
//! and stops in order.
//!
//! A connection carries frames between its socket and its session and knows no rule; a session is
//! a machine without a socket; the lobby's task owns the lobby. Nothing here knows a driver of a
//! store, or where settings come from.

mod address;
mod assembly;
mod clock;
mod close;
mod counted_directory;
mod desk;
mod door;
mod driver;
pub mod echo;
mod erasing;
mod estate;
mod exposition;
mod figures;
mod http;
mod identity;
mod inquiry;
mod keeping;
mod node;
mod origin;
mod plane;
mod reading;
mod serve;
mod session;
pub mod settings;
pub mod simulation;
mod system;
mod ticket;
mod timed_archive;
mod tls;

pub use estate::Estate;
pub use http::{Page, PageFile};
pub use identity::Secret;
pub use serve::{ServeError, Wiring, check_machine, serve};
pub use tls::{Tls, TlsError};
