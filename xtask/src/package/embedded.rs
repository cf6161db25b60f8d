//! What is in the program and is no crate: sources in other languages that crates bring along, and pages that are compiled in.

use std::{fs, path::Path};

use anyhow::Context;
use xshell::{Shell, cmd};

use super::linked::LinkedCrates;
use crate::workspace::{Metadata, Package, root};

/// One such part.
#[derive(Debug)]
pub(super) struct Embedded {
    pub(super) name: &'static str,
    pub(super) version: String,
    /// An expression of SPDX.
    pub(super) license: &'static str,
    /// Where it comes from, as a package URL.
    pub(super) purl: String,
    /// The crate that it comes into the program with.
    pub(super) with: &'static str,
    /// What its licence wants to be passed on.
    pub(super) text: String,
}

/// The notices of Rust's standard library, as a file of the package.
pub(super) const STANDARD_LIBRARY_NOTICES: &str = "THIRD-PARTY-LICENSES.rust.html";

/// The crate that compiles the documentation's pages into the program.
const SERVER: &str = "ferrocast-server";

/// All of them, with the versions that their sources name.
pub(super) fn all(sh: &Shell, linked: &LinkedCrates<'_>, metadata: &Metadata) -> anyhow::Result<Vec<Embedded>> {
    let linked = |name: &str| {
        let found = linked.iter().find(|(id, _)| id.name == name);
        found.map(|(_, linked)| linked.package).with_context(|| format!("{name} is not linked any more"))
    };
    Ok(vec![
        sqlite(linked("libsqlite3-sys")?)?,
        jemalloc(linked("tikv-jemalloc-sys")?)?,
        zstd(linked("zstd-sys")?)?,
        swagger_ui(metadata)?,
        redoc()?,
        standard_library(sh)?,
    ])
}

fn sqlite(package: &Package) -> anyhow::Result<Embedded> {
    let header = read(&folder(package)?.join("sqlite3/sqlite3.h"))?;
    let version = between(&header, "#define SQLITE_VERSION ", "\n").map(|value| value.trim().trim_matches('"'));
    let version = version.context("sqlite3.h names no version")?.to_owned();
    let text =
        between(&header, "/*\n", "****").context("sqlite3.h has no notice")?.replace("** ", "").replace("**", "");
    let purl = format!("pkg:generic/sqlite@{version}");
    Ok(Embedded { name: "SQLite", version, license: "blessing", purl, with: "libsqlite3-sys", text })
}

fn jemalloc(package: &Package) -> anyhow::Result<Embedded> {
    // 0.7.1+5.3.1-0-g81034ce…: the release of jemalloc, and how many commits later.
    let version = package.version.split_once('+').and_then(|(_, version)| version.split('-').next());
    let version = version.context("tikv-jemalloc-sys names no version of jemalloc")?.to_owned();
    let text = read(&folder(package)?.join("jemalloc/COPYING"))?;
    let purl = format!("pkg:github/jemalloc/jemalloc@{version}");
    Ok(Embedded { name: "jemalloc", version, license: "BSD-2-Clause", purl, with: "tikv-jemalloc-sys", text })
}

fn zstd(package: &Package) -> anyhow::Result<Embedded> {
    let version = package.version.split_once("+zstd.").context("zstd-sys names no version of zstd")?.1.to_owned();
    let text = read(&folder(package)?.join("zstd/LICENSE"))?;
    let purl = format!("pkg:github/facebook/zstd@v{version}");
    Ok(Embedded { name: "zstd", version, license: "BSD-3-Clause", purl, with: "zstd-sys", text })
}

/// `build.rs` of the server takes it out of an archive that is named after its version.
fn swagger_ui(metadata: &Metadata) -> anyhow::Result<Embedded> {
    const CRATE: &str = "utoipa-swagger-ui-vendored";
    let package = metadata.packages.iter().find(|package| package.name == CRATE);
    let archives = folder(package.with_context(|| format!("there is no {CRATE}"))?)?.join("res");
    let names = fs::read_dir(&archives).with_context(|| format!("cannot read {}", archives.display()))?;
    let mut names = names.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let version = names.find_map(|name| Some(name.strip_prefix('v')?.strip_suffix(".zip")?.to_owned()));
    let version = version.with_context(|| format!("{} holds no archive with a version", archives.display()))?;
    let notice = read(&root().join("crates/server/assets/swagger-ui/NOTICE"))?;
    let text = format!("{notice}\n{}", read(&root().join("LICENSE-APACHE"))?);
    let purl = format!("pkg:github/swagger-api/swagger-ui@v{version}");
    Ok(Embedded { name: "Swagger UI", version, license: "Apache-2.0", purl, with: SERVER, text })
}

fn redoc() -> anyhow::Result<Embedded> {
    let assets = root().join("crates/server/assets/redoc");
    let bundled = read(&assets.join("redoc.standalone.js.LICENSE.txt"))?;
    let version = between(&bundled, "Version: \"", "\"").context("Redoc names no version")?.to_owned();
    let text = format!("{}\n\nWhat it bundles:\n\n{bundled}", read(&assets.join("LICENSE"))?);
    let purl = format!("pkg:npm/redoc@{version}");
    Ok(Embedded { name: "Redoc", version, license: "MIT", purl, with: SERVER, text })
}

fn standard_library(sh: &Shell) -> anyhow::Result<Embedded> {
    let rustc = cmd!(sh, "rustc --version").quiet().read()?;
    let version = rustc.split_whitespace().nth(1).context("rustc names no version")?.to_owned();
    let text = format!("The notices of the library and of the crates in it are in {STANDARD_LIBRARY_NOTICES}.\n");
    let (license, purl) = ("MIT OR Apache-2.0", format!("pkg:github/rust-lang/rust@{version}"));
    Ok(Embedded { name: "Rust standard library", version, license, purl, with: "ferrocast", text })
}

/// The notices that the toolchain brings with the library.
pub(super) fn standard_library_notices(sh: &Shell) -> anyhow::Result<String> {
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    read(&Path::new(sysroot.trim()).join("share/doc/rust/COPYRIGHT-library.html"))
}

fn folder(package: &Package) -> anyhow::Result<&Path> {
    package.manifest_path.parent().with_context(|| format!("{} has no folder", package.name))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::{STANDARD_LIBRARY_NOTICES, all};
    use crate::{
        package::{linked, release::Release},
        workspace::{self, Metadata},
    };

    #[test]
    fn every_part_has_a_version_and_a_licence() {
        let sh = workspace::shell().unwrap();
        let metadata = Metadata::load(&sh).unwrap();
        let release = Release::load(&sh, &metadata).unwrap();
        let linked = linked::load(&sh, &release, &metadata).unwrap();
        let parts = all(&sh, &linked, &metadata).unwrap();
        let phrases = [
            ("SQLite", "May you do good and not evil"),
            ("jemalloc", "Jason Evans"),
            ("zstd", "Meta Platforms"),
            ("Swagger UI", "SmartBear"),
            ("Redoc", "Rebilly"),
            ("Rust standard library", STANDARD_LIBRARY_NOTICES),
        ];
        assert_eq!(parts.len(), phrases.len());
        for (part, (name, phrase)) in parts.iter().zip(phrases) {
            assert!(part.name == name && part.text.contains(phrase), "{part:?}");
            assert!(
                part.version.split('.').count() >= 3 && part.version.starts_with(|c: char| c.is_ascii_digit()),
                "{part:?}"
            );
        }
    }
}
