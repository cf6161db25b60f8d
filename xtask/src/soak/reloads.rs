//! P23 of the reliability promises: a model that is exchanged again and again takes no more memory than before.
//!
//! What is compared is the most that the process held during each reload: at any one moment it depends on how much of the last
//! model the allocator still keeps.

use std::{fs, process::Command};

use anyhow::{Context, ensure};
use xshell::Shell;

use crate::{
    http::Client,
    machine::{forget_peak, peak_bytes},
    python,
    served::{self, Served},
    timed_models,
    workspace::Metadata,
};

/// Before this one nothing is compared: caches fill, and the allocator finds its size.
const WARM_UP: usize = 20;
const RELOADS: usize = 220;

/// KiB that memory may grow by with each reload, as a line through all of them.
const MOST_SLOPE: f64 = 50.0;
/// Memory after the last reload, as a multiple of that after the warm-up.
const MOST_GROWTH: f64 = 1.15;

const ROW: &str = r#"{"x0":1,"x1":1,"x2":1,"x3":1,"x4":1,"x5":1,"x6":1,"x7":1,"x8":1,"x9":1,"x10":1,"x11":1,"x12":1,"x13":1,"x14":1,"x15":1,"x16":1,"x17":1,"x18":1,"x19":1}"#;

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let made = timed_models::ensure_reloaded(sh, &python::ensure(sh, python::MODELS)?)?;
    let program = served::build(sh)?;
    let models = Metadata::load(sh)?.target_directory.join("reloaded-model");
    sh.remove_path(&models)?;
    let folder = sh.create_dir(models.join("network/1"))?;
    let put = |turn: usize| -> anyhow::Result<()> {
        let name = if turn.is_multiple_of(2) { "first.onnx" } else { "second.onnx" };
        let aside = folder.join(".next");
        fs::copy(made.join(name), &aside).with_context(|| format!("cannot copy {name}"))?;
        Ok(fs::rename(aside, folder.join("model.onnx"))?)
    };
    put(0)?;
    let mut command = served::serving(Command::new(program), &models);
    command.env("MODELS__CONTROL", "explicit");
    let server = Served::start(command)?;
    let client = Client::new();
    let mut kibibytes = Vec::new();
    for turn in 1..=RELOADS {
        put(turn)?;
        forget_peak(server.id())?;
        client.post(&format!("{}/v2/repository/models/network/load", server.url()), "")?;
        client.post(&format!("{}/predict", server.url()), ROW)?;
        if turn >= WARM_UP {
            kibibytes.push(peak_bytes(server.id())? / 1024.0);
        }
    }
    let [first, .., last] = kibibytes[..] else { anyhow::bail!("too few reloads") };
    let (slope, growth) = (slope(&kibibytes), last / first);
    let [first, last] = [first, last].map(|kibibytes| kibibytes / 1024.0);
    println!(
        "{RELOADS} reloads of 20 MiB: {slope:.1} KiB a reload, {first:.0} MiB at reload {WARM_UP}, {last:.0} MiB at the end"
    );
    ensure!(slope <= MOST_SLOPE, "{slope:.1} KiB a reload; {MOST_SLOPE} are promised");
    ensure!(growth <= MOST_GROWTH, "{growth:.2} times the memory; {MOST_GROWTH} are promised");
    Ok(())
}

/// Of the line through the values that has the least squares of distances, for each step.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let places = values.iter().enumerate().map(|(place, value)| (place as f64 - middle, value - mean));
    let (together, alone) = places.fold((0.0, 0.0), |(together, alone), (x, y)| (together + x * y, alone + x * x));
    together / alone
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn slopes() {
        assert!((slope(&[3.0, 5.0, 7.0, 9.0]) - 2.0).abs() < 1e-12);
        assert!(slope(&[5.0, 1.0, 1.0, 5.0]).abs() < 1e-12);
    }
}
