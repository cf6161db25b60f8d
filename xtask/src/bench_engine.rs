//! `cargo xtask bench-engine`: the time of models in this engine, beside ONNX Runtime's.
//!
//! Each side is a process of one thread. Both are pinned to the same core and run in turns, milliseconds each, so that
//! whatever else the machine does meets both; the ratio is taken within each round. What counts is the time on the
//! processor: time spent waiting for it is other programs'.

mod report;
mod side;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use self::{
    report::{Loads, Measured, Report, Runs},
    side::{Side, Sides},
};
use crate::{
    flags,
    machine::Machine,
    python, timed_models,
    workspace::{Metadata, root},
};

const ROUNDS: usize = 15;
/// Sizes of the batches.
const BATCHES: &[usize] = &[1, 8, 64, 1024];
/// Of pictures and of sentences, of which a hundred take a second and more.
const SMALL_BATCHES: &[usize] = &[1, 8];
/// How long one measurement of a side takes.
const NANOSECONDS: f64 = 20e6;
/// Of the model that computes nothing: its times are what a call costs.
const IDENTITY: &str = "identity";

/// As `models/train/bench/models.py` names them, as the table does, and in which batches they run.
const MODELS: [(&str, &str, &[usize]); 14] = [
    (IDENTITY, "Identity: an empty call", BATCHES),
    ("linear-regression", "linear regression", BATCHES),
    ("logistic-regression", "StandardScaler, logistic regression", BATCHES),
    ("mixed-columns", "StandardScaler of 5 columns, one-hot of 3 text columns, logistic regression", BATCHES),
    ("random-forest-2000-rows", "random forest of 2,000 rows, 100 trees", BATCHES),
    ("random-forest", "random forest of 20,000 rows, 100 trees", BATCHES),
    ("random-forest-classes", "random forest of 20,000 rows, 100 trees, 3 classes", BATCHES),
    ("xgboost", "XGBoost, 100 trees of 6 levels", BATCHES),
    ("xgboost-classes", "XGBoost, 100 x 3 trees of 6 levels", BATCHES),
    ("lightgbm", "LightGBM, 100 trees of 31 leaves", BATCHES),
    ("hist-gradient-boosting", "HistGradientBoosting, 100 trees of 31 leaves", BATCHES),
    ("network", "network of 20-64-32-3 neurons, Relu", BATCHES),
    ("efficientnet", "EfficientNet-Lite0", SMALL_BATCHES),
    ("sentences", "all-MiniLM-L6-v2 of bytes, sentences of 32 words", SMALL_BATCHES),
];

/// Measures the wanted models and prints, or writes, the tables.
pub(crate) fn run(sh: &Shell, flags: &flags::BenchEngine) -> anyhow::Result<()> {
    for name in &flags.model {
        ensure!(MODELS.iter().any(|(known, ..)| known == name), "there is no model `{name}`");
    }
    ensure!(flags.model.is_empty() || !flags.write, "only a run of all models is written down");
    let sides = Sides { engine: build(sh)?, python: python::ensure(sh, python::MODELS)? };
    let folder = timed_models::ensure(sh, &sides.python)?;
    let rounds = flags.rounds.unwrap_or(ROUNDS).max(1);
    let mut measured = Vec::new();
    for (name, title, batches) in MODELS {
        // The empty call is what the others are compared with.
        if name == IDENTITY || flags.model.is_empty() || flags.model.iter().any(|wanted| wanted == name) {
            println!("{name}");
            measured.push(measure(&folder.join(name), title, batches, &sides, rounds)?);
        }
    }
    let report = Report { machine: Machine::here(sh)?, rounds, measured };
    println!("\n{report}");
    if flags.write { report.write(&root().join("docs/performance.md")) } else { Ok(()) }
}

fn build(sh: &Shell) -> anyhow::Result<PathBuf> {
    // With the server, so that both need tract with the same features, and it is built once.
    let packages = ["--package", "ferrocast", "--package", "ferrocast-engine-tract"];
    cmd!(sh, "cargo build --release --locked {packages...} --example bench_side").run()?;
    Ok(Metadata::load(sh)?.target_directory.join("release/examples/bench_side"))
}

fn measure(
    model: &Path,
    title: &'static str,
    batches: &[usize],
    sides: &Sides,
    rounds: usize,
) -> anyhow::Result<Measured> {
    let (file, rows) = (model.with_extension("onnx"), model.with_extension("json"));
    let mut loads = Vec::new();
    let mut last = None;
    for _ in 0..rounds {
        // The processes of the last round end first.
        drop(last.take());
        let (mut engine, mut runtime) = (sides.start_engine()?, sides.start_runtime()?);
        loads.push([engine.load(&file)?, runtime.load(&file)?]);
        last = Some((engine, runtime));
    }
    let (mut engine, mut runtime) = last.context("nothing was loaded")?;
    engine.read_rows(&rows)?;
    runtime.read_rows(&rows)?;
    let runs = batches.iter().map(|&batch| Ok((batch, in_turns(&mut engine, &mut runtime, batch, rounds)?)));
    Ok(Measured { title, loads: Loads(loads), runs: runs.collect::<anyhow::Result<_>>()? })
}

/// Nanoseconds of one run of `batch` rows on either side, for each round.
fn in_turns(engine: &mut Side, runtime: &mut Side, batch: usize, rounds: usize) -> anyhow::Result<Runs> {
    let times = [enough(engine, batch)?, enough(runtime, batch)?];
    let mut runs = Vec::new();
    for round in 0..rounds {
        // In either order, as who comes second finds the caches warm or cold with the other's data.
        runs.push(if round % 2 == 0 {
            let ours = engine.run(batch, times[0])?;
            [ours, runtime.run(batch, times[1])?]
        } else {
            let theirs = runtime.run(batch, times[1])?;
            [engine.run(batch, times[0])?, theirs]
        });
    }
    Ok(Runs(runs))
}

/// How many runs take about [`NANOSECONDS`]; warms up.
fn enough(side: &mut Side, batch: usize) -> anyhow::Result<usize> {
    // Also cuts the rows into batches.
    side.run(batch, 1)?;
    let mut times = 1;
    loop {
        let all = side.run(batch, times)? * times as f64;
        if all * 2.0 > NANOSECONDS {
            return Ok(((times as f64 * NANOSECONDS / all) as usize).max(1));
        }
        times *= 2;
    }
}
