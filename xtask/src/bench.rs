//! `cargo xtask bench`: requests a second of the release server, beside a bare handler of its HTTP library.
//!
//! Both parse requests of the same size and answer as many bytes, on the same core, in turns within one run; so the
//! ratio says what validation, inference and the rest cost, and hardly depends on the machine.

mod report;
mod scenario;
mod wrk;

use std::{path::Path, process::Command, thread};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use self::{
    report::{Measured, Report, StartUp},
    scenario::{SCENARIOS, Scenario},
    wrk::{Load, Sample},
};
use crate::{
    flags,
    http::Client,
    machine::{Machine, resident_bytes},
    median::median,
    models::Golden,
    served::{self, Served},
    tools::WRK,
    workspace::{Metadata, root},
};

const SECONDS: u64 = 8;
const ROUNDS: usize = 3;
/// Before the first measurement of a scenario, on both sides.
const WARM_UP_SECONDS: u64 = 2;

/// Measures the wanted scenarios and prints, or writes, the table.
pub(crate) fn run(sh: &Shell, flags: &flags::Bench) -> anyhow::Result<()> {
    let scenarios = wanted(&flags.scenario)?;
    ensure!(scenarios.len() == SCENARIOS.len() || !flags.write, "only a run of all scenarios is written down");
    WRK.ensure(sh)?;
    let server = served::build(sh)?;
    cmd!(sh, "cargo build --release --locked --package ferrocast-server --example ceiling").run()?;
    let ceiling = Metadata::load(sh)?.target_directory.join("release/examples/ceiling");
    let golden = Golden::read(&root().join("models/penguins/1/golden.json"))?;

    let pinned = thread::available_parallelism()?.get() >= 2;
    let rounds = flags.rounds.unwrap_or(ROUNDS).max(1);
    let seconds = flags.seconds.unwrap_or(SECONDS).max(1);
    let start_up = start_up(&server, rounds)?;
    let sides = Sides { server: &server, ceiling: &ceiling, pinned };
    let mut measured = Vec::new();
    for scenario in scenarios {
        measured.push(measure(scenario, &scenario.bodies(&golden)?, &sides, rounds, seconds)?);
    }
    let report = Report { machine: Machine::here(sh)?, start_up, pinned, rounds, seconds, measured };
    println!("\n{report}");
    if flags.write { report.write(&root().join("docs/performance.md")) } else { Ok(()) }
}

fn wanted(names: &[String]) -> anyhow::Result<Vec<&'static Scenario>> {
    for name in names {
        ensure!(SCENARIOS.iter().any(|known| known.name == name), "there is no scenario `{name}`");
    }
    Ok(SCENARIOS.iter().filter(|known| names.is_empty() || names.iter().any(|name| name == known.name)).collect())
}

/// Not pinned: a newcomer's server has all cores.
fn start_up(program: &Path, rounds: usize) -> anyhow::Result<StartUp> {
    let mut times = Vec::new();
    let mut sizes = Vec::new();
    for _ in 0..rounds {
        let server = served::start_with_samples(program)?;
        times.push(server.ready_after().as_secs_f64() * 1e3);
        sizes.push(resident_bytes(server.id())? / f64::from(1 << 20));
    }
    Ok(StartUp { ready_milliseconds: median(times), resident_mebibytes: median(sizes) })
}

/// The two programs that are compared.
struct Sides<'a> {
    server: &'a Path,
    ceiling: &'a Path,
    /// Whether they have the first core for themselves.
    pinned: bool,
}

impl Sides<'_> {
    fn start_server(&self) -> anyhow::Result<Served> {
        Served::start(served::with_samples(self.command(self.server)))
    }

    fn start_ceiling(&self, answer_bytes: usize, rows: usize) -> anyhow::Result<Served> {
        let mut command = self.command(self.ceiling);
        command.args([answer_bytes.to_string(), rows.to_string()]);
        Served::start(command)
    }

    fn command(&self, program: &Path) -> Command {
        if !self.pinned {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(program);
        command
    }
}

/// Both sides in turns, so that a change of the machine's speed meets both.
fn measure(
    scenario: &Scenario,
    bodies: &[String],
    sides: &Sides<'_>,
    rounds: usize,
    seconds: u64,
) -> anyhow::Result<Measured> {
    let server = sides.start_server()?;
    let server_url = format!("{}{}", server.url(), scenario.path);
    let answer_bytes = mean_answer(&server_url, bodies)?;
    let ceiling = sides.start_ceiling(answer_bytes, scenario.rows)?;
    let ceiling_url = format!("{}{}", ceiling.url(), scenario.ceiling_path());
    ensure!(mean_answer(&ceiling_url, bodies)? == answer_bytes, "the ceiling answers with another size");

    let script = wrk::script(bodies)?;
    let load = |url: &str, seconds| Load { url, script: script.path(), seconds, pinned: sides.pinned }.run();
    let mut served: Vec<Sample> = Vec::new();
    let mut bare: Vec<Sample> = Vec::new();
    for url in [&server_url, &ceiling_url] {
        load(url, WARM_UP_SECONDS)?;
    }
    for round in 1..=rounds {
        served.push(load(&server_url, seconds)?);
        bare.push(load(&ceiling_url, seconds)?);
        println!("{} round {round} of {rounds}: {} against {}", scenario.name, last(&served)?, last(&bare)?);
    }
    let request_bytes = bodies.iter().map(String::len).sum::<usize>() / bodies.len().max(1);
    Ok(Measured { title: scenario.title, target: scenario.target, request_bytes, answer_bytes, served, bare })
}

fn last(samples: &[Sample]) -> anyhow::Result<&Sample> {
    samples.last().context("nothing was measured")
}

/// Size of the mean answer, in bytes.
fn mean_answer(url: &str, bodies: &[String]) -> anyhow::Result<usize> {
    let client = Client::new();
    let mut sum = 0;
    for body in bodies {
        sum += client.post(url, body)?.len();
    }
    Ok(sum / bodies.len().max(1))
}
