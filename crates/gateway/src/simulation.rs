//! A whole node in one thread, for tests that must come out the same again: the core, the sessions,
//! the drivers and the event loops that ship, on a network and a clock that the caller moves.
//!
//! Nothing here waits, and nothing asks the machine for time or randomness: the same calls on a node
//! of the same seed give the same bytes. When bytes arrive, in what order event loops turn and what
//! they find ready first is the caller's to say, so that every interleaving can be had, and had
//! again. What is replaced, and what of the node is not run: docs/decisions/0009-simulation.md.

mod network;
mod node;
mod occupancy;
mod store;

pub use liveloop_core::LobbyHeld;
pub use node::{ClientSocket, SimulatedNode, SocketState};
pub use occupancy::{Figures, Occupancy};
