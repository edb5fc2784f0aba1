//! What the figures were taken on: nothing that names the machine.

use std::{fmt, fs};

use serde::Serialize;

/// What a reader needs in order to judge a figure.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    memory_mib: u64,
    kernel: String,
    open_files_max: usize,
    /// Others' work at the beginning: the load average of the last minute.
    load_average: f64,
}

impl Machine {
    pub(crate) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let first = |text: String| text.split_whitespace().next().unwrap_or_default().to_owned();
        // The release without what a builder has added to it.
        let kernel = first(read("/proc/sys/kernel/osrelease"));
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_mib: crate::process::System::now().total >> 20,
            kernel: kernel.split('-').next().unwrap_or_default().to_owned(),
            open_files_max: crate::process::open_files_max(),
            load_average: first(read("/proc/loadavg")).parse().unwrap_or(0.0),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, memory_mib, kernel, open_files_max, load_average } = self;
        write!(
            f,
            "{cores} cores, {memory_mib} MiB of memory, Linux {kernel}, {open_files_max} files a \
             process, load average {load_average} at the start"
        )
    }
}
