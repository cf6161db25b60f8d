//! A folder of models that is put together for one scenario.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::workspace::Metadata;

/// Holds these models, each a folder or a file, and nothing else.
pub(super) fn of(sh: &Shell, scenario: &str, models: &[&Path]) -> anyhow::Result<PathBuf> {
    let folder = Metadata::load(sh)?.target_directory.join("bench").join(scenario);
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    // Copied, since a server follows no link out of its folder.
    cmd!(sh, "cp -r {models...} {folder}").quiet().run()?;
    Ok(folder)
}
