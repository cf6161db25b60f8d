//! Pythons of the project's own, one for each set of packages below.
//!
//! They lie in the target folder, and each is made anew when its list of requirements says something else. What that lists is
//! complete and pinned, so pip resolves nothing, and a run today is a run tomorrow.

use std::{fs, path::PathBuf};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::{
    tools::{TORCH, VENV},
    workspace::{Metadata, root},
};

/// A set of packages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    /// The complete list, seen from the workspace's root.
    requirements: &'static str,
    /// Where they are installed, seen from the target folder.
    folder: &'static str,
}

/// What trains, exports and checks models.
pub(crate) const MODELS: Packages = Packages { requirements: "models/train/requirements.txt", folder: "python" };

/// Clients of the protocols that the server speaks.
pub(crate) const CLIENTS: Packages =
    Packages { requirements: "xtask/clients/requirements.txt", folder: "python-clients" };

/// What verifies callbacks.
pub(crate) const CALLBACKS: Packages =
    Packages { requirements: "xtask/soak/requirements.txt", folder: "python-callbacks" };

/// Services that people write by hand.
pub(crate) const PEERS: Packages =
    Packages { requirements: "models/train/bench/peers/requirements.txt", folder: "python-peers" };

/// What receives traces.
pub(crate) const OTLP: Packages =
    Packages { requirements: "crates/telemetry/examples/otlp_smoke/requirements.txt", folder: "python-otlp" };

/// What checks how the server is deployed.
pub(crate) const DEPLOY: Packages = Packages { requirements: "xtask/deploy/requirements.txt", folder: "python-deploy" };

/// What tests the API by its description.
pub(crate) const API: Packages = Packages { requirements: "xtask/soak/api/requirements.txt", folder: "python-api" };

/// What exports networks of Keras.
pub(crate) const KERAS: Packages =
    Packages { requirements: "xtask/snippets/keras-requirements.txt", folder: "python-keras" };

/// What knows the schema of bills of materials.
pub(crate) const SBOM: Packages = Packages { requirements: "xtask/package/requirements.txt", folder: "python-sbom" };

/// The interpreter with these packages, installed first where they are not there yet.
pub(crate) fn ensure(sh: &Shell, packages: Packages) -> anyhow::Result<PathBuf> {
    let requirements = root().join(packages.requirements);
    let wanted = fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = Metadata::load(sh)?.target_directory.join(packages.folder);
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

/// The system's interpreter with Debian's PyTorch: the wheels of PyPI need gigabytes for graphics cards.
pub(crate) fn ensure_torch(sh: &Shell) -> anyhow::Result<PathBuf> {
    let python = PathBuf::from("/usr/bin/python3");
    if cmd!(sh, "{python} -c 'import torch'").quiet().ignore_stderr().run().is_err() {
        TORCH.install(sh)?;
        cmd!(sh, "{python} -c 'import torch'").quiet().run()?;
    }
    Ok(python)
}
