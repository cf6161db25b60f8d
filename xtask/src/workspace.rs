//! Where the workspace lies and what cargo knows of it.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;
use xshell::{Shell, cmd};

use crate::profile::Profile;

/// The folder of the root `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // At run time, when cargo says so: a kept target folder must not name the place of an older checkout.
    let xtask = env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&xtask).ancestors().nth(1).unwrap_or(Path::new(".")).to_owned()
}

/// A shell in the root folder.
pub(crate) fn shell() -> anyhow::Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// The platform that this runs on and builds for, as rustc names it.
pub(crate) fn host(sh: &Shell) -> anyhow::Result<String> {
    let version = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    Ok(host.to_owned())
}

/// The parts of `cargo metadata` that the commands read.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    /// Package ids.
    pub(crate) workspace_members: Vec<String>,
    pub(crate) target_directory: PathBuf,
    pub(crate) resolve: Resolve,
}

/// One package, as its own manifest declares it.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An expression of SPDX, in older manifests with `/` for `OR`.
    pub(crate) license: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) documentation: Option<String>,
    /// Relative to its folder.
    pub(crate) readme: Option<String>,
    pub(crate) rust_version: Option<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    /// The registries that it may be published to: `None` for all, an empty list for none.
    pub(crate) publish: Option<Vec<String>>,
    /// Names, with or without addresses.
    pub(crate) authors: Vec<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<Kind>,
}

/// Why a dependency is there; cargo leaves it out for an ordinary one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Compiled into build scripts only.
    Build,
    /// Compiled into tests, examples and benches only.
    Dev,
}

/// The dependency graph after resolution.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// One package of the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<NodeDep>,
}

/// One edge of the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct NodeDep {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<NodeDepKind>,
}

/// One reason for an edge.
#[derive(Debug, Deserialize)]
pub(crate) struct NodeDepKind {
    pub(crate) kind: Option<Kind>,
}

impl Metadata {
    /// Asks cargo, for the platform that this runs on.
    pub(crate) fn load(sh: &Shell) -> anyhow::Result<Metadata> {
        let host = host(sh)?;
        let json = cmd!(sh, "cargo metadata --format-version 1 --filter-platform {host}").quiet().read()?;
        serde_json::from_str(&json).context("cargo metadata is not what this program expects")
    }

    /// Where Cargo puts the program.
    pub(crate) fn program(&self, profile: Profile) -> PathBuf {
        self.target_directory.join(profile.name()).join("ferrocast")
    }

    /// The packages of this workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
