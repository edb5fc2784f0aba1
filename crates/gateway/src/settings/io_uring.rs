//! How what is written reaches the sockets.

use serde::{Deserialize, Serialize};

/// Whether an event loop has the kernel send to many sockets in one system call (io_uring), instead
/// of in one for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IoUring {
    /// Where the kernel allows it.
    Auto,
    /// Always: a node does not start where the kernel forbids it.
    On,
    /// Never.
    #[default]
    Off,
}
