//! How a connection is watched.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of the heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heartbeat {
    /// How often the server sends a Ping; the first comes at a random moment of it.
    pub interval: Span,
    /// How long after a Ping a connection without any frame is cut (4000).
    pub timeout: Span,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { interval: Span::seconds(25), timeout: Span::seconds(10) }
    }
}

impl Heartbeat {
    /// Short enough to wait for.
    #[must_use]
    pub fn for_testing() -> Self {
        Self { interval: Span::millis(200), timeout: Span::millis(300) }
    }
}
