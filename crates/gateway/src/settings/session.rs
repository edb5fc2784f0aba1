//! How long a session survives its socket, and what is kept for it.

use serde::{Deserialize, Serialize};

use super::Span;

/// Settings of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// How long a session whose socket is lost may be resumed.
    pub grace: Span,
    /// The same after a clean close (1000, 1001): enough for a reload.
    pub grace_closed: Span,
    /// What is kept to be sent again, in bytes a session; 0 keeps nothing.
    pub replay_bytes: usize,
}

impl Default for Session {
    fn default() -> Self {
        Self { grace: Span::seconds(30), grace_closed: Span::seconds(5), replay_bytes: 16 << 10 }
    }
}

impl Session {
    /// Short enough to wait for, and little enough to overflow.
    #[must_use]
    pub fn for_testing() -> Self {
        Self { grace: Span::millis(400), grace_closed: Span::millis(200), replay_bytes: 4 << 10 }
    }
}
