//! Every crate inherits the workspace's lints and licence, and the licence texts are there.

use std::{fs, path::Path};

use anyhow::Context;

use super::Problem;
use crate::workspace::Metadata;

const LICENCE: &str = "MIT OR Apache-2.0";
const LICENCE_FILES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn check(root: &Path, metadata: &Metadata) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for name in LICENCE_FILES.iter().filter(|name| !root.join(name).is_file()) {
        problems.push(Problem::new(*name, "the licence text is missing"));
    }
    for package in metadata.members() {
        let manifest = fs::read_to_string(&package.manifest_path)
            .with_context(|| format!("cannot read {}", package.manifest_path.display()))?;
        problems.extend(faults(package.license.as_deref(), &manifest).map(|what| Problem::new(&package.name, what)));
    }
    Ok(problems)
}

fn faults(licence: Option<&str>, manifest: &str) -> impl Iterator<Item = &'static str> {
    let lints = (!inherits_lints(manifest)).then_some("its manifest lacks `[lints] workspace = true`");
    let licence = (licence != Some(LICENCE)).then_some("its licence is not the workspace's");
    lints.into_iter().chain(licence)
}

fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "[lints]")
        && lines.take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true")
}

#[cfg(test)]
mod tests {
    use super::{LICENCE, faults};

    fn found(licence: Option<&str>, manifest: &str) -> Vec<&'static str> {
        faults(licence, manifest).collect()
    }

    const MANIFEST: &str = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n";

    #[test]
    fn inheriting_passes() {
        assert_eq!(found(Some(LICENCE), MANIFEST), [""; 0]);
    }

    #[test]
    fn missing_lints_are_found() {
        let lints = ["its manifest lacks `[lints] workspace = true`"];
        assert_eq!(found(Some(LICENCE), "[package]\nname = \"a\"\n"), lints);
        assert_eq!(found(Some(LICENCE), "[lints]\n[dependencies]\nworkspace = true\n"), lints);
        assert_eq!(found(Some(LICENCE), "[dependencies]\nworkspace = true\n"), lints);
    }

    #[test]
    fn another_licence_is_found() {
        assert_eq!(found(Some("MIT"), MANIFEST), ["its licence is not the workspace's"]);
        assert_eq!(found(None, MANIFEST), ["its licence is not the workspace's"]);
    }
}
