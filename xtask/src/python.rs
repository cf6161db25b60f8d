//! A Python of the project's own, with the packages that train, export and check models.
//!
//! It lies in the target folder, and is made anew when `models/train/requirements.txt` says something else. What it
//! lists is complete and pinned, so pip resolves nothing, and a run today is a run tomorrow.

use std::{fs, path::PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::{
    tools::VENV,
    workspace::{Metadata, root},
};

/// The interpreter, installed first where it is not there yet.
pub(crate) fn ensure(sh: &Shell) -> anyhow::Result<PathBuf> {
    let requirements = root().join("models/train/requirements.txt");
    let wanted = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = Metadata::load(sh)?.target_directory.join("python");
    let python = folder.join("bin/python");
    // Written last: a folder without it, or with an older one, is half-made or out of date.
    let installed = folder.join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if cmd!(sh, "python3 -c 'import venv, ensurepip'").quiet().ignore_stderr().run().is_err() {
        VENV.install(sh)?;
    }
    // The output is the caller's: it may be the path alone.
    eprintln!("Installing {} into {}", requirements.display(), folder.display());
    cmd!(sh, "python3 -m venv --clear {folder}").run()?;
    cmd!(sh, "{python} -m pip install --quiet --disable-pip-version-check --no-deps --requirement {requirements}")
        .run()?;
    fs::write(&installed, wanted)?;
    Ok(python)
}
