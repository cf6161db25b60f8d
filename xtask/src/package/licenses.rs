//! The licence texts of everything that is linked, each of them once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{
    embedded::Embedded,
    linked::{CrateId, Linked, LinkedCrates},
    release::Release,
    standard_license,
};

/// How the names of files with licences and notices begin.
const NAMES: &[&str] = &["licen", "copying", "copyright", "notice", "unlicense"];

const RULE: &str = "================================================================================\n";

/// Who has a text.
type Owners = BTreeSet<String>;

/// All texts in one file, with those who have them above each.
pub(super) fn third_party(
    release: &Release,
    linked: &LinkedCrates<'_>,
    embedded: &[Embedded],
) -> anyhow::Result<String> {
    let mut texts: BTreeMap<String, Owners> = BTreeMap::new();
    let mut add = |text: &str, owner: &str| {
        texts.entry(normalized(text)).or_default().insert(owner.to_owned());
    };
    for (id, linked) in linked.iter().filter(|(_, linked)| !linked.is_ours) {
        let owner = format!("{id} ({})", expression(linked));
        for text in of_crate(id, linked)? {
            add(&text, &owner);
        }
    }
    for part in embedded {
        add(&part.text, &format!("{} {} ({})", part.name, part.version, part.license));
    }
    let mut sections: Vec<(String, Owners)> = texts.into_iter().collect();
    sections.sort_by(|(_, a), (_, b)| a.cmp(b));
    let mut file = format!("What is linked into {}, and its licences.\n\n", release.name());
    for (text, owners) in sections {
        file.push_str(RULE);
        owners.iter().for_each(|owner| file.push_str(&format!("{owner}\n")));
        file.push_str(&format!("{RULE}\n{text}\n"));
    }
    Ok(file)
}

/// The licence of a crate as an expression of SPDX; older manifests have `/` for `OR`.
pub(super) fn expression(linked: &Linked<'_>) -> String {
    let license = linked.package.license.as_deref().unwrap_or("LicenseRef-in-its-package");
    if license.contains('/') {
        license.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
    } else {
        license.to_owned()
    }
}

/// The texts in the package of a crate; if it has none, the usual one.
fn of_crate(id: &CrateId, linked: &Linked<'_>) -> anyhow::Result<Vec<String>> {
    let folder = linked.package.manifest_path.parent().with_context(|| format!("{id} has no folder"))?;
    let files = license_files(folder)?;
    if files.is_empty() {
        let holders = match linked.package.authors.as_slice() {
            [] => format!("the authors of {}", id.name),
            authors => authors.join(", "),
        };
        let text = standard_license::text(&expression(linked), &holders);
        return Ok(vec![text.with_context(|| format!("{id} brings no licence text"))?]);
    }
    // Not every author writes UTF-8.
    let read = |file: &PathBuf| {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    files.iter().map(read).collect()
}

/// In a folder and in those of it that are called so.
fn license_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_source = [".rs", ".toml", ".html"].iter().any(|end| name.ends_with(end));
        if is_source || !NAMES.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        if path.is_dir() {
            let inside = fs::read_dir(&path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
            found.extend(inside.into_iter().filter(|path| path.is_file()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// So that texts are the same if they read the same.
fn normalized(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use serde_json::json;
    use xshell::Shell;

    use super::{LinkedCrates, Release, expression, third_party};
    use crate::{
        package::{
            embedded::Embedded,
            linked::{CrateId, Linked},
        },
        workspace::Package,
    };

    fn package(name: &str, license: &str, folder: &Path) -> Package {
        serde_json::from_value(json!({
            "id": name, "name": name, "version": "1.0.0", "license": license, "authors": ["Ada"],
            "manifest_path": folder.join(name).join("Cargo.toml"), "dependencies": [],
        }))
        .unwrap()
    }

    fn linked(package: &Package) -> Linked<'_> {
        Linked { package, is_ours: false, needs: BTreeSet::new() }
    }

    #[test]
    fn texts_come_from_packages_and_each_comes_once() {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("a/LICENSE-MIT", "Permission \r\nis granted\r\n");
        write("a/src/license.rs", "code");
        write("b/license.txt", "Permission\nis granted");
        write("b/LICENSES/other", "Be good");
        write("c/README.md", "nothing");
        let packages = [("a", "MIT/Apache-2.0"), ("b", "MIT"), ("c", "MIT")];
        let packages = packages.map(|(name, license)| package(name, license, folder.path()));
        let id = |package: &Package| CrateId { name: package.name.clone(), version: package.version.clone() };
        let crates: LinkedCrates<'_> = packages.iter().map(|package| (id(package), linked(package))).collect();
        let release = Release { version: "0.1.0".to_owned(), target: "here".to_owned(), made: 0 };
        let part = Embedded {
            name: "SQLite",
            version: "3".to_owned(),
            license: "blessing",
            purl: String::new(),
            with: "a",
            text: "May you".to_owned(),
        };
        let text = third_party(&release, &crates, &[part]).unwrap();
        assert!(text.contains("a 1.0.0 (MIT OR Apache-2.0)\nb 1.0.0 (MIT)\n=") && !text.contains('\r'), "{text}");
        assert_eq!(text.matches("Permission\nis granted\n").count(), 1, "{text}");
        assert!(
            text.contains("\nBe good\n") && text.contains("SQLite 3 (blessing)\n") && !text.contains("code"),
            "{text}"
        );
        assert!(text.contains("c 1.0.0 (MIT)\n") && text.contains("Copyright (c) Ada"), "{text}");
    }

    #[test]
    fn older_expressions_are_understood() {
        let folder = Path::new("/");
        for (license, expected) in
            [("MIT/Apache-2.0", "MIT OR Apache-2.0"), ("Apache-2.0 / MIT", "Apache-2.0 OR MIT"), ("ISC", "ISC")]
        {
            assert_eq!(expression(&linked(&package("a", license, folder))), expected);
        }
    }
}
