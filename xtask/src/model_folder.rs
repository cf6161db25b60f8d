//! A folder of models that is put together for one command, or one scenario of it.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::workspace::Metadata;

/// Holds these models, each a folder or a file, and nothing else.
pub(crate) fn of(sh: &Shell, name: &str, models: &[&Path]) -> anyhow::Result<PathBuf> {
    let folder = Metadata::load(sh)?.target_directory.join("model-folders").join(name);
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    // Copied, since a server follows no link out of its folder.
    cmd!(sh, "cp -r {models...} {folder}").quiet().run()?;
    Ok(folder)
}
