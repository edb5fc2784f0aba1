//! `liveloop serve`: prepares what a node needs, wires adapters to ports, and runs it until it is
//! asked to stop.
//!
//! This is the one file that knows which adapter serves which port.

mod bind;
mod open_files;
mod signals;
mod start_lines;

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use liveloop_gateway::{Secret, Tls, Wiring};
use liveloop_ports::NoBans;
use liveloop_sqlite::SqliteStore;
use tokio::{runtime::Builder, time::timeout};

use crate::{
    config::Loaded,
    data::{self, DataFolder},
    logging::{self, Logging},
    page,
};
use signals::Signals;

/// How long after `drain.deadline` the process still waits for the gateway to keep it, and to gather
/// what it leaves to the next.
const GRACE: Duration = Duration::from_secs(6);

/// Serves until a signal, and returns when everything has stopped.
pub(crate) fn run(loaded: &Loaded) -> anyhow::Result<()> {
    let logging = logging::start(&loaded.config.log)?;
    let outcome = run_logged(loaded, &logging);
    if let Err(error) = &outcome {
        tracing::error!(target: logging::END, "{error:#}");
    }
    outcome
}

fn run_logged(loaded: &Loaded, logging: &Logging) -> anyhow::Result<()> {
    let folder = DataFolder::open(loaded.config.data.as_deref())?;
    let store = Arc::new(SqliteStore::open(folder.path())?);
    // The store is opened by one process at a time.
    folder.sweep_estates();
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("no threads from the system")?;
    let outcome = runtime.block_on(serve(loaded, (&folder, &store), logging));
    runtime.shutdown_background();
    // Last, so that all that was asked of it is in it; whoever still holds it is refused.
    store.close();
    outcome
}

async fn serve(
    loaded: &Loaded,
    (folder, store): (&DataFolder, &Arc<SqliteStore>),
    logging: &Logging,
) -> anyhow::Result<()> {
    let config = &loaded.config;
    let mut signals = Signals::listen()?;
    let node = match &config.node {
        Some(name) => name.clone(),
        None => folder.node_name()?,
    };
    let secret = match (&loaded.secret, &config.secret_file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => data::secret_of_file(file)?,
        (None, None) => folder.secret()?,
    };
    let settings = config.gateway_settings(node.clone());
    liveloop_gateway::check_machine(&settings)?;
    let tls = config.tls.gateway_settings().map(Tls::load).transpose()?;
    if let Some(tls) = tls.clone() {
        signals::reload_on_hangup(tls)?;
    }
    let listener = bind::bind(config.listen)?;
    let address = listener.local_addr().context("the listener has no address")?;
    // Not before: where the address is in use the next start is still to have it.
    let estate = folder.take_estate();

    start_lines::tell(&start_lines::lines(loaded, folder, &node), logging);
    open_files::warn_if_few();
    let scheme = if tls.is_some() { "https" } else { "http" };
    announce(&format!("listening on {scheme}://{address}\n"));

    let wiring = Wiring {
        secret: Secret::new(secret.key()),
        archive: store.clone(),
        directory: store.clone(),
        has_store: true,
        bans: Arc::new(NoBans),
        page: page::embedded(),
        tls,
        estate,
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async {
        // A sender that is gone would mean that this function has ended: then stop as well.
        let _ = stopped.await;
    };
    let mut gateway = std::pin::pin!(liveloop_gateway::serve(listener, settings, wiring, shutdown));

    tokio::select! {
        ended = &mut gateway => return ended.map(|_| ()).context("the server failed"),
        () = signals.next() => {}
    }
    tracing::info!(deadline = %config.drain.deadline, "stopping; a second signal stops at once");
    let _ = stop.send(());
    tokio::select! {
        ended = timeout(config.drain.deadline.0 + GRACE, &mut gateway) => match ended {
            Ok(ended) => {
                let estate = ended.context("the server failed while it stopped")?;
                estate.into_iter().for_each(|estate| folder.keep_estate(&estate));
            }
            Err(_) => tracing::warn!("the deadline of the drain is over; the rest is cut"),
        },
        () = signals.next() => tracing::warn!("asked again; stopping at once"),
    }
    Ok(())
}

/// The one line for whoever started the process and waits for it.
fn announce(line: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        tracing::warn!(%error, "standard output is closed; the server runs all the same");
    }
}
