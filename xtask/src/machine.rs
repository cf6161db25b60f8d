//! The machine that the numbers belong to.

use std::{fs, thread};

use anyhow::Context;
use xshell::{Shell, cmd};

/// What a reader needs to judge a number.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) rustc: String,
    /// Of the measurement, `2026-01-31`.
    pub(crate) date: String,
}

impl Machine {
    pub(crate) fn here(sh: &Shell) -> anyhow::Result<Machine> {
        let cpus = fs::read_to_string("/proc/cpuinfo").context("measuring needs Linux")?;
        Ok(Machine {
            processor: field(&cpus, "model name").unwrap_or("unknown").to_owned(),
            cores: thread::available_parallelism()?.get(),
            kernel: cmd!(sh, "uname -sr").quiet().read()?,
            rustc: cmd!(sh, "rustc --version").quiet().read()?,
            date: cmd!(sh, "date --utc +%F").quiet().read()?,
        })
    }
}

/// Memory that a process holds, in bytes.
pub(crate) fn resident_bytes(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("measuring needs Linux")?;
    let kibibytes = field(&status, "VmRSS").and_then(|value| value.strip_suffix(" kB")).context("no VmRSS")?;
    Ok(kibibytes.trim().parse::<f64>()? * 1024.0)
}

/// The value of the first `name : value` line.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::{field, resident_bytes};

    #[test]
    fn fields_are_found() {
        let text = "processor\t: 0\nmodel name\t: A Processor: fast\nmodel name\t: another\n";
        assert_eq!(field(text, "model name"), Some("A Processor: fast"));
        assert_eq!(field(text, "model"), None);
    }

    #[test]
    fn this_process_holds_memory() {
        assert!(resident_bytes(std::process::id()).unwrap() > 1e5);
    }
}
