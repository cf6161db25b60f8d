//! The programs that are compared, all compiled alike.

use std::path::{Path, PathBuf};

use xshell::{Cmd, Shell};

use crate::{pgo, profile::Profile, workspace::Metadata};

/// Where they are.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(super) server: PathBuf,
    /// The bare handlers.
    pub(super) ceiling: PathBuf,
    /// What becomes of pictures without a server.
    pub(super) picture_side: PathBuf,
}

impl Programs {
    /// Builds them by one command: what they have in common is compiled once, and is the same in all.
    pub(super) fn build(sh: &Shell, profile: Profile) -> anyhow::Result<Programs> {
        Programs::built_by(profile.cargo(sh, "build"), profile, &Metadata::load(sh)?.target_directory)
    }

    /// Builds them in the folder `target` as they are shipped, but that they count how often their code runs, in the folder `counted`.
    pub(crate) fn counting(sh: &Shell, target: &Path, counted: &Path) -> anyhow::Result<Programs> {
        let cargo = pgo::counting(Profile::Dist.cargo(sh, "build"), counted);
        Programs::built_by(cargo.env("CARGO_TARGET_DIR", target), Profile::Dist, target)
    }

    fn built_by(cargo: Cmd<'_>, profile: Profile, target: &Path) -> anyhow::Result<Programs> {
        let packages = ["--package", "ferrocast", "--package", "ferrocast-server", "--package", "ferrocast-pipeline"];
        let programs = ["--bin", "ferrocast", "--example", "ceiling", "--example", "picture_side"];
        cargo.args(packages).args(programs).run()?;
        let folder = target.join(profile.name());
        let example = |name| folder.join("examples").join(name);
        Ok(Programs {
            server: folder.join("ferrocast"),
            ceiling: example("ceiling"),
            picture_side: example("picture_side"),
        })
    }
}
