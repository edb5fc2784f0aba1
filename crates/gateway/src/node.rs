//! What every part of a node shares.

use std::sync::Arc;

use liveloop_ports::{Directory, History};
use tokio::sync::watch;

use crate::{clock::Clock, session::Shared};

/// A node's own things.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Clock,
    pub(crate) draining: watch::Receiver<bool>,
}
