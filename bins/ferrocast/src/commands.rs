//! One file per command. Each writes what it has to say to `out`, and returns what went wrong; `main` prints that and
//! picks the exit code.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod check_config;
pub(crate) mod completions;
pub(crate) mod docs;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod new_key;
pub(crate) mod predict;
pub(crate) mod ready;
pub(crate) mod serve;
pub(crate) mod try_model;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use ferrocast_pipeline::{OpenError, advice};

/// How a command ends.
pub(crate) type Done = Result<(), Box<dyn Error>>;

/// What is wrong with a command line whose grammar is right.
#[derive(Debug)]
pub(crate) struct Misused(pub(crate) String);

impl fmt::Display for Misused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misused {}

/// Why a model does not open, and what to change.
pub(crate) fn with_advice(error: &OpenError) -> String {
    let chain = error.chain();
    match advice(error) {
        Some(advice) => format!("{chain}\n  to mend it: {advice}"),
        None => chain,
    }
}

/// The file that is meant: of a version's folder its `model.onnx`.
pub(crate) fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("model.onnx") } else { path.to_owned() }
}
