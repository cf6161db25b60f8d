//! Every crate of the product as crates.io would get it: packed, and, with `RUN_SLOW_TESTS=1`, unpacked elsewhere and compiled
//! there from the packages alone.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::Context;
use xshell::{Shell, cmd};

use super::Remark;
use crate::{soak, workspace::Metadata};

/// How cargo tells of tests, benches and examples that stay behind, as `include` in the root's manifest has it.
const STAYS_BEHIND: &str = "is not included in the published package";

/// Fails if a crate cannot be packed or compiled, or if cargo has anything to say about one.
///
/// Compiling takes 18 minutes of processor time, as no dependency is shared with other builds: packages have no profiles.
pub(super) fn run(sh: &Shell) -> anyhow::Result<Remark> {
    let metadata = Metadata::load(sh)?;
    let kept = metadata.members().filter(|package| package.publish.as_ref().is_some_and(Vec::is_empty));
    let excluded = kept.flat_map(|package| ["--exclude", &package.name]);
    // Where all is committed, cargo sees to it that what is packed is.
    let is_clean = cmd!(sh, "git status --porcelain").quiet().ignore_status().read()?.is_empty();
    let dirty = (!is_clean).then_some("--allow-dirty");
    let is_compiled = soak::is_long(sh);
    let no_verify = (!is_compiled).then_some("--no-verify");
    // What is compiled is never debugged. All packages share a folder of their own, else each would compile what it depends on anew.
    let _debug = sh.push_env("CARGO_PROFILE_DEV_DEBUG", "0");
    let packed = cmd!(sh, "cargo package --workspace {excluded...} --locked --target-dir target/package-check");
    let command = packed.args(no_verify).args(dirty);
    println!("$ {command}");
    let warnings = warnings(command.into())?;
    anyhow::ensure!(warnings.is_empty(), "cargo warns:\n{}", warnings.join("\n"));
    let remarks = [
        (is_clean, "packed with changes that are not committed"),
        (is_compiled, "NOT compiled without RUN_SLOW_TESTS=1"),
    ];
    let remarks: Vec<&str> = remarks.iter().filter(|(is_well, _)| !is_well).map(|(_, remark)| *remark).collect();
    Ok((!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// Runs it in sight of the user. The warnings that have no reason.
fn warnings(mut command: Command) -> anyhow::Result<Vec<String>> {
    let mut child = command.stderr(Stdio::piped()).spawn().context("cargo does not start")?;
    let mut warnings = Vec::new();
    for line in BufReader::new(child.stderr.take().context("cargo has no standard error")?).lines() {
        let line = line?;
        if line.ends_with(STAYS_BEHIND) {
            continue;
        }
        eprintln!("{line}");
        if line.starts_with("warning:") {
            warnings.push(line);
        }
    }
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "cargo package: {status}");
    Ok(warnings)
}
