//! The two signals that ask the server to stop, and the one that asks for the certificate to be read
//! again.

use anyhow::Context;
use liveloop_gateway::Tls;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT (Ctrl-C), from the moment this is made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("SIGTERM cannot be watched")?,
            interrupt: signal(SignalKind::interrupt()).context("SIGINT cannot be watched")?,
        })
    }

    /// Waits for the next of either.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Has certificate and key read again at each SIGHUP, as long as the runtime lives.
pub(super) fn reload_on_hangup(tls: Tls) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be watched")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tls.reload();
        }
    });
    Ok(())
}
