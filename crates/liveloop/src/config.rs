//! The configuration: what can be set, where values come from, and the merge of those sources.
//!
//! Flags outrank environment variables, those outrank `.env`, that outranks the TOML file, and that
//! the defaults. Every value is checked here, once; behind this module a [`Config`] is right. What
//! the values do is known elsewhere.

mod check;
mod environment;
mod file;
mod ice;
mod kind;
mod log;
mod matching;
mod nearest;
mod origin;
mod print;
mod problem;
mod setting;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod tls;

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use liveloop_gateway::settings;
use liveloop_protocol::Limits;
use serde::{Deserialize, Serialize};

pub(crate) use environment::Surroundings;
pub(crate) use kind::Kind;
pub(crate) use log::{Format, Level, Log};
pub(crate) use matching::Matching;
pub(crate) use print::print;
pub(crate) use problem::{Problem, Problems};
pub(crate) use setting::Setting;
pub(crate) use source::{Merged, Source};
pub(crate) use table::{SETTINGS, find};
pub(crate) use tls::Tls;

/// All settings. What each does stands in [`SETTINGS`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data: Option<PathBuf>,
    pub(crate) node: Option<String>,
    pub(crate) secret_file: Option<PathBuf>,
    pub(crate) threads: usize,
    pub(crate) io_uring: settings::IoUring,
    pub(crate) public_url: Option<String>,
    pub(crate) origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) tls: Tls,
    pub(crate) limits: Limits,
    pub(crate) heartbeat: settings::Heartbeat,
    pub(crate) session: settings::Session,
    pub(crate) messages: settings::Messages,
    pub(crate) drain: settings::Drain,
    pub(crate) matching: Matching,
    pub(crate) store: settings::Store,
    pub(crate) metrics: settings::Metrics,
    pub(crate) ice: settings::Ice,
    pub(crate) site: settings::Site,
    pub(crate) log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            data: None,
            node: None,
            secret_file: None,
            threads: 0,
            io_uring: settings::IoUring::default(),
            public_url: None,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: Tls::default(),
            limits: Limits::default(),
            heartbeat: settings::Heartbeat::default(),
            session: settings::Session::default(),
            messages: settings::Messages::default(),
            drain: settings::Drain::default(),
            matching: Matching::default(),
            store: settings::Store::default(),
            metrics: settings::Metrics::default(),
            ice: settings::Ice::default(),
            site: settings::Site::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// Whether two windows of one visitor may meet: as set, else only in private.
    pub(crate) fn is_same_visitor_matched(&self) -> bool {
        self.matching.same_visitor.unwrap_or_else(|| self.is_private())
    }

    /// Whether two may meet again at once: as set, else only in private.
    pub(crate) fn is_repeat_matched(&self) -> bool {
        self.matching.repeat.unwrap_or_else(|| self.is_private())
    }

    /// Whether nobody but people at this machine can connect: then one person can try the site out.
    fn is_private(&self) -> bool {
        self.listen.ip().is_loopback()
            && self.public_url.is_none()
            && self.origins.is_empty()
            && self.trusted_proxies.is_empty()
            && self.tls == Tls::default()
    }

    /// What the gateway is to do, on a node of this name.
    pub(crate) fn gateway_settings(&self, node: String) -> settings::Settings {
        settings::Settings {
            node,
            version: env!("CARGO_PKG_VERSION"),
            threads: self.threads,
            io_uring: self.io_uring,
            public_url: self.public_url.clone(),
            origins: self.origins.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            limits: self.limits.clone(),
            heartbeat: self.heartbeat.clone(),
            session: self.session.clone(),
            messages: self.messages.clone(),
            drain: self.drain.clone(),
            matching: self
                .matching
                .settings(self.is_same_visitor_matched(), self.is_repeat_matched()),
            store: self.store.clone(),
            metrics: self.metrics.clone(),
            ice: self.ice.clone(),
            site: self.site.clone(),
        }
    }
}

/// A configuration that has passed every check, and where its values came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) merged: Merged,
    /// The value of `LIVELOOP_SECRET`.
    pub(crate) secret: Option<crate::secret::SecretText>,
}

/// Gathers, merges and checks the settings; tells all that is wrong at once.
pub(crate) fn load(surroundings: Surroundings) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let mut merged = Merged::default();
    let gathered = environment::gather(surroundings, &mut merged, &mut problems);
    if let Some(path) = &gathered.config_file {
        file::gather(path, &mut merged, &mut problems);
    }
    match config_of(&merged) {
        Ok(config) => problems.extend(check::check(&config, &merged)),
        Err(problem) => problems.push(problem),
    }
    if gathered.secret.is_some() && merged.source("secret_file").is_some() {
        problems.push(Problem::new(
            "secret_file",
            "LIVELOOP_SECRET is set as well: keep one of the two, so that it is clear which counts",
        ));
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let config = config_of(&merged).map_err(Problems::from)?;
    Ok(Loaded { config, merged, secret: gathered.secret })
}

fn config_of(merged: &Merged) -> Result<Config, Problem> {
    let table = toml::Value::Table(merged.to_table());
    serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        let setting = SETTINGS.iter().find(|setting| path.starts_with(setting.path));
        let message = match setting {
            Some(setting) if setting.kind == Kind::Number => {
                "the number is too large: write a smaller one".to_owned()
            }
            Some(setting) if setting.kind.is_secret() => "it cannot be read".to_owned(),
            _ => error.inner().message().trim().to_owned(),
        };
        let problem = Problem::new(path.clone(), message);
        match merged.source(&path) {
            Some(source) => problem.found_in(source),
            None => problem,
        }
    })
}
