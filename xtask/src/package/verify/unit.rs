//! The unit, as systemd itself reads it.

use std::path::Path;

use xshell::{Shell, cmd};

use crate::tools;

/// Fails if systemd finds fault with the unit of the package. Where there is no systemd, that is the remark.
pub(super) fn verify(sh: &Shell, package: &Path) -> anyhow::Result<Option<String>> {
    if tools::find(sh, "systemd-analyze").is_none() {
        return Ok(Some("the unit NOT read by systemd, which is not installed".to_owned()));
    }
    let unit = sh.read_file(package.join("ferrocast.service"))?;
    // It wants to see the program where it will be.
    let unit = unit.replace("/opt/ferrocast", &package.display().to_string());
    let folder = sh.create_temp_dir()?;
    let file = folder.path().join("ferrocast.service");
    sh.write_file(&file, unit)?;
    cmd!(sh, "systemd-analyze verify --man=no --recursive-errors=no {file}").quiet().run()?;
    Ok(None)
}
