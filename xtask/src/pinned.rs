//! Programs that have one processor to themselves, as far as this one is concerned.

use std::{ffi::OsStr, process::Command};

/// Runs `program` on this core only.
pub(crate) fn on_core(core: u32, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}
