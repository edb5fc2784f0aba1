//! Where certificate and key are: both, or neither.

use std::path::PathBuf;

use liveloop_gateway::settings;
use serde::{Deserialize, Serialize};

use super::Problem;

/// Settings of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

impl Tls {
    /// What the gateway needs, where TLS is on.
    pub(crate) fn gateway_settings(&self) -> Option<settings::Tls> {
        Some(settings::Tls::new(self.cert.clone()?, self.key.clone()?))
    }
}

/// What is missing, if something is.
pub(super) fn check(tls: &Tls) -> Option<Problem> {
    let (missing, other) = match (&tls.cert, &tls.key) {
        (Some(_), None) => ("tls.key", "tls.cert"),
        (None, Some(_)) => ("tls.cert", "tls.key"),
        _ => return None,
    };
    let why = format!("it is not set, and {other} is: set both for TLS, or neither");
    Some(Problem::new(missing, why))
}
