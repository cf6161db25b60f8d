//! Traces and errors reach receivers that others have made, over both protocols, and one that is away, stopped or dead costs no more
//! than what it misses.

use xshell::{Shell, cmd};

use crate::{
    python,
    workspace::{Metadata, root},
};

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::OTLP)?;
    let _root = sh.push_dir(root());
    cmd!(sh, "cargo build --release --locked --package ferrocast-telemetry --example otlp_smoke").run()?;
    let program = Metadata::load(sh)?.target_directory.join("release/examples/otlp_smoke");
    cmd!(sh, "{python} crates/telemetry/examples/otlp_smoke/check.py {program}").run()?;
    println!("otlp: spans and errors arrive whole, and outages are survived and counted, over gRPC and HTTP");
    Ok(())
}
