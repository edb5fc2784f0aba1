//! The real binary, run as an operator runs it: its help, its configuration, its start and its end.

#![allow(clippy::unwrap_used)] // The helpers of tests are tests to us, though not to clippy.

mod bad_input_of_channels;
mod client;
mod configuration;
mod discretion;
mod harness;
mod help;
#[cfg(target_os = "linux")]
mod io_uring;
mod own_data;
mod restarting;
mod secrets;
mod serving;
mod starving;
mod stopping;
mod store;
mod store_fails;
mod tls;
