//! Clients that others have written, unchanged, against the release server: the check of `cargo xtask ci` that is called
//! `clients`.

use std::{path::Path, process::Command};

use xshell::{Shell, cmd};

use crate::{
    python,
    served::{self, Served},
    workspace::{Metadata, root},
};

/// Fails if a client does not get what it should.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::CLIENTS)?;
    let program = served::build(sh)?;
    let mut command = served::with_samples(Command::new(&program));
    command.env("MODELS__CONTROL", "explicit");
    let server = Served::start(command)?;
    let (url, models, scripts) = (server.url(), root().join("models"), root().join("xtask/clients"));
    cmd!(sh, "{python} {scripts}/triton_http.py {url} {models}").run()?;
    cmd!(sh, "{python} {scripts}/kserve_http.py {url}").run()?;
    repository_of_triton(sh, &python, &program)
}

/// What Triton's users have on their disks, as it is.
fn repository_of_triton(sh: &Shell, python: &Path, program: &Path) -> anyhow::Result<()> {
    let scripts = root().join("xtask/clients");
    let model = root().join("crates/testkit/models/mlp.onnx");
    let repository = Metadata::load(sh)?.target_directory.join("repository-of-triton");
    sh.remove_path(&repository)?;
    let folder = repository.join("classifier");
    for version in ["1", "2"] {
        sh.copy_file(&model, sh.create_dir(folder.join(version))?.join("model.onnx"))?;
    }
    for file in ["config.pbtxt", "labels.txt"] {
        sh.copy_file(scripts.join("repository").join(file), folder.join(file))?;
    }
    let server = Served::start(served::serving(Command::new(program), &repository))?;
    let url = server.url();
    cmd!(sh, "{python} {scripts}/triton_repository.py {url} {model}").run()?;
    Ok(())
}
