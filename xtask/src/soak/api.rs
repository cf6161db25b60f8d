//! P17 of the reliability promises: whatever is asked that the API description allows, or does not, the answer is one that it
//! describes, and no fault of the server. Asked by schemathesis, of a server without keys, and of one with keys by whoever has one.

use std::{fs, process::Command};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use super::is_long;
use crate::{
    python,
    served::{self, Served},
    workspace::{Metadata, root},
};

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::API)?;
    let program = served::build(sh)?;
    let folder = Metadata::load(sh)?.target_directory.join("soak-api");
    sh.remove_path(&folder)?;
    let folder = sh.create_dir(folder)?;
    let key = Command::new(&program).args(["new-key", "soak", "--scopes", "predict,jobs,metrics,admin"]).output()?;
    ensure!(key.status.success(), "no key: {}", String::from_utf8_lossy(&key.stderr));
    let keys = folder.join("keys.toml");
    fs::write(&keys, &key.stdout)?;
    let key = String::from_utf8(key.stderr)?;
    let key = key.lines().next().context("new-key shows no key")?.to_owned();

    for with_keys in [false, true] {
        let mut command = served::with_samples(Command::new(&program));
        command.args(["--default-model", "penguins"]).env("TASKS__PATH", folder.join(format!("{with_keys}.db")));
        if with_keys {
            command.env("AUTH__KEYS_FILE", &keys);
        }
        let server = Served::start(command)?;
        let header = with_keys.then(|| ["--header".to_owned(), format!("X-API-Key: {key}")]);
        ask(sh, &python, server.url(), header.iter().flatten())?;
    }
    println!("api: schemathesis has nothing to say against any operation, without keys and with them");
    Ok(())
}

fn ask<'a>(
    sh: &Shell,
    python: &std::path::Path,
    url: &str,
    header: impl Iterator<Item = &'a String>,
) -> anyhow::Result<()> {
    let config = root().join("xtask/soak/api/schemathesis.toml");
    let schemathesis = python.with_file_name("schemathesis");
    let examples = if is_long(sh) { "200" } else { "20" };
    // It leaves a folder behind where it runs.
    let _target = sh.push_dir(Metadata::load(sh)?.target_directory);
    cmd!(sh, "{schemathesis} --config-file {config} run {url}/openapi.json --workers 2 --max-examples {examples} --no-color {header...}")
        .run()?;
    Ok(())
}
