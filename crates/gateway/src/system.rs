//! How busy the machine is: CPU and memory of the whole system, as Linux tells them in /proc.
//! Elsewhere nothing is known of either.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use liveloop_core::Moment;

/// A shorter while says little about the CPU.
const SAMPLE_MIN: Duration = Duration::from_secs(1);

/// Watches the system between one look and the next.
#[derive(Debug)]
pub(crate) struct SystemWatch {
    /// A lock, because two may look at once; held while a small file is read.
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    looked_at: Moment,
    ticks: Option<CpuTicks>,
    cpu_percent: f64,
}

/// What the CPUs have done since the machine started, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CpuTicks {
    busy: u64,
    all: u64,
}

impl SystemWatch {
    pub(crate) fn start(now: Moment) -> Self {
        let last = Last { looked_at: now, ticks: cpu_ticks_now(), cpu_percent: 0.0 };
        Self { last: Mutex::new(last) }
    }

    /// The share of the CPUs' time that was spent on anything since the last look, 0 to 100.
    pub(crate) fn cpu_percent(&self, now: Moment) -> f64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(last.looked_at) >= SAMPLE_MIN {
            let ticks = cpu_ticks_now();
            if let (Some(before), Some(after)) = (last.ticks, ticks) {
                last.cpu_percent = percent_between(before, after);
            }
            (last.looked_at, last.ticks) = (now, ticks);
        }
        last.cpu_percent
    }

    /// The share of the memory that could not be had at once, 0 to 100.
    pub(crate) fn memory_percent(&self) -> f64 {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        used_memory(&meminfo).unwrap_or(0.0)
    }
}

fn cpu_ticks_now() -> Option<CpuTicks> {
    cpu_ticks(&fs::read_to_string("/proc/stat").ok()?)
}

/// The first line of /proc/stat (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal;
/// what guests used is within user already.
fn cpu_ticks(stat: &str) -> Option<CpuTicks> {
    let words = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
    let all = ticks.iter().sum();
    let idle = ticks.get(3)? + ticks.get(4).copied().unwrap_or(0);
    Some(CpuTicks { busy: all - idle, all })
}

fn percent_between(before: CpuTicks, after: CpuTicks) -> f64 {
    let (busy, all) =
        (after.busy.saturating_sub(before.busy), after.all.saturating_sub(before.all));
    percent(busy, all)
}

fn used_memory(meminfo: &str) -> Option<f64> {
    let kilobytes = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let all = kilobytes("MemTotal:")?;
    Some(percent(all.saturating_sub(kilobytes("MemAvailable:")?), all))
}

/// To a hundredth, 0 to 100.
fn percent(part: u64, all: u64) -> f64 {
    let hundredths = u128::from(part) * 10_000 / u128::from(all.max(1));
    f64::from(u16::try_from(hundredths.min(10_000)).unwrap_or(10_000)) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 0 50 800 50 0 0 0 40 0\ncpu0 100 0 50 800 50 0 0 0 40 0\n";

    #[test]
    fn waiting_is_not_being_busy() {
        let before = cpu_ticks(STAT).unwrap();
        assert_eq!(before, CpuTicks { busy: 150, all: 1_000 });
        let after = CpuTicks { busy: 150 + 30, all: 1_000 + 120 };
        assert_eq!(percent_between(before, after), 25.0);
        assert_eq!(percent_between(before, before), 0.0);
        assert_eq!(percent_between(after, before), 0.0, "no clock runs backwards");
        assert_eq!(cpu_ticks("nothing"), None);
    }

    #[test]
    fn memory_that_can_be_had_is_not_used() {
        let meminfo = "MemTotal:  4000 kB\nMemFree:  100 kB\nMemAvailable:  1000 kB\n";
        assert_eq!(used_memory(meminfo), Some(75.0));
        assert_eq!(used_memory(""), None);
    }

    #[test]
    fn this_machine_has_memory_in_use() {
        let watch = SystemWatch::start(Moment::default());
        let used = watch.memory_percent();
        assert!(used > 0.0 && used < 100.0 || !cfg!(target_os = "linux"), "{used}");
        let busy = watch.cpu_percent(Moment::from_millis(2_000));
        assert!((0.0..=100.0).contains(&busy));
    }
}
