//! The program's own load test, `ferrocast bench`: bodies and a pace go in, rates and latencies come out.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::Shell;

use crate::{pinned::on_core, workspace::Metadata, wrk::Sample};

/// One run of it.
#[derive(Debug)]
pub(crate) struct LoadTest<'a> {
    pub(crate) program: &'a Path,
    pub(crate) url: &'a str,
    /// A file with one on each line.
    pub(crate) bodies: &'a Path,
    pub(crate) connections: u32,
    /// Requests a second, at even distances; as fast as the answers come without it.
    pub(crate) rate: Option<f64>,
    /// The same load before, which is not measured.
    pub(crate) warm_up: Duration,
    pub(crate) seconds: u64,
    /// Whether it gets the second core for itself.
    pub(crate) pinned: bool,
}

/// What one run measured. Latencies count from when a request was due, if that was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tested {
    pub(crate) sample: Sample,
    pub(crate) p99_9_milliseconds: f64,
}

impl LoadTest<'_> {
    /// Fails if a single request did, or was answered 4xx or 5xx.
    pub(crate) fn run(&self) -> anyhow::Result<Tested> {
        let mut command = if self.pinned { on_core(1, self.program) } else { Command::new(self.program) };
        command.args(["bench", self.url, "--json", "--warmup", &format!("{}ms", self.warm_up.as_millis())]);
        command.args(["--connections", &self.connections.to_string(), "--duration", &format!("{}s", self.seconds)]);
        command.arg("--body").arg(self.bodies);
        if let Some(rate) = self.rate {
            command.args(["--rate", &rate.to_string()]);
        }
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        read(&output.stdout)
    }
}

/// Writes the bodies to where [`LoadTest::bodies`] may point.
pub(crate) fn write_bodies(sh: &Shell, bodies: &[String]) -> anyhow::Result<PathBuf> {
    let file = sh.create_dir(Metadata::load(sh)?.target_directory.join("bench"))?.join("bodies.jsonl");
    sh.write_file(&file, bodies.join("\n"))?;
    Ok(file)
}

fn read(json: &[u8]) -> anyhow::Result<Tested> {
    let report: Value = serde_json::from_slice(json)?;
    let number = |name: &str| report.pointer(name).and_then(Value::as_f64).with_context(|| format!("no {name}"));
    let sample = Sample {
        rate: number("/answers_per_second")?,
        p50_milliseconds: number("/latency_milliseconds/p50")?,
        p99_milliseconds: number("/latency_milliseconds/p99")?,
    };
    Ok(Tested { sample, p99_9_milliseconds: number("/latency_milliseconds/p99_9")? })
}

#[cfg(test)]
mod tests {
    use super::{Sample, Tested, read};

    #[test]
    fn reports_are_read() {
        let report =
            br#"{"answers_per_second": 2000.0, "latency_milliseconds": {"p50": 1.5, "p99": 4.0, "p99_9": 8.0}}"#;
        let sample = Sample { rate: 2000.0, p50_milliseconds: 1.5, p99_milliseconds: 4.0 };
        assert_eq!(read(report).unwrap(), Tested { sample, p99_9_milliseconds: 8.0 });
        assert!(read(br#"{"answers_per_second": 0.0, "latency_milliseconds": null}"#).is_err());
    }
}
