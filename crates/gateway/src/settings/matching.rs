//! Who may meet whom.

use serde::{Deserialize, Serialize};

/// Settings of matching.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// Whether two windows of one visitor may meet each other.
    pub same_visitor: bool,
}
