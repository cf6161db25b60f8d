//! `ferrocast check`: loads models as the server would.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ferrocast_pipeline::{OpenError, Pipeline};
use ferrocast_server::loaders;

use super::{Done, with_advice};

/// How deep models lie below a folder of models: `<name>/<version>`.
const DEPTH: usize = 2;

/// Opens every model at or below the path.
pub(crate) fn run(path: &Path) -> Done {
    let mut found = Vec::new();
    find(path, DEPTH, &mut found)?;
    if found.is_empty() {
        return Err(format!("{}: there is no .onnx file here", path.display()).into());
    }
    let failed = found.iter().filter(|path| !report(path)).count();
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} failed", found.len()).into()),
    }
}

/// Collects what [`Pipeline::open`] takes: files, and folders that hold one.
fn find(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let is_model = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "onnx");
    if path.join("model.onnx").is_file() {
        found.push(path.to_owned());
    } else {
        found.extend(entries.iter().filter(|path| is_model(path)).cloned());
    }
    for folder in entries.iter().filter(|path| depth > 0 && path.is_dir()) {
        find(folder, depth - 1, found)?;
    }
    Ok(())
}

/// Opens one model and says what came of it.
fn report(path: &Path) -> bool {
    let started = Instant::now();
    match Pipeline::open(path, &loaders()) {
        Ok(pipeline) => {
            let took = started.elapsed().as_secs_f64() * 1e3;
            println!("ok      {} ({}, {took:.0} ms)", path.display(), pipeline.manifest().task.as_str());
            println!("        {} -> {}", pipeline.schema().example(), example_answer(&pipeline));
            true
        }
        Err(error) => {
            println!("failed  {}\n  {}", path.display(), described(&error));
            false
        }
    }
}

fn example_answer(pipeline: &Pipeline) -> String {
    // Opening has run it already.
    let predictions = pipeline.run_example().unwrap_or_default();
    predictions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn described(error: &OpenError) -> String {
    with_advice(error)
}
