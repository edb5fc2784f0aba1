//! Where the certificate is, and how patient TLS is.

use std::{path::PathBuf, time::Duration};

/// Settings of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// File with the certificate and those that vouch for it, in PEM, the server's own first.
    pub cert: PathBuf,
    /// File with its private key, in PEM.
    pub key: PathBuf,
    /// How long a client may take to shake hands.
    pub handshake_within: Duration,
    /// How often the files are looked at; a change that has rested so long comes into use.
    pub look_every: Duration,
}

impl Tls {
    /// With these files, and the usual patience.
    #[must_use]
    pub fn new(cert: PathBuf, key: PathBuf) -> Self {
        let (handshake_within, look_every) = (Duration::from_secs(10), Duration::from_secs(2));
        Self { cert, key, handshake_within, look_every }
    }

    /// With these files, looked at often. Handshakes have the usual time: on a busy machine they need it.
    #[must_use]
    pub fn for_testing(cert: PathBuf, key: PathBuf) -> Self {
        Self { look_every: Duration::from_millis(50), ..Self::new(cert, key) }
    }
}
