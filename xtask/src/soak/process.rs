//! What a server process holds and does, as the system and the server itself count it.

use std::fs;

use anyhow::{Context, ensure};

use crate::connection::{KeepAlive, get};

/// Units of processor time in a second, in which proc(5) counts.
const TICKS: f64 = 100.0;

/// Files and sockets that a process has open.
pub(super) fn open_files(process: u32) -> anyhow::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{process}/fd")).context("measuring needs Linux")?.count())
}

/// Seconds that all threads of a process have spent on processors.
pub(super) fn processor_seconds(process: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).context("measuring needs Linux")?;
    ticks(&text).map(|ticks| ticks / TICKS).context("stat is not as proc(5) has it")
}

/// In the program and in the system for it.
fn ticks(stat: &str) -> Option<f64> {
    // Behind the program's name, which is in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
}

/// The sum of all values that `/metrics` shows under this name.
pub(super) fn metric(client: &mut KeepAlive, name: &str) -> anyhow::Result<f64> {
    let answer = client.ask(&get("/metrics"))?;
    ensure!(answer.status == 200, "/metrics: {}", answer.status);
    let text = String::from_utf8_lossy(&answer.body);
    sum(&text, name).with_context(|| format!("/metrics has no {name}"))
}

fn sum(text: &str, name: &str) -> Option<f64> {
    let of_it = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    let values = text.lines().filter(of_it).filter_map(|line| line.rsplit(' ').next()?.parse().ok());
    values.reduce(|sum: f64, value: f64| sum + value)
}

#[cfg(test)]
mod tests {
    use super::{open_files, processor_seconds, sum, ticks};

    #[test]
    fn samples_of_one_name_are_added() {
        let text = "# TYPE rows gauge\nrows{model=\"a b\"} 2\nrows{model=\"b\"} 3\nrows_total 9\nalone 4.5\n";
        assert_eq!((sum(text, "rows"), sum(text, "alone"), sum(text, "none")), (Some(5.0), Some(4.5), None));
    }

    #[test]
    fn both_kinds_of_processor_time_count() {
        assert_eq!(ticks("7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0"), Some(42.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_is_measured() {
        assert!(open_files(std::process::id()).unwrap() >= 3);
        assert!(processor_seconds(std::process::id()).unwrap() >= 0.0);
    }
}
