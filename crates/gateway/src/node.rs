//! What every part of a node shares.

use std::sync::Arc;

use liveloop_ports::{Archive, Directory};
use tokio::sync::watch;

use crate::{clock::Clock, session::Shared};

/// A node's own things.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) directory: Arc<dyn Directory>,
    /// Whether these two outlast the process.
    pub(crate) has_store: bool,
    pub(crate) clock: Clock,
    pub(crate) draining: watch::Receiver<bool>,
}
