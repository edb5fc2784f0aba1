//! Brings a new pair into use: when it is asked for, and when the files have changed.

use std::convert::Infallible;

use tokio::{task::spawn_blocking, time::sleep};

use super::{InUse, Stamp, Tls};
use crate::figures::Figures;

const DAY_SECONDS: i64 = 86_400;
/// Certificates of 90 days are renewed a month before their end; two weeks before it nobody has.
const WARNED_DAYS: i64 = 14;

impl Tls {
    /// Looks after the files until it is dropped.
    pub(crate) async fn watch(self, figures: &Figures) -> Infallible {
        self.tell(figures);
        let mut before = self.stamp();
        loop {
            let is_asked = tokio::select! {
                () = self.inner.wanted.notified() => true,
                () = sleep(self.inner.settings.look_every) => false,
            };
            let this = self.clone();
            // A network file system may take its time.
            let looked = spawn_blocking(move || this.look(is_asked, before)).await;
            let Ok((stamp, outcome)) = looked else { continue };
            before = stamp;
            match outcome {
                None => {}
                Some(Ok(())) => {
                    figures.tls.count_reload(true);
                    self.tell(figures);
                }
                Some(Err(error)) => {
                    figures.tls.count_reload(false);
                    tracing::error!(
                        "the certificate in use stays, for a new one is not good: {error}"
                    );
                }
            }
        }
    }

    /// Reads the files where that is asked for, or where they have changed and are at rest: the
    /// certificate and its key are never replaced in the same moment.
    fn look(&self, is_asked: bool, before: Stamp) -> (Stamp, Option<Result<(), super::TlsError>>) {
        let stamp = Stamp::of(&self.inner.settings);
        let has_changed = stamp == before && stamp != self.stamp();
        if !is_asked && !has_changed {
            return (stamp, None);
        }
        *self.inner.stamp.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = stamp;
        let outcome = InUse::read(&self.inner.settings).map(|in_use| self.replace(in_use));
        (stamp, Some(outcome))
    }

    fn tell(&self, figures: &Figures) {
        let in_use = self.in_use();
        figures.tls.set_expiry(in_use.expires.unwrap_or(0));
        match in_use.remaining().map(|seconds| seconds.div_euclid(DAY_SECONDS)) {
            None => tracing::info!("a certificate is in use whose end cannot be read"),
            Some(days) if days < 0 => {
                tracing::error!(days, "the certificate in use has ended: browsers refuse it");
            }
            Some(days) if days < WARNED_DAYS => {
                tracing::warn!(days, "the certificate in use ends soon: is its renewal broken?");
            }
            Some(days) => tracing::info!(days, "a certificate is in use"),
        }
    }
}
