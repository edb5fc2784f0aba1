//! What a process has used, read from /proc: CPU of all its threads, and memory.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};

/// CPU time of all threads of `pid` that are still there, user and system together.
///
/// # Errors
/// Where there is no such process.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("the server has ended")?;
    for task in tasks {
        let path = task?.path().join("schedstat");
        // A thread may end between the listing and the reading.
        let text = fs::read_to_string(path).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident, shared pages by their share.
    pub(crate) pss: u64,
}

/// # Errors
/// Where there is no such process.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let text =
        fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the server has ended")?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) << 10
    };
    Ok(Memory { pss: field("Pss:") })
}

/// Memory of all TCP sockets of this machine, in bytes.
pub(crate) fn tcp_memory() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    let pages = line.split_once("mem ").and_then(|(_, pages)| pages.trim().parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

/// How many files this process may hold.
pub(crate) fn open_files_max() -> usize {
    let text = fs::read_to_string(Path::new("/proc/self/limits")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}
