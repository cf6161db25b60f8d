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
pub(crate) const DEBOOTSTRAP: Tool =
    Tool { program: "debootstrap", purpose: "makes an empty Debian", source: Source::Debian("debootstrap") };
pub(crate) const FAKETIME: Tool =
    Tool { program: "faketime", purpose: "sets the clock of a process", source: Source::Debian("faketime") };
pub(crate) const PROMETHEUS: Tool =
    Tool { program: "prometheus", purpose: "scrapes a server in a check", source: Source::Debian("prometheus") };
pub(crate) const REDIS: Tool =
    Tool { program: "redis-server", purpose: "keeps tasks that servers share", source: Source::Debian("redis-server") };
pub(crate) const STRACE: Tool =
    Tool { program: "strace", purpose: "makes system calls fail", source: Source::Debian("strace") };
pub(crate) const TORCH: Tool =
    Tool { program: "python3", purpose: "exports a network in a document", source: Source::Debian("python3-torch") };
pub(crate) const VALGRIND: Tool =
    Tool { program: "valgrind", purpose: "tells what runs", source: Source::Debian("valgrind") };
pub(crate) const VENV: Tool =
    Tool { program: "python3", purpose: "trains models", source: Source::Debian("python3-venv") };
pub(crate) const WRK: Tool = Tool { program: "wrk", purpose: "makes the load", source: Source::Debian("wrk") };

impl Tool {
    /// Returns whether the program had to be installed first; fails with what to do where it cannot be.
    pub(crate) fn ensure(&self, sh: &Shell) -> anyhow::Result<bool> {
        if find(sh, self.program).is_some() {
            return Ok(false);
        }
        self.install(sh)?;
        Ok(true)
    }

    /// Installs the program, also where one of that name is there already; fails with what to do where it cannot be.
    pub(crate) fn install(&self, sh: &Shell) -> anyhow::Result<()> {
        match self.source {
            Source::Crate(name, version) => cmd!(sh, "cargo install {name} --version {version} --locked").run()?,
            Source::Debian(package) => {
                if find(sh, "apt-get").is_none() || cmd!(sh, "id -u").quiet().read()? != "0" {
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
        if find(sh, self.program).is_none() {
            bail!("`{}` {}: it was installed, but is not in PATH", self.program, self.purpose);
        }
        Ok(())
    }
}

/// The file that a command of this name would start.
pub(crate) fn find(sh: &Shell, program: &str) -> Option<PathBuf> {
    let path = sh.var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use xshell::{Shell, TempDir, cmd};

    use super::{Source, Tool};

    const TOOL: Tool = Tool { program: "loader", purpose: "loads", source: Source::Debian("loader-tools") };

    /// A shell whose PATH holds these scripts and nothing else.
    fn machine(scripts: &[(&str, &str)]) -> (Shell, TempDir) {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        // Written by another process: a file that this one has open for writing, in whatever thread, cannot be started.
        let write = r#"cat > "$1" && chmod +x "$1""#;
        for (name, text) in scripts {
            let file = folder.path().join(name);
            cmd!(sh, "sh -c {write} sh {file}").stdin(format!("#!/bin/sh\n{text}\n")).quiet().run().unwrap();
        }
        sh.set_var("PATH", folder.path());
        (sh, folder)
    }

    /// Installs whatever is asked for, if it is the right package.
    const APT: (&str, &str) = ("apt-get", r#"[ "$4" != loader-tools ] || : > "$PATH/loader""#);

    #[test]
    fn what_is_there_is_left_alone() {
        let (sh, _folder) = machine(&[("loader", ""), ("apt-get", "exit 1")]);
        assert!(!TOOL.ensure(&sh).unwrap());
    }

    #[test]
    fn root_installs_what_is_missing() {
        let (sh, _folder) = machine(&[("id", "echo 0"), APT]);
        assert!(TOOL.ensure(&sh).unwrap());
        assert!(!TOOL.ensure(&sh).unwrap());
    }

    #[test]
    fn others_are_told_what_to_install() {
        let (sh, _folder) = machine(&[("id", "echo 1000"), APT]);
        let error = TOOL.ensure(&sh).unwrap_err().to_string();
        assert!(error.contains("apt-get install loader-tools"), "{error}");
        let (sh, _folder) = machine(&[("id", "echo 0")]);
        assert!(TOOL.ensure(&sh).is_err());
    }

    #[test]
    fn an_installation_that_brings_nothing_fails() {
        let (sh, _folder) = machine(&[("id", "echo 0"), ("apt-get", "exit 0")]);
        assert!(TOOL.ensure(&sh).is_err());
    }
}
