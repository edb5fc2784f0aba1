//! Settings of the log.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where the log goes, how much, and in which form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// How much Live Loop itself logs.
    pub(crate) level: Level,
    /// The form of a line.
    pub(crate) format: Format,
    /// A file beside standard error.
    pub(crate) file: Option<PathBuf>,
    /// How many days' files are kept.
    pub(crate) files_kept: u16,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// What wakes someone.
    Error,
    /// And what is degraded.
    Warn,
    /// And rare changes of state.
    Info,
    /// And decisions.
    Debug,
    /// And each message, by its kind and never its content.
    Trace,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Always text.
    Text,
    /// Always JSON.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::Info, format: Format::Auto, file: None, files_kept: 14 }
    }
}
