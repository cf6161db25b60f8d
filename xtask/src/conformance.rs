//! `cargo xtask ci --only conformance`: the ONNX project's own node tests, through tract with the operators of `onnx-ml`.
//!
//! The tests are code in a Python package. They are written as files into the target folder once for each version of that
//! package, and run by an example of the crate, which knows what is expected of them.

use std::fs;

use xshell::{Shell, cmd};

use crate::{
    python,
    workspace::{Metadata, root},
};

const EXAMPLE: &str = "crates/onnx-ml/examples/conformance";

/// Writes the tests if they are not there, runs them, and fails on what must not happen.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::MODELS)?;
    let version = cmd!(sh, "{python} -c 'import onnx; print(onnx.__version__)'").quiet().read()?;
    let target = Metadata::load(sh)?.target_directory;
    let folder = target.join("onnx-node-tests");
    let tests = folder.join(version);
    if !tests.exists() {
        // Written elsewhere first: a folder under the final name is complete.
        let unfinished = folder.join("unfinished");
        sh.remove_path(&unfinished)?;
        let script = root().join(EXAMPLE).join("node_tests.py");
        cmd!(sh, "{python} {script} {unfinished}").run()?;
        fs::rename(&unfinished, &tests)?;
    }
    // Of the whole workspace, as the tests are built: by itself the crate would have other features, and be compiled once more.
    cmd!(sh, "cargo build --quiet --locked --workspace --example conformance").run()?;
    let conformance = target.join("debug/examples/conformance");
    Ok(cmd!(sh, "{conformance} {tests}").run()?)
}
