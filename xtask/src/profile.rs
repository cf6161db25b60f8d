//! How the programs are compiled that are measured and shipped.

use anyhow::bail;
use xshell::{Cmd, Shell, cmd};

use crate::pgo;

/// A profile of the workspace's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What is shipped: optimised as a whole, which takes minutes.
    Dist,
    /// What a newcomer builds.
    Release,
}

impl Profile {
    /// The one of this name; what is shipped if there is none.
    pub(crate) fn named(name: Option<&str>) -> anyhow::Result<Profile> {
        match name {
            None | Some("dist") => Ok(Profile::Dist),
            Some("release") => Ok(Profile::Release),
            Some(other) => bail!("--profile: must be dist or release, not `{other}`"),
        }
    }

    /// Cargo's `command`, which is `build` or `rustc`, with this profile. What is shipped is compiled by counts of what runs often.
    pub(crate) fn cargo<'sh>(self, sh: &'sh Shell, command: &str) -> Cmd<'sh> {
        let name = self.name();
        let cargo = cmd!(sh, "cargo {command} --profile {name} --locked");
        match self {
            Profile::Dist => pgo::guided(cargo),
            Profile::Release => cargo,
        }
    }

    /// Its name, which is also that of its folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Profile::Dist => "dist",
            Profile::Release => "release",
        }
    }
}
