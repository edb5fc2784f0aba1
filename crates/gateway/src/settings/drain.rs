//! How the gateway stops.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of the drain that SIGTERM and Ctrl-C begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// The node has stopped after this long, whatever its clients do.
    pub deadline: Span,
    /// Clients are told to come back at moments spread over this long.
    pub reconnect_within: Span,
}

impl Default for Drain {
    fn default() -> Self {
        Self { deadline: Span::seconds(10), reconnect_within: Span::seconds(5) }
    }
}

impl Drain {
    /// Short enough to wait for.
    #[must_use]
    pub fn for_testing() -> Self {
        Self { deadline: Span::seconds(2), reconnect_within: Span::millis(500) }
    }
}
