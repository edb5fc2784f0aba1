//! A seeded simulator. Visitors, their software, their networks and their clocks, around the very core
//! and driver that ship: only sockets, clock and randomness are replaced.
//!
//! A run follows from its seed and from the numbers of its steps alone. A model that shares no code with
//! the node says after each frame whether it may come, and once all is quiet whether the whole is as it
//! must be.

#![forbid(unsafe_code)]

mod commands;
mod counts;
mod hello;
mod model;
mod random;
mod run;
mod shrink;
mod steps;
mod transcript;
mod window;
mod wire;
mod world;

pub use counts::Counts;
pub use model::Broken;
pub use run::{Outcome, Plan, run};
pub use shrink::shrink;
