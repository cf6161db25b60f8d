//! The programs that are compared, all compiled alike.

use std::path::PathBuf;

use xshell::{Shell, cmd};

use crate::{profile::Profile, workspace::Metadata};

/// Where they are.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) server: PathBuf,
    /// The bare handlers.
    pub(super) ceiling: PathBuf,
    /// What becomes of pictures without a server.
    pub(super) picture_side: PathBuf,
}

impl Programs {
    /// Builds them by one command: what they have in common is compiled once, and is the same in all.
    pub(super) fn build(sh: &Shell, profile: Profile) -> anyhow::Result<Programs> {
        let name = profile.name();
        let packages = ["--package", "ferrocast", "--package", "ferrocast-server", "--package", "ferrocast-pipeline"];
        let programs = ["--bin", "ferrocast", "--example", "ceiling", "--example", "picture_side"];
        cmd!(sh, "cargo build --profile {name} --locked {packages...} {programs...}").run()?;
        let metadata = Metadata::load(sh)?;
        let folder = metadata.target_directory.join(name);
        Ok(Programs {
            server: metadata.program(profile),
            ceiling: folder.join("examples/ceiling"),
            picture_side: folder.join("examples/picture_side"),
        })
    }
}
