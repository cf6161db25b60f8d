//! The crates that are linked into the program, and which of them needs which.
//!
//! `cargo tree` knows them for the features that the program is built with; `cargo metadata` joins those of the whole workspace.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use anyhow::Context;
use xshell::{Shell, cmd};

use super::release::Release;
use crate::workspace::{Metadata, Package};

/// A crate's name and version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CrateId {
    pub(super) name: String,
    pub(super) version: String,
}

impl fmt::Display for CrateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

impl CrateId {
    /// Where it is found, as a package URL.
    pub(super) fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"))
    }
}

/// A crate that is linked.
#[derive(Debug)]
pub(super) struct Linked<'a> {
    pub(super) package: &'a Package,
    /// Whether it belongs to this workspace.
    pub(super) is_ours: bool,
    /// The crates that it needs itself.
    pub(super) needs: BTreeSet<CrateId>,
}

/// All linked crates.
pub(super) type LinkedCrates<'a> = BTreeMap<CrateId, Linked<'a>>;

/// Asks cargo, for the platform of the release. Macros and what only build scripts use are not linked.
pub(super) fn load<'a>(sh: &Shell, release: &Release, metadata: &'a Metadata) -> anyhow::Result<LinkedCrates<'a>> {
    let target = &release.target;
    let tree = cmd!(
        sh,
        "cargo tree --package ferrocast --target {target} --edges normal,no-proc-macro --prefix depth --locked"
    );
    let packages: HashMap<(&str, &str), &Package> =
        metadata.packages.iter().map(|package| ((package.name.as_str(), package.version.as_str()), package)).collect();
    let mut linked = BTreeMap::new();
    for (id, needs) in edges(&tree.quiet().read()?) {
        let package = packages.get(&(id.name.as_str(), id.version.as_str())).copied();
        let package = package.with_context(|| format!("cargo metadata does not know {id}"))?;
        let is_ours = metadata.workspace_members.contains(&package.id);
        linked.insert(id, Linked { package, is_ours, needs });
    }
    Ok(linked)
}

/// Reads lines of `<depth><name> v<version> …`, parents before children; what a crate needs stands below it once.
fn edges(tree: &str) -> BTreeMap<CrateId, BTreeSet<CrateId>> {
    let mut path: Vec<CrateId> = Vec::new();
    let mut edges: BTreeMap<CrateId, BTreeSet<CrateId>> = BTreeMap::new();
    for line in tree.lines() {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        let (depth, package) = line.split_at(digits);
        let mut words = package.split_whitespace();
        let (Ok(depth), Some(name), Some(version)) = (depth.parse::<usize>(), words.next(), words.next()) else {
            continue;
        };
        let id = CrateId { name: name.to_owned(), version: version.trim_start_matches('v').to_owned() };
        path.truncate(depth);
        if let Some(parent) = path.last() {
            edges.entry(parent.clone()).or_default().insert(id.clone());
        }
        edges.entry(id.clone()).or_default();
        path.push(id);
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::{CrateId, edges};

    #[test]
    fn a_tree_is_read() {
        let tree = "0ferrocast v0.1.0 (/x)\n1a v1.0.0\n2b v2.0.0+3.4\n1c v1.0.0\n2a v1.0.0 (*)\n";
        let edges = edges(tree);
        let id = |name: &str, version: &str| CrateId { name: name.to_owned(), version: version.to_owned() };
        let needs = |of: &CrateId| edges[of].iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(needs(&id("ferrocast", "0.1.0")), ["a 1.0.0", "c 1.0.0"]);
        assert_eq!(needs(&id("a", "1.0.0")), ["b 2.0.0+3.4"]);
        assert_eq!(needs(&id("c", "1.0.0")), ["a 1.0.0"]);
        assert_eq!(id("b", "2.0.0+3.4").purl(), "pkg:cargo/b@2.0.0%2B3.4");
    }
}
