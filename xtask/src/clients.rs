//! Clients that others have written, unchanged, against the release server: the check of `cargo xtask ci` that is called
//! `clients`.

use std::process::Command;

use xshell::{Shell, cmd};

use crate::{
    python,
    served::{self, Served},
    workspace::root,
};

/// Fails if a client does not get what it should.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::CLIENTS)?;
    let program = served::build(sh)?;
    let mut command = served::with_samples(Command::new(program));
    command.env("MODELS__CONTROL", "explicit");
    let server = Served::start(command)?;
    let (url, models, scripts) = (server.url(), root().join("models"), root().join("xtask/clients"));
    cmd!(sh, "{python} {scripts}/triton_http.py {url} {models}").run()?;
    cmd!(sh, "{python} {scripts}/kserve_http.py {url}").run()?;
    Ok(())
}
