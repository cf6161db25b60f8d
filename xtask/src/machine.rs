//! The machine that the numbers belong to.

use std::{fmt, fs, thread};

use anyhow::{Context, ensure};
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

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, kernel, rustc, date } = self;
        write!(f, "{date}, {processor}, {cores} cores, {kernel}, {rustc}.")
    }
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
    memory(process, "VmRSS")
}

fn memory(process: u32, name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("measuring needs Linux")?;
    let kibibytes = field(&status, name).and_then(|value| value.strip_suffix(" kB"));
    Ok(kibibytes.with_context(|| format!("no {name}"))?.trim().parse::<f64>()? * 1024.0)
}

/// The most memory that a process has held since it was last forgotten, in bytes.
pub(crate) fn peak_bytes(process: u32) -> anyhow::Result<f64> {
    memory(process, "VmHWM")
}

/// Makes [`peak_bytes`] begin anew.
pub(crate) fn forget_peak(process: u32) -> anyhow::Result<()> {
    // See proc(5).
    fs::write(format!("/proc/{process}/clear_refs"), "5").context("measuring needs Linux")
}

/// Seconds that a process and its children have spent on processors, in user code and in the kernel, to a hundredth.
pub(crate) fn processor_seconds(process: u32) -> anyhow::Result<f64> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let of_children = children.split_whitespace().map(|child| processor_seconds(child.parse()?));
    Ok(own_processor_seconds(process)? + of_children.sum::<anyhow::Result<f64>>()?)
}

fn own_processor_seconds(process: u32) -> anyhow::Result<f64> {
    /// What proc(5) counts in, on every Linux that there is.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = fs::read_to_string(format!("/proc/{process}/stat")).context("measuring needs Linux")?;
    // Behind the program's name, which is in parentheses and may hold anything, `utime` and `stime` are the 12th and 13th.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace()).context("stat has no name")?;
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    ensure!(ticks.len() == 2, "stat is too short");
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// Waits until the first thread of a process waits for something; answers the nanoseconds that it has spent on a
/// processor until then, which other work on the machine does not enter.
pub(crate) fn processor_nanoseconds(process: u32) -> anyhow::Result<f64> {
    // Only of a thread that is not running is the figure up to date.
    while state(process)? == Some('R') {
        thread::yield_now();
    }
    let text = fs::read_to_string(format!("/proc/{process}/schedstat")).context("measuring needs Linux")?;
    Ok(text.split_whitespace().next().context("schedstat is empty")?.parse()?)
}

/// `R` for a thread that runs or could.
fn state(process: u32) -> anyhow::Result<Option<char>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).context("measuring needs Linux")?;
    // Behind the program's name, which is in parentheses and may hold anything.
    Ok(text.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next()))
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
    use std::process::{Command, Stdio};

    use super::{field, processor_nanoseconds, processor_seconds, resident_bytes};

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

    #[test]
    fn work_takes_processor_time_and_waiting_takes_none() {
        let mut script = Command::new("sh");
        script.args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; read line"]).stdin(Stdio::piped());
        let mut child = script.spawn().unwrap();
        let worked = processor_nanoseconds(child.id()).unwrap();
        let waited = processor_nanoseconds(child.id()).unwrap();
        let seconds = processor_seconds(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(worked > 1e6 && worked == waited, "{worked} {waited}");
        // Ticks are told to a hundredth, and of the process before its program was another one too.
        assert!((seconds - worked / 1e9).abs() < 0.05, "{seconds} {worked}");
    }
}
