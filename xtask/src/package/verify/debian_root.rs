//! An empty Debian: what every system of it has, and nothing that a server might need besides.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use xshell::{Shell, cmd};

const RELEASE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";

/// What must not be there, as the program is promised to need none of it.
const ABSENT: &[&str] = &["cargo", "python3", "rustc", "cc", "curl"];

/// The root folder of one, made below `target` where it is not there yet.
pub(super) fn ensure(sh: &Shell, target: &Path) -> anyhow::Result<PathBuf> {
    let folder = target.join(format!("debian-{RELEASE}"));
    if !folder.exists() {
        // A folder of another name is half-made.
        let begun = target.join(format!("debian-{RELEASE}.begun"));
        sh.remove_path(&begun)?;
        println!("Making an empty Debian from {MIRROR} in {}", folder.display());
        let made =
            cmd!(sh, "debootstrap --variant=minbase {RELEASE} {begun} {MIRROR}").quiet().ignore_status().output()?;
        let said = String::from_utf8_lossy(&made.stdout);
        ensure!(made.status.success(), "debootstrap: {}", said.lines().last().unwrap_or("it says nothing"));
        fs::rename(&begun, &folder)?;
    }
    for program in ABSENT {
        ensure!(!folder.join("usr/bin").join(program).exists(), "{} holds {program}", folder.display());
    }
    Ok(folder)
}
