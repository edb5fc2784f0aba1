//! How long groups last.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Groups {
    /// A group ends that nobody has listened to for this long, a new one too; 0 lets them last.
    pub idle_max: Span,
}

impl Default for Groups {
    fn default() -> Self {
        Self { idle_max: Span::seconds(3_600) }
    }
}
