//! What the process uses of the machine, as Linux tells it below `/proc/self`. Elsewhere nothing is known.
//!
//! The feature `process` of `prometheus` has the same, and links `procfs` and an older `rustix` for it.

use std::fs;

use prometheus::proto::MetricFamily;
use rustix::param::{clock_ticks_per_second, page_size};

use super::{
    PROCESS_CPU, PROCESS_MAX_FDS, PROCESS_OPEN_FDS, PROCESS_RESIDENT, PROCESS_START, PROCESS_THREADS, PROCESS_VIRTUAL,
};

/// What the process uses at one moment; what could not be read is `None`.
#[derive(Debug)]
pub(crate) struct ProcessReading {
    stat: Option<Stat>,
    /// When the machine was started, in seconds since 1970.
    boot: Option<u64>,
    open_fds: Option<usize>,
    max_fds: Option<u64>,
}

/// What is of interest of `/proc/self/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// In user and system mode together.
    cpu_ticks: u64,
    threads: u64,
    /// Since the machine was started.
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl ProcessReading {
    /// At this moment.
    pub(crate) fn now() -> ProcessReading {
        let read = |path| fs::read_to_string(path).ok();
        ProcessReading {
            stat: read("/proc/self/stat").as_deref().and_then(Stat::parse),
            boot: read("/proc/stat").as_deref().and_then(boot),
            // The list itself is read through one more.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count().saturating_sub(1)),
            max_fds: read("/proc/self/limits").as_deref().and_then(max_fds),
        }
    }

    /// The series of what could be read.
    pub(crate) fn collect(&self) -> impl Iterator<Item = MetricFamily> {
        let stat = self.stat.iter().flat_map(Stat::collect);
        let start = self.stat.as_ref().zip(self.boot).map(|(stat, boot)| boot as f64 + seconds(stat.start_ticks));
        let others = [
            (&PROCESS_START, start),
            (&PROCESS_OPEN_FDS, self.open_fds.map(|open| open as f64)),
            (&PROCESS_MAX_FDS, self.max_fds.map(|most| most as f64)),
        ];
        stat.chain(others.into_iter().filter_map(|(family, value)| value.map(|value| family.single(value))))
    }
}

impl Stat {
    /// The fields are numbered from 1 in `man 5 proc`; the second is the name of the program, in parentheses and with
    /// anything in it.
    fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Stat {
            cpu_ticks: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }

    fn collect(&self) -> [MetricFamily; 4] {
        [
            PROCESS_CPU.single(seconds(self.cpu_ticks)),
            PROCESS_VIRTUAL.single(self.virtual_bytes as f64),
            PROCESS_RESIDENT.single(self.resident_pages as f64 * page_size() as f64),
            PROCESS_THREADS.single(self.threads as f64),
        ]
    }
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / clock_ticks_per_second() as f64
}

/// The line `btime` of `/proc/stat`.
fn boot(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The soft limit in `/proc/self/limits`; `None` also if there is none.
fn max_fds(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Stat, boot, max_fds};

    #[test]
    fn a_program_may_be_called_anything() {
        let text = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 100 20 13 14 20 0 7 0 5000 1048576 256 18446744073709551615 1";
        let stat =
            Stat { cpu_ticks: 120, threads: 7, start_ticks: 5_000, virtual_bytes: 1_048_576, resident_pages: 256 };
        assert_eq!(Stat::parse(text), Some(stat));
        for cut in 0..text.len() - " 256 18446744073709551615 1".len() {
            assert_eq!(Stat::parse(&text[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn lines_are_found_by_their_names() {
        assert_eq!(boot("cpu  1 2\nbtime 1700000000\nprocesses 3\n"), Some(1_700_000_000));
        assert_eq!(boot("cpu  1 2\n"), None);
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max processes             7                    9                    processes \n\
            Max open files            1024                 1048576              files     \n";
        assert_eq!(max_fds(limits), Some(1_024));
        assert_eq!(max_fds("Max open files            unlimited            unlimited            files     \n"), None);
    }
}
