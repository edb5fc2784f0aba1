//! What a process has used, read from /proc: CPU of all its threads, and memory.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result};

/// CPU time of all threads of `pid` that are still there, user and system together.
///
/// # Errors
/// Where there is no such process.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).context("the process has ended")?;
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
        fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the process has ended")?;
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

/// Memory of the whole machine, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct System {
    pub(crate) total: u64,
    pub(crate) available: u64,
    /// What the kernel holds for itself, without the contents of socket buffers. Others on the machine
    /// move it much less than they move the available memory.
    pub(crate) kernel: u64,
}

impl System {
    pub(crate) fn now() -> Self {
        Self::read(&fs::read_to_string("/proc/meminfo").unwrap_or_default())
    }

    fn read(text: &str) -> Self {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            kib.unwrap_or(0) << 10
        };
        // Kernel stacks are a part of VmallocUsed.
        let kernel = field("Slab") + field("PageTables") + field("VmallocUsed");
        Self { total: field("MemTotal"), available: field("MemAvailable"), kernel }
    }
}

/// How many files this process may hold.
pub(crate) fn open_files_max() -> usize {
    let text = fs::read_to_string(Path::new("/proc/self/limits")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_holds_is_added_up() {
        let text = "MemTotal: 100 kB\nMemAvailable: 70 kB\nSlab: 5 kB\nSReclaimable: 2 kB\n\
                    PageTables: 3 kB\nKernelStack: 1 kB\nVmallocUsed: 4 kB\n";
        let system = System::read(text);
        assert_eq!((system.total, system.available), (100 << 10, 70 << 10));
        assert_eq!(system.kernel, 12 << 10);
    }

    #[test]
    fn this_process_has_used_something() {
        assert!(memory(std::process::id()).expect("it runs").pss > 0);
        assert!(cpu(std::process::id()).expect("it runs") > Duration::ZERO);
    }
}
