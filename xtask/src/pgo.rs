//! `cargo xtask pgo`: counts how often the code of what is shipped runs while it answers, for the compiler to go by.
//! <https://doc.rust-lang.org/rustc/profile-guided-optimization.html>
//!
//! A build that counts is asked for what the benchmark asks for, and its counts of what runs often are kept with the sources. Other
//! functions are compiled as without counts, and so are those that have changed since: counts that have aged help less, and do no
//! harm. They hold for one version of the compiler, and of each crate with its features in Cargo's profile `dist`, as the names of
//! functions have a hash of all that.

mod counts;

use std::{env, fs, path::Path};

use anyhow::Context;
use xshell::{Cmd, Shell, cmd};

use crate::{
    bench::{self, Programs},
    link_order,
    workspace::{Metadata, root},
};

/// What is kept, in the format of LLVM.
const COUNTS: &str = "deploy/dist.profdata";

/// How often something of a function has to run for the function to be kept: as often as one scenario has requests, about.
const LEAST_RUNS: u64 = 100_000;

/// What the compiler may inline where it has no counts. Of calls in such code it guesses which are cold, unless it has counts of
/// anything: then it takes them all for warm, and writes a tenth more of code. These are its limits of a warm callee, 225 otherwise,
/// and of a cold one. <https://github.com/llvm/llvm-project/blob/llvmorg-22.1.0/llvm/lib/Analysis/InlineCost.cpp>
const INLINED: [&str; 2] = ["-Cllvm-args=-inline-threshold=100", "-Cllvm-args=-inlinecold-threshold=45"];

/// What runs often takes at least, if the counts fit the program: it is nearly a million bytes.
const LEAST_BYTES: u64 = 500_000;

/// Writes the counts anew.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    let profdata = profdata(sh)?;
    let folder = Metadata::load(sh)?.target_directory.join("pgo");
    let [counted, merged, kept] = ["counted", "merged.txt", "kept.txt"].map(|name| folder.join(name));
    let programs = Programs::counting(sh, &folder, &counted)?;
    // Build scripts and macros count as well.
    sh.remove_path(&counted)?;
    bench::train(sh, &programs)?;
    cmd!(sh, "{profdata} merge --sparse --text --output {merged} {counted}").run()?;
    let often = counts::of_what_runs(&sh.read_file(&merged)?, LEAST_RUNS)?;
    sh.write_file(&kept, often)?;
    let written = root().join(COUNTS);
    cmd!(sh, "{profdata} merge --sparse --output {written} {kept}").run()?;
    println!("{COUNTS}: {} bytes", fs::metadata(written)?.len());
    Ok(())
}

/// Has Cargo compile by the counts.
pub(crate) fn guided(cargo: Cmd<'_>) -> Cmd<'_> {
    with_flags(cargo, guides(&root()))
}

/// The flags of a compiler that goes by the counts of a checkout in this folder.
pub(crate) fn guides(checkout: &Path) -> impl Iterator<Item = String> {
    let counts = format!("-Cprofile-use={}", checkout.join(COUNTS).display());
    [counts].into_iter().chain(INLINED.map(str::to_owned))
}

/// Has Cargo compile what counts, and leaves that in this folder.
pub(crate) fn counting<'sh>(cargo: Cmd<'sh>, counted: &Path) -> Cmd<'sh> {
    with_flags(cargo, [format!("-Cprofile-generate={}", counted.display())])
}

/// Fails if the counts do not fit the program: nothing else would tell.
pub(crate) fn ensure_followed(sh: &Shell, program: &Path) -> anyhow::Result<()> {
    link_order::ensure_filled(sh, program, (link_order::HOT, LEAST_BYTES), (COUNTS, "pgo"))
}

/// Flags for the compiler, behind those that it has by the environment.
fn with_flags(cargo: Cmd<'_>, added: impl IntoIterator<Item = String>) -> Cmd<'_> {
    let [encoded, plain] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"].map(|name| env::var(name).ok());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(encoded, plain, added))
}

/// All flags, as Cargo's variable for those with blanks has them. If that is set, Cargo does not look at the other one.
/// <https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags>
fn flags(encoded: Option<String>, plain: Option<String>, added: impl IntoIterator<Item = String>) -> String {
    const SEPARATOR: &str = "\u{1f}";
    let plain = || Some(plain?.split_whitespace().collect::<Vec<_>>().join(SEPARATOR));
    let present = encoded.or_else(plain).filter(|flags| !flags.is_empty());
    present.into_iter().chain(added).collect::<Vec<_>>().join(SEPARATOR)
}

/// The program that reads and writes counts, of the compiler's version of LLVM.
fn profdata(sh: &Shell) -> anyhow::Result<String> {
    let version = cmd!(sh, "rustc --version --verbose").quiet().read()?;
    let value = |name: &str| version.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let (host, llvm) = (value("host:").context("rustc has no host")?, value("LLVM version:").unwrap_or_default());
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().read()?;
    let of_toolchain = format!("{sysroot}/lib/rustlib/{host}/bin/llvm-profdata");
    let major = llvm.split('.').next().unwrap_or_default();
    let of_system = format!("llvm-profdata-{major}");
    [of_toolchain, of_system]
        .into_iter()
        .find(|program| cmd!(sh, "{program} --version").quiet().ignore_stdout().ignore_stderr().run().is_ok())
        .with_context(|| {
            format!("counts are read by llvm-profdata: `rustup component add llvm-tools`, or install LLVM {major} (Debian: llvm-{major})")
        })
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn flags_are_added_to_those_that_there_are() {
        let with = |encoded: Option<&str>, plain: Option<&str>| {
            flags(encoded.map(str::to_owned), plain.map(str::to_owned), ["-Cnew=a b".to_owned()])
        };
        assert_eq!(with(None, None), "-Cnew=a b");
        assert_eq!(with(None, Some("-C  a -Cb")), "-C\u{1f}a\u{1f}-Cb\u{1f}-Cnew=a b");
        assert_eq!(with(Some("-Cc=d e"), Some("-Ca")), "-Cc=d e\u{1f}-Cnew=a b");
        assert_eq!(with(Some(""), Some("-Ca")), "-Cnew=a b");
    }
}
