//! Programs that the commands start: found, installed where that may be done, or named together with how to get them.

use std::{env, path::PathBuf};

use anyhow::bail;
use xshell::{Shell, cmd};

/// A program that does not come with the Rust toolchain.
#[derive(Debug)]
pub(crate) struct Tool {
    program: &'static str,
    /// What the project does with it.
    purpose: &'static str,
    source: Source,
}

/// Where a program comes from.
#[derive(Debug)]
enum Source {
    /// A crate of this name and version.
    Crate(&'static str, &'static str),
    /// A package of Debian and its relatives.
    Debian(&'static str),
}

pub(crate) const CARGO_DENY: Tool =
    Tool { program: "cargo-deny", purpose: "checks what is linked", source: Source::Crate("cargo-deny", "0.20.2") };
pub(crate) const CHROMIUM: Tool =
    Tool { program: "chromium", purpose: "opens /docs in a test", source: Source::Debian("chromium") };
pub(crate) const CHROMEDRIVER: Tool =
    Tool { program: "chromedriver", purpose: "steers chromium in a test", source: Source::Debian("chromium-driver") };
pub(crate) const WRK: Tool = Tool { program: "wrk", purpose: "makes the load", source: Source::Debian("wrk") };

impl Tool {
    /// Returns whether the program had to be installed first; fails with what to do where it cannot be.
    pub(crate) fn ensure(&self, sh: &Shell) -> anyhow::Result<bool> {
        if find(self.program).is_some() {
            return Ok(false);
        }
        match self.source {
            Source::Crate(name, version) => cmd!(sh, "cargo install {name} --version {version} --locked").run()?,
            Source::Debian(package) => {
                if find("apt-get").is_none() || cmd!(sh, "id -u").quiet().read()? != "0" {
                    bail!(
                        "`{}` {}: install it and run this again (Debian: apt-get install {package})",
                        self.program,
                        self.purpose
                    );
                }
                cmd!(sh, "apt-get update").run()?;
                cmd!(sh, "apt-get install --yes --no-install-recommends {package}")
                    .env("DEBIAN_FRONTEND", "noninteractive")
                    .run()?;
            }
        }
        if find(self.program).is_none() {
            bail!("`{}` {}: it was installed, but is not in PATH", self.program, self.purpose);
        }
        Ok(true)
    }
}

/// The file that a command of this name would start.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
