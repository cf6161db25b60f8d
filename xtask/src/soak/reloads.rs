//! P23 of the reliability promises: a model that is exchanged again and again takes no more memory than before.
//!
//! What is compared is the most that the process held during each reload: at any one moment it depends on how much of the last
//! model the allocator still keeps. That finds its size in steps, of which one may come late; so a round that grows is followed
//! by another of the same process, where what leaks grows again.

use std::{fs, process::Command};

use anyhow::{Context, bail};
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
/// Of one round.
const RELOADS: usize = 200;
/// One of them must not grow.
const ROUNDS: usize = 3;

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
    let mut turn = 0;
    let mut reload = || -> anyhow::Result<f64> {
        turn += 1;
        put(turn)?;
        forget_peak(server.id())?;
        client.post(&format!("{}/v2/repository/models/network/load", server.url()), "")?;
        client.post(&format!("{}/predict", server.url()), ROW)?;
        Ok(peak_bytes(server.id())? / 1024.0)
    };
    for _ in 0..WARM_UP {
        reload()?;
    }
    let mut growth = None;
    for round in 1..=ROUNDS {
        let kibibytes = (0..RELOADS).map(|_| reload()).collect::<anyhow::Result<Vec<_>>>()?;
        growth = grown(round, &kibibytes);
        if growth.is_none() {
            return Ok(());
        }
    }
    bail!("in each of {ROUNDS} rounds memory grew, at last by {}", growth.unwrap_or_default())
}

/// By how much it has grown more than is promised, if it has.
fn grown(round: usize, kibibytes: &[f64]) -> Option<String> {
    let [first, .., last] = kibibytes else { return Some("nothing that was measured".to_owned()) };
    let (slope, growth) = (slope(kibibytes), last / first);
    let [first, last] = [first, last].map(|kibibytes| kibibytes / 1024.0);
    println!(
        "round {round}: {RELOADS} reloads of 20 MiB: {slope:.1} KiB a reload, {first:.0} MiB at first, {last:.0} MiB at the end"
    );
    if slope > MOST_SLOPE {
        return Some(format!("{slope:.1} KiB a reload; {MOST_SLOPE} are promised"));
    }
    (growth > MOST_GROWTH).then(|| format!("{growth:.2} times; {MOST_GROWTH} are promised"))
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
