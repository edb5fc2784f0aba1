//! Which STUN and TURN servers browsers are given.

use liveloop_protocol::IceServer;
use serde::{Deserialize, Serialize};

/// Settings of ICE (RFC 8445).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ice {
    /// Servers as `RTCIceServer` has them; without any, calls work on one machine or network only.
    pub servers: Vec<IceServer>,
    /// How many candidates a browser gathers ahead of a call, 0 to 10.
    pub candidate_pool_size: u8,
}
