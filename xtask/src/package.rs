//! `cargo xtask package`: a release that whoever runs it unpacks and starts, and what proves that this works.
//!
//! Two runs on the same commit pack the same bytes around the program.

mod archive;
mod checksum;
mod contents;
mod embedded;
mod licenses;
mod linked;
mod lock_file;
mod release;
mod sbom;
mod standard_license;
mod verify;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use xshell::Shell;

use self::{contents::SBOM, release::Release};
use crate::{flags, link_order, pgo, profile::Profile, workspace::Metadata};

/// Bytes of a program that is shipped, at most.
const MOST_BYTES: u64 = 40_000_000;

/// For the linker: places that are put right at the start are written in 1.5 MB less. The system's C library has to know how, which
/// that of Debian 12 does.
const PACKED_RELOCATIONS: [&str; 2] = ["-C", "link-arg=-Wl,-z,pack-relative-relocs"];

/// Packs a release, and runs it if that is asked for.
pub(crate) fn run(sh: &Shell, flags: &flags::Package) -> anyhow::Result<()> {
    let profile = Profile::named(flags.profile.as_deref())?;
    if flags.verify {
        // Before minutes of building.
        verify::ensure_permitted(sh)?;
    }
    let archive = make(sh, profile, flags.out.as_deref())?;
    if flags.verify {
        let remark = verify::run(sh, &archive)?;
        println!("{}", remark.as_deref().unwrap_or("every check was made"));
    }
    Ok(())
}

/// The check of `cargo xtask ci` that is called `package`, with the program that the other checks have built. What it could not
/// look at on this machine.
pub(crate) fn check(sh: &Shell) -> anyhow::Result<Option<String>> {
    verify::ensure_permitted(sh)?;
    let archive = make(sh, Profile::Release, None)?;
    link_order::ensure_followed(sh, &Metadata::load(sh)?.program(Profile::Release))?;
    verify::run(sh, &archive)
}

/// Builds the program and packs it; the archive's path. Its checksum and its bill of materials lie beside it.
fn make(sh: &Shell, profile: Profile, out: Option<&Path>) -> anyhow::Result<PathBuf> {
    let metadata = Metadata::load(sh)?;
    let program = metadata.program(profile);
    match profile {
        Profile::Dist => {
            let program = ["--package", "ferrocast", "--bin", "ferrocast"];
            profile.cargo(sh, "rustc").args(program).arg("--").args(PACKED_RELOCATIONS).run()?;
        }
        Profile::Release => profile.cargo(sh, "build").args(["--package", "ferrocast"]).run()?,
    }
    if profile == Profile::Dist {
        pgo::ensure_followed(sh, &program)?;
    }
    let bytes = fs::metadata(&program).with_context(|| format!("there is no {}", program.display()))?.len();
    ensure!(
        profile != Profile::Dist || bytes <= MOST_BYTES,
        "{} has {bytes} bytes, which is more than {MOST_BYTES}",
        program.display()
    );
    let release = Release::load(sh, &metadata)?;
    let files = contents::of(sh, &program, &release, &metadata)?;
    let packed = archive::pack(&release.name(), &files, release.made)?;

    let out = out.map_or_else(|| metadata.target_directory.join("package"), Path::to_owned);
    fs::create_dir_all(&out).with_context(|| format!("--out: cannot make {}", out.display()))?;
    let name = format!("{}.tar.gz", release.name());
    let archive = out.join(&name);
    let write = |path: &Path, bytes: &[u8]| {
        fs::write(path, bytes).with_context(|| format!("--out: cannot write {}", path.display()))
    };
    write(&archive, &packed)?;
    write(&out.join(format!("{name}.sha256")), checksum::line(&name, &packed).as_bytes())?;
    let sbom = files.iter().find(|file| file.path == SBOM).context("the package holds no bill of materials")?;
    write(&out.join(format!("{}.cdx.json", release.name())), &sbom.bytes)?;
    println!("{}: {} files, {:.1} MB", archive.display(), files.len(), packed.len() as f64 / 1e6);
    Ok(archive)
}
