//! `cargo xtask bench-pool`: what the pool gains, and what it does when more comes than it can run.
//!
//! Three parts: real models as they come beside themselves kept on the threads of the connections; a server whose engine
//! sleeps, offered twice and ten times what it can run; and a slow model beside a fast one.

mod goodput;
mod neighbours;
mod overload;
mod report;
mod timed;

use xshell::{Shell, cmd};

use self::report::Report;
use crate::{
    flags,
    machine::Machine,
    python, served, timed_models,
    tools::WRK,
    workspace::{Metadata, root},
};

/// Short and often: the machine may be shared, and the two sides are compared round by round.
const SECONDS: u64 = 2;
const ROUNDS: usize = 9;
/// Of a load that is more than can be run, and of two models side by side.
const LOAD_SECONDS: u64 = 10;

/// Measures everything and prints, or writes, the tables.
pub(crate) fn run(sh: &Shell, flags: &flags::BenchPool) -> anyhow::Result<()> {
    WRK.ensure(sh)?;
    let server = served::build(sh)?;
    cmd!(sh, "cargo build --release --locked --package ferrocast-server --example timed_engine").run()?;
    let timed_engine = Metadata::load(sh)?.target_directory.join("release/examples/timed_engine");
    let models = timed_models::ensure_slow(sh, &python::ensure(sh, python::MODELS)?)?;
    let rounds = flags.rounds.unwrap_or(ROUNDS).max(1);
    let seconds = flags.seconds.unwrap_or(SECONDS).max(1);
    let report = Report {
        machine: Machine::here(sh)?,
        rounds,
        seconds,
        goodput: goodput::measure(&server, &models, rounds, seconds)?,
        overload: overload::measure(&timed_engine, LOAD_SECONDS)?,
        neighbours: neighbours::measure(&timed_engine, LOAD_SECONDS)?,
    };
    println!("\n{report}");
    if flags.write { report.write(&root().join("docs/performance.md")) } else { Ok(()) }
}
