//! Who may read the metrics.

use serde::{Deserialize, Serialize};

/// Settings of `/metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Whether everybody may; else only peers of this machine or of a private network that come
    /// without a forwarding header.
    pub public: bool,
}
