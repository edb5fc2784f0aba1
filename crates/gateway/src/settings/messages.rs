//! What becomes of texts.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Messages {
    /// How long after it was said a text may be edited or deleted by whoever said it.
    pub change_within: Span,
}

impl Default for Messages {
    fn default() -> Self {
        Self { change_within: Span::seconds(3600) }
    }
}
