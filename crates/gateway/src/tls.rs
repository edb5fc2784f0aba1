//! TLS of the node's own: the certificate in use, and how its successor comes into use.
//!
//! A [`Channel`] is a machine: sealed bytes go in, open ones come out, and the other way round; it
//! holds no socket. [`TlsStream`] puts one around a socket for the handshake and for HTTP; the event
//! loops drive it themselves. Nothing here knows what is said. Invariants: a pair that does not fit
//! never comes into use; a connection keeps what it began with.

mod channel;
mod expiry;
mod files;
mod stream;
#[cfg(test)]
pub(crate) mod testing;
mod watch;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::UnixTime,
    server::NoServerSessionStorage,
    version::{TLS12, TLS13},
};
use tokio::sync::Notify;

use crate::settings;

pub(crate) use channel::Channel;
pub use files::TlsError;
pub(crate) use stream::{Parts, Refused, TlsStream};

use files::{Pair, Stamp};

/// The certificate and its key, in use. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Tls {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: settings::Tls,
    /// A lock, because it is replaced while handshakes read it; held for a clone or a swap.
    in_use: RwLock<InUse>,
    /// A lock, because a reload may be asked for by anyone; only the watch takes it.
    stamp: Mutex<Stamp>,
    wanted: Notify,
}

#[derive(Clone, Debug)]
struct InUse {
    config: Arc<ServerConfig>,
    /// When the certificate ends, in seconds since 1970; `None` where that could not be read.
    expires: Option<u64>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Where a file cannot be read, holds none, or the two do not belong together.
    pub fn load(settings: settings::Tls) -> Result<Self, TlsError> {
        let stamp = Stamp::of(&settings);
        let in_use = InUse::read(&settings)?;
        let inner = Inner {
            settings,
            in_use: RwLock::new(in_use),
            stamp: Mutex::new(stamp),
            wanted: Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asks for the files to be read again; where the new pair does not fit, the old one stays.
    pub fn reload(&self) {
        self.inner.wanted.notify_one();
    }

    /// The server's side of a new connection.
    pub(crate) fn channel(&self) -> Result<Channel, rustls::Error> {
        Channel::new(self.in_use().config)
    }

    pub(crate) fn settings(&self) -> &settings::Tls {
        &self.inner.settings
    }

    fn in_use(&self) -> InUse {
        self.inner.in_use.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, in_use: InUse) {
        *self.inner.in_use.write().unwrap_or_else(PoisonError::into_inner) = in_use;
    }

    fn stamp(&self) -> Stamp {
        *self.inner.stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InUse {
    fn read(settings: &settings::Tls) -> Result<Self, TlsError> {
        let Pair { chain, key } = Pair::read(settings)?;
        let expires = chain.first().and_then(|certificate| expiry::not_after(certificate));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Unfit)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| TlsError::of_pair(error, settings))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that could be resumed would have to be remembered, or every connection would
        // have to send a ticket: an old certificate would live on in both.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), expires })
    }

    /// Seconds until the certificate ends; negative where it has.
    fn remaining(&self) -> Option<i64> {
        let expires = i64::try_from(self.expires?).ok()?;
        Some(expires - i64::try_from(UnixTime::now().as_secs()).ok()?)
    }
}
