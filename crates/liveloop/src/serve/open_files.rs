//! Each connection holds an open file; where few are allowed, the operator should know before the
//! visitors do.

use rustix::process::{Resource, getrlimit};

const WANTED: u64 = 4096;

/// Warns where the soft limit is low. The limit is left as it is.
pub(super) fn warn_if_few() {
    if let Some(allowed) = getrlimit(Resource::Nofile).current
        && allowed < WANTED
    {
        tracing::warn!(
            allowed,
            "few open files are allowed, and each connection needs one: raise the limit with \
             `ulimit -n 65536` before the start, LimitNOFILE=65536 in a systemd unit, or \
             --ulimit nofile=65536 for a container"
        );
    }
}
