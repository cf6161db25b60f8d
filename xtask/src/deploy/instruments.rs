//! What the checks are done with: linters and validators of Python, and the programs `helm` and `kubectl`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::{
    python,
    workspace::{Metadata, root},
};

/// Written last by [`Instruments::ensure`].
const UNPACKED: &str = "kubectl";

/// Where they are.
#[derive(Debug)]
pub(super) struct Instruments {
    /// All programs.
    folder: PathBuf,
    /// The interpreter that has KServe's package.
    pub(super) kserve_python: PathBuf,
}

impl Instruments {
    /// Installs what is missing.
    pub(super) fn ensure(sh: &Shell) -> anyhow::Result<Instruments> {
        let python = python::ensure(sh, python::DEPLOY)?;
        let folder = python.parent().context("an interpreter lies in a folder")?.to_owned();
        if !folder.join(UNPACKED).is_file() {
            let script = script("unpack_programs.py");
            cmd!(sh, "{python} {script} {folder}").run()?;
        }
        Ok(Instruments { folder, kserve_python: python::ensure(sh, python::CLIENTS)? })
    }

    /// One of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The documents of a text in YAML.
    pub(super) fn yaml(&self, sh: &Shell, text: &str) -> anyhow::Result<Vec<Value>> {
        let (python, script) = (self.program("python"), script("yaml_as_json.py"));
        let json = cmd!(sh, "{python} {script}").stdin(text).quiet().read()?;
        Ok(serde_json::from_str(&json)?)
    }

    /// The only document of a file in YAML.
    pub(super) fn yaml_file(&self, sh: &Shell, file: &Path) -> anyhow::Result<Value> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.yaml(sh, &text)?.pop().with_context(|| format!("{} is empty", file.display()))
    }
}

/// A script of the project's own.
pub(super) fn script(name: &str) -> PathBuf {
    root().join("xtask/deploy").join(name)
}

/// Where the checks lay out what they make.
pub(super) fn workshop(sh: &Shell) -> anyhow::Result<PathBuf> {
    Ok(Metadata::load(sh)?.target_directory.join("deploy"))
}

/// The folder of what is checked.
pub(super) fn deploy() -> PathBuf {
    root().join("deploy")
}
