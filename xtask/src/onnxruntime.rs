//! The engine that is not compiled in: its tests, with the library that the Python package brings.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use crate::python;

/// What prints the shared library beside the package's own module.
const LIBRARY: &str = "import pathlib, onnxruntime; \
                       print(*pathlib.Path(onnxruntime.__file__).parent.glob('capi/libonnxruntime.so.*'))";

/// Checks what the other steps leave out: the tests of the engine, and the program that is built with it.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::MODELS)?;
    let _library = sh.push_env("ORT_DYLIB_PATH", library(sh, &python)?);
    let _telemetry = sh.push_env("ORT_DISABLE_TELEMETRY", "1");
    let features = ["--features", "ferrocast/onnxruntime,ferrocast-engine-ort/test-with-library"];
    // The whole workspace, as in the steps before: a part of it would have its dependencies built again, with fewer features.
    cmd!(sh, "cargo clippy --workspace {features...} --all-targets --locked -- --deny warnings").run()?;
    cmd!(sh, "cargo test --workspace {features...} --test with_library --test onnxruntime --locked").run()?;
    Ok(())
}

/// The library of the installed package.
fn library(sh: &Shell, python: &Path) -> anyhow::Result<PathBuf> {
    let printed = cmd!(sh, "{python} -c {LIBRARY}").read().context("the package onnxruntime is not installed")?;
    let library = PathBuf::from(printed.trim());
    ensure!(library.is_file(), "the package onnxruntime brings no single library: {printed:?}");
    Ok(library)
}
