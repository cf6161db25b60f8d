//! The scenario `image`: pictures through the server and without it, and their preparation beside Pillow's and numpy's.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::Context;
use xshell::{Shell, cmd};

use super::{Programs, turns::Rounds};
use crate::{
    median::median,
    python,
    served::{self, Served},
    workspace::root,
    wrk::{self, Load, Sample},
};

/// For the command line.
pub(super) const NAME: &str = "image";

/// Requests in flight: enough that no thread waits for the next one.
pub(super) const CONNECTIONS: u32 = 8;

/// What is judged, seen from the workspace's root.
pub(super) const PICTURE: &str = "docs/images/rocket.jpg";

/// Share of the pictures a second that one thread for each core reaches without a server.
const TARGET: f64 = 0.95;

/// How many times as fast as Pillow and numpy.
const TIMES: f64 = 2.0;

/// What was measured.
#[derive(Debug)]
pub(super) struct Pictures {
    pub(super) bytes: usize,
    pub(super) served: Vec<Sample>,
    /// Pictures a second without a server.
    pub(super) direct: Vec<f64>,
    /// Microseconds of a picture.
    pub(super) prepared: Vec<f64>,
    pub(super) pillow: Vec<f64>,
}

/// All sides in turns. Server and load have the same cores, which are all there are.
pub(super) fn measure(sh: &Shell, programs: &Programs, rounds: Rounds) -> anyhow::Result<Pictures> {
    let python = python::ensure(sh, python::MODELS)?;
    let Programs { server, picture_side: direct, .. } = programs;
    let Rounds { count: rounds, seconds } = rounds;
    let (model, picture) = (root().join("models/imagenet/1"), root().join(PICTURE));
    let pillow = root().join("models/train/bench/pillow_side.py");
    let threads = thread::available_parallelism()?.get().to_string();
    let length = seconds.to_string();

    let server = Served::start(served::with_samples(Command::new(server)))?;
    let url = format!("{}/predict_image", server.url());
    let bytes = std::fs::read(&picture).with_context(|| format!("cannot read {}", picture.display()))?;
    let script = wrk::form_script(&bytes)?;
    let load =
        |seconds| Load { url: &url, script: script.path(), connections: CONNECTIONS, seconds, pinned: false }.run();
    let number = |output: xshell::Result<String>| Ok::<f64, anyhow::Error>(output?.trim().parse()?);
    let mut pictures =
        Pictures { bytes: bytes.len(), served: vec![], direct: vec![], prepared: vec![], pillow: vec![] };
    load(1)?;
    for round in 1..=rounds {
        pictures.served.push(load(seconds)?);
        let predicted = cmd!(sh, "{direct} predict {model} {picture} {threads} {length}").quiet();
        pictures.direct.push(number(predicted.read())?);
        let encoded = pinned(sh, direct, &["encode".into(), model.clone(), picture.clone(), "2".into()]);
        pictures.prepared.push(number(encoded)?);
        pictures.pillow.push(number(pinned(sh, &python, &[pillow.clone(), picture.clone(), "2".into()]))?);
        println!("{NAME} round {round} of {rounds}: {pictures}");
    }
    Ok(pictures)
}

/// On the first core, so that neither side is moved about.
fn pinned(sh: &Shell, program: &Path, arguments: &[PathBuf]) -> xshell::Result<String> {
    cmd!(sh, "taskset --cpu-list 0 {program} {arguments...}").quiet().read()
}

impl fmt::Display for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pictures { bytes, served, direct, prepared, pillow } = self;
        let of = |value: fn(&Sample) -> f64| median(served.iter().map(value));
        let (rate, direct) = (of(|sample| sample.rate), median(direct.iter().copied()));
        let (p50, p99) = (of(|sample| sample.p50_milliseconds), of(|sample| sample.p99_milliseconds));
        writeln!(f, "\n\n| Request | Bytes in | ferrocast | p50 / p99 | The same without a server | Ratio | Aim |")?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|")?;
        writeln!(
            f,
            "| a JPEG of 640 x 427 pixels, EfficientNet-Lite0 | {bytes} | {rate:.1}/s | {p50:.0} / {p99:.0} ms | {direct:.1}/s | \
             **{:.0} %** | {:.0} % |",
            rate / direct * 100.0,
            TARGET * 100.0
        )?;
        let (prepared, pillow) = (median(prepared.iter().copied()), median(pillow.iter().copied()));
        writeln!(f, "\n| Decode, resize and normalise, one thread | ferrocast | Pillow and numpy | Ratio | Aim |")?;
        writeln!(f, "|---|--:|--:|--:|--:|")?;
        write!(
            f,
            "| the same JPEG | {:.2} ms | {:.2} ms | **{:.1} times as fast** | {TIMES:.0} times |",
            prepared / 1e3,
            pillow / 1e3,
            pillow / prepared
        )
    }
}
