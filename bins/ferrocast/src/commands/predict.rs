//! `ferrocast predict`: one answer without a server.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;

use ferrocast_pipeline::Pipeline;
use ferrocast_server::{loaders, predict_once};

use super::{Done, with_advice};

/// Prints what the server would answer.
pub(crate) fn run(path: &Path, input: &str, out: &mut impl Write) -> Done {
    let body = read(input)?;
    let pipeline = Pipeline::open(path, &loaders()).map_err(|error| with_advice(&error))?;
    let (model, version) = names(path);
    let text = |body: Vec<u8>| String::from_utf8_lossy(&body).into_owned();
    writeln!(out, "{}", predict_once(&pipeline, &model, &version, &body).map(text).map_err(text)?)?;
    Ok(())
}

fn read(input: &str) -> Result<Vec<u8>, String> {
    if input != "-" {
        return std::fs::read(input).map_err(|error| format!("{input}: {error}"));
    }
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body).map_err(|error| format!("standard input: {error}"))?;
    Ok(body)
}

/// What the server would call it: `models/churn/1` is version `1` of `churn`, a bare file is version `1`.
fn names(path: &Path) -> (String, String) {
    let text = |name: Option<&OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        (text(path.parent().and_then(Path::file_name)), text(path.file_name()))
    } else {
        (text(path.file_stem()), "1".to_owned())
    }
}
