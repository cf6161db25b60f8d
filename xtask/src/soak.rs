//! `cargo xtask soak`: promises that only show over time, against the release server.

mod reloads;

use xshell::Shell;

/// Fails if a promise is not kept.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    reloads::run(sh)
}
