//! What is in the package.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use super::{
    archive::PackedFile,
    embedded::{self, STANDARD_LIBRARY_NOTICES},
    licenses, linked, lock_file,
    release::Release,
    sbom,
};
use crate::workspace::{Metadata, root};

/// The bill of materials.
pub(super) const SBOM: &str = "sbom.cdx.json";

/// Files that are taken as they are: where they lie in the repository, and what they are called in the package.
const COPIED: &[(&str, &str)] = &[
    ("deploy/package/README.md", "README.md"),
    ("deploy/package/ferrocast.toml", "ferrocast.toml"),
    ("deploy/systemd/ferrocast.service", "ferrocast.service"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
];

/// The shells whose completions are in the package, with what they want the files to be called.
const COMPLETIONS: &[(&str, &str)] = &[("bash", "ferrocast.bash"), ("fish", "ferrocast.fish"), ("zsh", "_ferrocast")];

/// Every file, in no particular order.
pub(super) fn of(
    sh: &Shell,
    program: &Path,
    release: &Release,
    metadata: &Metadata,
) -> anyhow::Result<Vec<PackedFile>> {
    let mut files = vec![PackedFile { is_program: true, ..PackedFile::new("ferrocast", read(program)?) }];
    for (from, to) in COPIED {
        files.push(PackedFile::new(*to, read(&root().join(from))?));
    }
    files.extend(models(sh)?);
    files.extend(completions(sh, program)?);
    files.extend(manual(sh, program)?);
    files.extend(materials(sh, release, metadata)?);
    Ok(files)
}

/// The models that git knows, without what trains them.
fn models(sh: &Shell) -> anyhow::Result<Vec<PackedFile>> {
    let listed =
        cmd!(sh, "git ls-files -- models").quiet().read().context("git says which models belong to a release")?;
    let served = listed.lines().filter(|path| !path.starts_with("models/train/"));
    served.map(|path| Ok(PackedFile::new(path, read(&root().join(path))?))).collect()
}

fn completions(sh: &Shell, program: &Path) -> anyhow::Result<Vec<PackedFile>> {
    let script = |(shell, name): &(&str, &str)| {
        let text = cmd!(sh, "{program} completions {shell}").quiet().read()?;
        Ok(PackedFile::new(format!("completions/{name}"), text + "\n"))
    };
    COMPLETIONS.iter().map(script).collect()
}

fn manual(sh: &Shell, program: &Path) -> anyhow::Result<Vec<PackedFile>> {
    let folder = sh.create_temp_dir()?;
    let path = folder.path();
    cmd!(sh, "{program} man --out {path}").quiet().ignore_stdout().run()?;
    let mut pages = Vec::new();
    for page in fs::read_dir(path)? {
        let page = page?;
        pages.push(PackedFile::new(format!("man/{}", page.file_name().display()), read(&page.path())?));
    }
    ensure!(!pages.is_empty(), "`ferrocast man` wrote no page");
    Ok(pages)
}

/// Licences and the bill of materials.
fn materials(sh: &Shell, release: &Release, metadata: &Metadata) -> anyhow::Result<[PackedFile; 3]> {
    let linked = linked::load(sh, release, metadata)?;
    let embedded = embedded::all(sh, &linked, metadata)?;
    let lock_file = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let sbom = sbom::document(release, &linked, &embedded, &lock_file::checksums(&lock_file))?;
    Ok([
        PackedFile::new("THIRD-PARTY-LICENSES", licenses::third_party(release, &linked, &embedded)?),
        PackedFile::new(STANDARD_LIBRARY_NOTICES, embedded::standard_library_notices(sh)?),
        PackedFile::new(SBOM, sbom),
    ])
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{materials, models};
    use crate::{
        package::release::Release,
        workspace::{self, Metadata},
    };

    #[test]
    fn models_come_with_what_describes_them_and_without_what_trains_them() {
        let files = models(&workspace::shell().unwrap()).unwrap();
        let has = |path: &str| files.iter().any(|file| file.path == path);
        assert!(has("models/README.md") && has("models/models.toml") && has("models/penguins/model.toml"));
        assert!(has("models/penguins/2/model.onnx") && has("models/imagenet/1/model.onnx"));
        assert!(!files.iter().any(|file| file.path.ends_with(".py")));
    }

    /// Of what this workspace really links.
    #[test]
    fn licences_and_materials_are_complete_and_the_same_each_time() {
        let sh = workspace::shell().unwrap();
        let metadata = Metadata::load(&sh).unwrap();
        let release = Release::load(&sh, &metadata).unwrap();
        let made = || materials(&sh, &release, &metadata).unwrap();
        let files = made();
        assert_eq!(files, made());
        let [licenses, _, sbom] = files.map(|file| String::from_utf8(file.bytes).unwrap());
        for name in ["tract-onnx ", "actix-web ", "ring ", "SQLite ", "jemalloc ", "Swagger UI ", "Redoc "] {
            assert!(licenses.contains(&format!("\n{name}")), "{name}");
        }
        assert!(!licenses.contains("LicenseRef") && !licenses.contains("\nproptest "));
        assert!(sbom.contains("\"purl\": \"pkg:cargo/tract-onnx@0.23.9\"") && sbom.contains("\"SHA-256\""));
    }
}
