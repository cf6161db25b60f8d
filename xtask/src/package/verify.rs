//! `cargo xtask package --verify`: the archive, unpacked where nothing else is, does what it should as whoever may do nothing else.
//!
//! Promise 45 of the reliability promises, which is about containers, without any: an ordinary user without capabilities, in a Debian
//! that is read-only but for one folder, within 512 MiB.

mod confinement;
mod debian_root;
mod memory_limit;
mod unit;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use self::{confinement::Confinement, memory_limit::MemoryLimit};
use super::contents::SBOM;
use crate::{
    machine::peak_bytes,
    python,
    served::Served,
    smoke,
    tools::DEBOOTSTRAP,
    workspace::{Metadata, root},
};

/// Fails, with what to do, where the check cannot be made.
pub(super) fn ensure_permitted(sh: &Shell) -> anyhow::Result<()> {
    ensure!(
        cmd!(sh, "id -u").quiet().read()? == "0",
        "package: running it confined needs root, to mount and to change the user: run `cargo xtask package --verify` as root, \
         or `cargo xtask package` without that check"
    );
    let namespaces = cmd!(sh, "unshare --mount --propagation private true").quiet().ignore_status().output()?;
    ensure!(
        namespaces.status.success(),
        "package: mount namespaces are not permitted here ({}): in a container it has to be run with the capability SYS_ADMIN \
         (docker run --privileged)",
        String::from_utf8_lossy(&namespaces.stderr).trim()
    );
    DEBOOTSTRAP.ensure(sh)?;
    Ok(())
}

/// Everything that is promised of a package. What could not be looked at on this machine.
pub(super) fn run(sh: &Shell, archive: &Path) -> anyhow::Result<Option<String>> {
    let target = Metadata::load(sh)?.target_directory;
    let package = unpack(sh, archive, &target.join("package-unpacked"))?;
    bill_of_materials(sh, &package.join(SBOM))?;
    let debian = debian_root::ensure(sh, &target)?;
    let mut remarks: Vec<String> = unit::verify(sh, &package)?.into_iter().collect();
    let limit = MemoryLimit::create(memory_limit::PROMISED);
    if let Err(error) = &limit {
        remarks.push(format!("NOT run within {} MiB: {error:#}", memory_limit::PROMISED >> 20));
    }
    let confinement = Confinement { debian: &debian, package: &package, memory: limit.as_ref().ok() };
    serves(sh, &confinement)?;
    confinement.ensure_nothing_else_can_be_written()?;
    Ok((!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// The checksum is right, and an ordinary `tar` unpacks the one folder that is returned.
fn unpack(sh: &Shell, archive: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let name = archive.file_name().and_then(|name| name.to_str()).context("the archive has no name")?;
    {
        let _beside = sh.push_dir(archive.parent().context("the archive is in no folder")?);
        cmd!(sh, "sha256sum --quiet --check {name}.sha256").quiet().run()?;
    }
    sh.remove_path(folder)?;
    sh.create_dir(folder)?;
    cmd!(sh, "tar --extract --file {archive} --directory {folder}").quiet().run()?;
    let unpacked = sh.read_dir(folder)?;
    let [package] = unpacked.as_slice() else { anyhow::bail!("{name} holds {} folders, not one", unpacked.len()) };
    Ok(package.clone())
}

/// It is as the schema of CycloneDX has it.
fn bill_of_materials(sh: &Shell, sbom: &Path) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::SBOM)?;
    let script = root().join("xtask/package/validate_sbom.py");
    cmd!(sh, "{python} {script} {sbom}").quiet().run()?;
    Ok(())
}

/// The program serves all that the smoke test asks for, and ends when it is told to.
fn serves(sh: &Shell, confinement: &Confinement<'_>) -> anyhow::Result<()> {
    let server = Served::start(confinement.command(&["./ferrocast", "serve", "--port", "0"]))?;
    confinement::ensure_unprivileged(server.id())?;
    smoke::run(server.url()).context("the unpacked program")?;
    let most = peak_bytes(server.id())? / f64::from(1 << 20);
    let status = server.terminate(sh)?;
    ensure!(status.code() == Some(0), "told to end, the server ended with {status}");
    println!("unpacked into an empty Debian, it serves as user {} with {most:.0} MiB at most", confinement::USER);
    Ok(())
}
