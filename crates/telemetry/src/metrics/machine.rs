//! What the whole machine uses, for Triton's metrics of it; Linux alone tells.

use std::fs;
use std::mem;
use std::sync::{Mutex, PoisonError};

use prometheus::proto::MetricFamily;

use super::{NV_CPU_UTILIZATION, NV_MEMORY_TOTAL, NV_MEMORY_USED};

/// Compares each reading of the processors with the one before. The first is compared with the start of the machine.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    last: Mutex<CpuTicks>,
}

/// Time of all processors together, since the machine was started.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct CpuTicks {
    idle: u64,
    all: u64,
}

impl Machine {
    /// The series of what could be read.
    pub(crate) fn collect(&self) -> impl Iterator<Item = MetricFamily> {
        let read = |path| fs::read_to_string(path).ok();
        let utilization = read("/proc/stat").as_deref().and_then(CpuTicks::parse).map(|now| {
            let last = mem::replace(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner), now);
            NV_CPU_UTILIZATION.single(now.utilization_since(last))
        });
        let memory = read("/proc/meminfo")
            .as_deref()
            .and_then(memory)
            .map(|(total, used)| [NV_MEMORY_TOTAL.single(total as f64), NV_MEMORY_USED.single(used as f64)]);
        utilization.into_iter().chain(memory.into_iter().flatten())
    }
}

impl CpuTicks {
    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guests are within user.
    fn parse(text: &str) -> Option<CpuTicks> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|ticks| ticks.parse().ok()).collect();
        let [_, _, _, idle, waiting, ..] = ticks[..] else {
            return None;
        };
        Some(CpuTicks { idle: idle.saturating_add(waiting), all: ticks.iter().sum() })
    }

    /// From 0 to 1.
    fn utilization_since(self, last: CpuTicks) -> f64 {
        let all = self.all.saturating_sub(last.all);
        let idle = self.idle.saturating_sub(last.idle).min(all);
        if all == 0 { 0.0 } else { (all - idle) as f64 / all as f64 }
    }
}

/// The bytes of memory in all, and those that no program could have. From `/proc/meminfo`, which counts in KiB.
fn memory(text: &str) -> Option<(u64, u64)> {
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
    };
    let total = bytes("MemTotal:")?;
    Some((total, total.saturating_sub(bytes("MemAvailable:")?)))
}

#[cfg(test)]
mod tests {
    use super::{CpuTicks, memory};

    #[test]
    fn utilization_is_of_the_time_between() {
        let first = CpuTicks::parse("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1\n").unwrap();
        assert_eq!(first, CpuTicks { idle: 80, all: 100 });
        assert_eq!(first.utilization_since(CpuTicks::default()), 0.2);
        assert_eq!(CpuTicks { idle: 90, all: 140 }.utilization_since(first), 0.75);
        assert_eq!(first.utilization_since(first), 0.0);
        assert_eq!(CpuTicks { idle: 200, all: 140 }.utilization_since(first), 0.0);
        assert_eq!(CpuTicks::parse("intr 1 2"), None);
        assert_eq!(CpuTicks::parse("cpu  1 2 3"), None);
    }

    #[test]
    fn memory_is_what_cannot_be_had() {
        let text = "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB\n";
        assert_eq!(memory(text), Some((1_024_000, 614_400)));
        assert_eq!(memory("MemTotal:  1000 kB\n"), None);
    }
}
