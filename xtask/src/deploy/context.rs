//! What `deploy/Dockerfile.dockerignore` lets into a build is all that cargo has to read.

use std::fs;

use anyhow::Context;
use xshell::{Shell, cmd};

use super::instruments::{deploy, workshop};

/// Lays out what a build would get, and has cargo read it.
pub(super) fn check(sh: &Shell) -> anyhow::Result<()> {
    let ignored = deploy().join("Dockerfile.dockerignore");
    let ignored = fs::read_to_string(&ignored).with_context(|| format!("cannot read {}", ignored.display()))?;
    let context = workshop(sh)?.join("context");
    sh.remove_path(&context)?;
    sh.create_dir(&context)?;
    for path in let_in(&ignored) {
        cmd!(sh, "cp --recursive --parents {path} {context}").quiet().run()?;
    }
    // Reads all manifests, and holds Cargo.lock against them.
    let metadata = cmd!(sh, "cargo metadata --locked --format-version 1 --manifest-path {context}/Cargo.toml");
    metadata.ignore_stdout().run().context("deploy/Dockerfile.dockerignore leaves out what cargo needs")
}

/// Everything else is ignored.
fn let_in(ignored: &str) -> impl Iterator<Item = &str> {
    ignored.lines().filter_map(|line| line.strip_prefix("!/"))
}

#[cfg(test)]
mod tests {
    use super::let_in;

    #[test]
    fn only_exceptions_are_let_in() {
        assert_eq!(let_in("# !/a\n*\n!/b\n!/c/d\n").collect::<Vec<_>>(), ["b", "c/d"]);
    }
}
