//! Every crate of the product can be published as it stands: crates.io takes its manifest, its package holds what it should,
//! and its README says what it is and has an example that runs. No other crate is published.

use std::{fs, path::Path};

use anyhow::Context;

use super::{
    Problem,
    layers::{MEMBERS, Member, Place, short_name},
};
use crate::workspace::{Metadata, Package};

/// What crates.io takes of both.
const MOST_KEYWORDS: usize = 5;
const LONGEST_KEYWORD: usize = 20;
const MOST_CATEGORIES: usize = 5;

/// The categories of crates.io that are in use here. It drops those that it does not know, so that a slip would go unnoticed.
const CATEGORIES: &[&str] = &[
    "algorithms",
    "asynchronous",
    "authentication",
    "caching",
    "command-line-utilities",
    "computer-vision",
    "concurrency",
    "data-structures",
    "database",
    "development-tools::debugging",
    "development-tools::profiling",
    "encoding",
    "filesystem",
    "multimedia::images",
    "parser-implementations",
    "science",
    "web-programming",
    "web-programming::http-client",
    "web-programming::http-server",
];

/// Texts of the root folder that each package carries.
const LICENCES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];

/// What makes an example of the README a test of the crate.
const README_IS_TESTED: &str = "#[cfg(doctest)]\n#[doc = include_str!(\"../README.md\")]\nstruct Readme;\n";

/// The files of one crate that the rule reads; empty if they are not there.
#[derive(Default)]
struct Texts {
    manifest: String,
    readme: String,
    /// `src/lib.rs`; `None` for a program.
    library: Option<String>,
}

pub(super) fn check(root: &Path, metadata: &Metadata) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for package in metadata.members() {
        let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
        let found = if is_product(MEMBERS, &package.name) {
            [faults(package, &texts(folder)?), missing_licences(root, folder)].concat()
        } else {
            needless(package)
        };
        problems.extend(found.into_iter().map(|what| Problem::new(&package.name, what)));
    }
    Ok(problems)
}

/// Whether the table has a layer for it, rather than a place beside the product.
fn is_product(table: &[Member], package: &str) -> bool {
    table.iter().any(|row| row.name == short_name(package) && matches!(row.place, Place::Layer(_)))
}

fn texts(folder: &Path) -> anyhow::Result<Texts> {
    let library = folder.join("src/lib.rs");
    Ok(Texts {
        manifest: fs::read_to_string(folder.join("Cargo.toml")).context("cannot read a manifest")?,
        readme: fs::read_to_string(folder.join("README.md")).unwrap_or_default(),
        library: library.is_file().then(|| fs::read_to_string(library)).transpose()?,
    })
}

fn needless(package: &Package) -> Vec<String> {
    let is_kept = package.publish.as_ref().is_some_and(Vec::is_empty);
    if is_kept {
        Vec::new()
    } else {
        vec!["its manifest lacks `publish = false`: it is no part of the product".to_owned()]
    }
}

/// A link to the root's text is as good as a copy: cargo packs what it leads to.
fn missing_licences(root: &Path, folder: &Path) -> Vec<String> {
    let is_there = |name: &&str| {
        fs::read(folder.join(name)).is_ok_and(|text| fs::read(root.join(name)).is_ok_and(|it| it == text))
    };
    LICENCES
        .iter()
        .filter(|name| !is_there(name))
        .map(|name| format!("`{name}` is not that of the root folder"))
        .collect()
}

fn faults(package: &Package, texts: &Texts) -> Vec<String> {
    let mut faults = manifest_faults(package, &texts.manifest);
    faults.extend(keyword_faults(&package.keywords));
    faults.extend(category_faults(&package.categories));
    faults.extend(readme_faults(package, texts));
    faults
}

fn manifest_faults(package: &Package, manifest: &str) -> Vec<String> {
    let address = format!("https://docs.rs/{}", package.name);
    let wanted = [
        (package.publish.is_none(), "its manifest keeps it from being published".to_owned()),
        (
            package.description.as_ref().is_some_and(|text| !text.is_empty()),
            "its manifest lacks a `description`".to_owned(),
        ),
        (package.documentation.as_ref() == Some(&address), format!("its `documentation` is not {address}")),
        (package.readme.as_deref() == Some("README.md"), "its manifest lacks `readme = \"README.md\"`".to_owned()),
        (package.rust_version.is_some(), "its manifest lacks `rust-version.workspace = true`".to_owned()),
        (
            manifest.lines().any(|line| line == "include.workspace = true"),
            "its manifest lacks `include.workspace = true`, so that its package holds whatever lies in its folder"
                .to_owned(),
        ),
    ];
    wanted.into_iter().filter(|(is_met, _)| !is_met).map(|(_, fault)| fault).collect()
}

fn keyword_faults(keywords: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    if !(1..=MOST_KEYWORDS).contains(&keywords.len()) {
        faults.push(format!("it has {} keywords; 1 to {MOST_KEYWORDS} are right", keywords.len()));
    }
    let is_good = |keyword: &&String| {
        keyword.len() <= LONGEST_KEYWORD
            && keyword.starts_with(|first: char| first.is_ascii_alphanumeric())
            && keyword.chars().all(|next| next.is_ascii_alphanumeric() || "_-+".contains(next))
    };
    faults.extend(keywords.iter().filter(|keyword| !is_good(keyword)).map(|keyword| {
        format!("the keyword `{keyword}` is not one: up to {LONGEST_KEYWORD} letters, digits, `-`, `_` and `+`, a letter or digit first")
    }));
    faults
}

fn category_faults(categories: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    if !(1..=MOST_CATEGORIES).contains(&categories.len()) {
        faults.push(format!("it has {} categories; 1 to {MOST_CATEGORIES} are right", categories.len()));
    }
    let unknown = categories.iter().filter(|category| !CATEGORIES.contains(&category.as_str()));
    faults.extend(unknown.map(|category| {
        format!("the category `{category}` is not in the list of xtask/src/tidy/packages.rs; is it one of crates.io?")
    }));
    faults
}

fn readme_faults(package: &Package, texts: &Texts) -> Vec<String> {
    let mut faults = Vec::new();
    if texts.readme.lines().next() != Some(&format!("# {}", package.name)) {
        faults.push(format!("its README.md does not open with `# {}`", package.name));
    }
    let oldest = package.rust_version.as_deref().unwrap_or_default();
    let last = format!("Needs Rust {oldest} or newer. Licensed under MIT or Apache-2.0, as you choose.");
    if texts.readme.lines().last() != Some(&last) {
        faults.push(format!("its README.md does not end with `{last}`"));
    }
    let Some(library) = &texts.library else { return faults };
    if !texts.readme.lines().any(|line| line == "```rust") {
        faults.push("its README.md has no example that runs: a block that begins with ```rust".to_owned());
    }
    if !library.ends_with(README_IS_TESTED) {
        faults.push(format!("its src/lib.rs does not end with\n{README_IS_TESTED}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{README_IS_TESTED, Texts, faults, needless};
    use crate::workspace::Package;

    /// A crate with nothing to mend, which `change` may spoil.
    fn found(change: impl FnOnce(&mut Package, &mut Texts)) -> Vec<String> {
        let mut package: Package = serde_json::from_value(json!({
            "id": "a", "name": "ferrocast-a", "version": "1.0.0", "license": null, "authors": [], "manifest_path": "", "dependencies": [],
            "description": "It does.", "documentation": "https://docs.rs/ferrocast-a", "readme": "README.md",
            "rust_version": "1.91", "publish": null, "keywords": ["model-server"], "categories": ["science"],
        }))
        .unwrap();
        let mut texts = Texts {
            manifest: "[package]\nname = \"ferrocast-a\"\ninclude.workspace = true\n".to_owned(),
            readme: "# ferrocast-a\n\n```rust\n```\n\nNeeds Rust 1.91 or newer. Licensed under MIT or Apache-2.0, as you choose.\n"
                .to_owned(),
            library: Some(format!("//! A.\n\n/// The README.\n{README_IS_TESTED}")),
        };
        change(&mut package, &mut texts);
        faults(&package, &texts)
    }

    /// The one fault of a spoilt crate.
    fn fault(change: impl FnOnce(&mut Package, &mut Texts)) -> String {
        let found = found(change);
        assert_eq!(found.len(), 1, "{found:?}");
        found.concat()
    }

    #[test]
    fn a_complete_crate_passes() {
        assert_eq!(found(|_, _| {}), [""; 0]);
    }

    #[test]
    fn a_gap_in_the_manifest_is_found() {
        assert_eq!(fault(|package, _| package.description = None), "its manifest lacks a `description`");
        let documentation = "its `documentation` is not https://docs.rs/ferrocast-a";
        assert_eq!(fault(|package, _| package.documentation = Some("https://docs.rs/a".to_owned())), documentation);
        assert_eq!(fault(|package, _| package.readme = None), "its manifest lacks `readme = \"README.md\"`");
        assert_eq!(
            fault(|package, _| package.publish = Some(Vec::new())),
            "its manifest keeps it from being published"
        );
        assert!(fault(|_, texts| texts.manifest.clear()).contains("include.workspace"));
    }

    #[test]
    fn a_bad_keyword_is_found() {
        let keywords = |all: &[&str]| {
            let all = all.iter().map(|keyword| (*keyword).to_owned()).collect();
            fault(|package, _| package.keywords = all)
        };
        assert_eq!(keywords(&[]), "it has 0 keywords; 1 to 5 are right");
        assert_eq!(keywords(&["a", "b", "c", "d", "e", "f"]), "it has 6 keywords; 1 to 5 are right");
        assert!(keywords(&["more-than-twenty-bytes"]).starts_with("the keyword `more-than-twenty-bytes` is not one"));
        assert!(keywords(&["two words"]).starts_with("the keyword `two words` is not one"));
    }

    #[test]
    fn an_unknown_category_is_found() {
        let unknown = fault(|package, _| package.categories = vec!["sciense".to_owned()]);
        assert!(unknown.starts_with("the category `sciense` is not in the list"), "{unknown}");
        assert_eq!(fault(|package, _| package.categories.clear()), "it has 0 categories; 1 to 5 are right");
    }

    #[test]
    fn a_readme_without_a_tested_example_is_found() {
        assert!(fault(|_, texts| texts.readme = texts.readme.replace("```rust", "```sh")).contains("no example"));
        assert!(fault(|_, texts| texts.library = Some("//! A.\n".to_owned())).contains("does not end with"));
        assert!(
            fault(|_, texts| texts.readme = texts.readme.replace("1.91", "1.60")).contains("Needs Rust 1.91 or newer")
        );
        assert!(fault(|_, texts| texts.readme = texts.readme.replace("# ferro", "# Ferro")).contains("open with"));
        let program = found(|_, texts| {
            texts.library = None;
            texts.readme = texts.readme.replace("```rust", "```sh");
        });
        assert_eq!(program, [""; 0]);
    }

    #[test]
    fn tools_say_that_they_are_not_published() {
        let tool = |publish| {
            let tool = json!({
                "id": "x", "name": "x", "version": "1.0.0", "license": null, "authors": [], "manifest_path": "", "dependencies": [], "publish": publish
            });
            needless(&serde_json::from_value(tool).unwrap())
        };
        assert_eq!(tool(json!([])), [""; 0]);
        assert_eq!(tool(json!(null)).len(), 1);
    }
}
