//! How long what is said is kept.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// How long the messages of a call are kept; 0 keeps them.
    pub retention_calls: Span,
    /// How long the messages of a channel are kept; 0 keeps them.
    pub retention_channels: Span,
}

impl Default for Store {
    fn default() -> Self {
        Self { retention_calls: Span::seconds(86_400), retention_channels: Span::seconds(0) }
    }
}
