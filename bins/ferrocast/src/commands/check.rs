//! `ferrocast check`: loads models as the server would.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ferrocast_pipeline::{Pipeline, version_policy};
use ferrocast_server::loaders;

use super::{Done, with_advice};

/// How deep models lie below a folder of models: `<name>/<version>`.
const DEPTH: usize = 2;

/// The model serves all the same.
const RAW_SCORES: &str = "the scores are no probabilities, and are told as `scores`; if they are logits, write apply = \
                          \"softmax\" (or \"sigmoid\") under [output] in model.toml";

/// The most characters that an example or its answer takes.
const EXCERPT: usize = 240;

/// What there is to check.
#[derive(Debug, Default)]
struct Found {
    /// What [`Pipeline::open`] takes: files, and folders that hold one.
    models: Vec<PathBuf>,
    /// Manifests for all versions of a model. Each counts, even if all versions have one of their own: it says which are loaded.
    manifests: Vec<PathBuf>,
}

/// Opens every model at or below the path.
pub(crate) fn run(path: &Path, out: &mut impl Write) -> Done {
    let mut found = Found::default();
    find(path, DEPTH, &mut found)?;
    if found.models.is_empty() {
        return Err(format!("{}: there is no .onnx file here", path.display()).into());
    }
    let mut failed = 0;
    for manifest in &found.manifests {
        failed += usize::from(!report_manifest(manifest, out)?);
    }
    for path in &found.models {
        failed += usize::from(!report(path, out)?);
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} failed", found.models.len() + found.manifests.len()).into()),
    }
}

fn find(path: &Path, depth: usize, found: &mut Found) -> io::Result<()> {
    if !path.is_dir() {
        found.models.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let is_model = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "onnx");
    if path.join("model.onnx").is_file() {
        found.models.push(path.to_owned());
    } else {
        found.models.extend(entries.iter().filter(|path| is_model(path)).cloned());
        found.manifests.extend(entries.iter().filter(|path| path.ends_with("model.toml")).cloned());
    }
    for folder in entries.iter().filter(|path| depth > 0 && path.is_dir()) {
        find(folder, depth - 1, found)?;
    }
    Ok(())
}

/// Reads one manifest for all versions, and says what is wrong with it, if anything.
fn report_manifest(path: &Path, out: &mut impl Write) -> io::Result<bool> {
    let Err(error) = version_policy(path, &fs::read_to_string(path)?) else { return Ok(true) };
    writeln!(out, "failed  {}\n  {}", path.display(), with_advice(&error))?;
    Ok(false)
}

/// Opens one model and says what came of it.
fn report(path: &Path, out: &mut impl Write) -> io::Result<bool> {
    let started = Instant::now();
    match Pipeline::open(path, &loaders()) {
        Ok(pipeline) => {
            let took = started.elapsed().as_secs_f64() * 1e3;
            writeln!(out, "ok      {} ({}, {took:.0} ms)", path.display(), pipeline.manifest().task.as_str())?;
            let example = match pipeline.takes_pictures() {
                true => "a grey picture".to_owned(),
                false => pipeline.schema().example().to_string(),
            };
            // Opening has run it already.
            let answer = pipeline.run_example().unwrap_or_default();
            let told = answer.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            writeln!(out, "        {} -> {}", excerpt(example), excerpt(told))?;
            for note in pipeline.notes() {
                writeln!(out, "        note: {note}")?;
            }
            if answer.iter().any(|prediction| prediction.has_raw_scores()) {
                writeln!(out, "        note: {RAW_SCORES}")?;
            }
            Ok(true)
        }
        Err(error) => {
            writeln!(out, "failed  {}\n  {}", path.display(), with_advice(&error))?;
            Ok(false)
        }
    }
}

/// The beginning of a long text: a picture's example has a number for each pixel.
fn excerpt(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(EXCERPT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
