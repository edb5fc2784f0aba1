//! The log: standard error, and a daily file where one is set; text on a terminal, JSON otherwise.
//!
//! Live Loop's own targets log from the chosen level on. Other crates never log below `warn`,
//! whatever that level is, because their traces may hold what visitors send.

#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
};

use anyhow::{Context, anyhow};
use tracing::level_filters::LevelFilter;
use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterFn, Targets},
    fmt::{MakeWriter, layer},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::{Format, Level, Log};

/// Target of the lines that say how the server starts; on a terminal they are a block instead.
pub(crate) const START: &str = "liveloop::start";
/// Target of the error with which the process ends: standard error shows it as a plain last line.
pub(crate) const END: &str = "liveloop::end";
const OURS: &str = "liveloop";

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Keeps the log going; what the file still lacks is written when this is dropped.
#[must_use]
pub(crate) struct Logging {
    /// Whether start-up lines should be shown to a person rather than logged.
    pub(crate) is_start_shown_as_block: bool,
    _file: Option<WorkerGuard>,
}

/// Starts logging for the whole process.
pub(crate) fn start(settings: &Log) -> anyhow::Result<Logging> {
    let is_terminal = io::stderr().is_terminal();
    let is_text = match settings.format {
        Format::Text => true,
        Format::Json => false,
        Format::Auto => is_terminal,
    };
    let is_block = is_text && is_terminal && level(settings.level) >= LevelFilter::INFO;
    let is_wanted = FilterFn::new(move |metadata| match metadata.target() {
        START => !is_block,
        END => false,
        _ => true,
    });
    let stderr = lines(io::stderr, is_text, is_terminal).with_filter(is_wanted);
    let mut layers: Vec<BoxedLayer> = vec![Box::new(stderr)];

    let mut guard = None;
    if let Some(path) = &settings.file {
        let (writer, worker) = tracing_appender::non_blocking(open(path, settings.files_kept)?);
        guard = Some(worker);
        layers.push(lines(writer, settings.format == Format::Text, false));
    }
    let layers = layers.with_filter(targets(level(settings.level)));
    tracing_subscriber::registry().with(layers).try_init().context("logging runs already")?;
    Ok(Logging { is_start_shown_as_block: is_block, _file: guard })
}

/// Which events are logged.
pub(crate) fn targets(ours: LevelFilter) -> Targets {
    Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target(OURS, ours)
}

fn level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}

fn lines<W>(writer: W, is_text: bool, is_coloured: bool) -> BoxedLayer
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = layer().with_writer(writer).with_ansi(is_coloured);
    if is_text { Box::new(lines) } else { Box::new(lines.json().flatten_event(true)) }
}

fn open(path: &Path, files_kept: u16) -> anyhow::Result<RollingFileAppender> {
    let name = path.file_name().context("log.file names a folder: add a file name to it")?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let explain =
        |why: String| anyhow!("the log file cannot be opened ({}): {why}", path.display());
    fs::create_dir_all(folder).map_err(|error| explain(crate::data::advice(&error)))?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name.to_string_lossy())
        .max_log_files(files_kept.into())
        .build(folder)
        .map_err(|error| explain(error.to_string()))
}
