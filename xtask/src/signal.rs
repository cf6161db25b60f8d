//! Signals to processes.

use xshell::{Shell, cmd};

/// Sends a process a signal, by its name without `SIG`.
pub(crate) fn send(sh: &Shell, signal: &str, process: u32) -> anyhow::Result<()> {
    let process = process.to_string();
    Ok(cmd!(sh, "kill -{signal} {process}").quiet().run()?)
}
