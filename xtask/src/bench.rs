//! `cargo xtask bench`: requests a second of the server as it is shipped, beside a bare handler of its HTTP library.
//!
//! Both parse requests of the same size and answer as many bytes, on the same core, in turns within one run; so the
//! ratio says what validation, inference and the rest cost, and hardly depends on the machine.

mod mixed;
mod open_loop;
mod overload;
mod peers;
mod picture;
mod plot;
mod programs;
mod report;
mod scenario;
mod tensor;
mod trace_receiver;
mod turns;
mod wanted;

use std::{fmt, fs, path::Path, process::Command, thread};

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::Shell;

use self::trace_receiver::TraceReceiver;
use self::{
    programs::Programs,
    report::{Measured, Report, StartUp},
    scenario::{BODIES, CONNECTIONS, LOGISTIC_REGRESSION, Scenario, Yardstick},
    turns::{Rounds, Side, Turns},
    wanted::Wanted,
};
use crate::{
    flags,
    http::Client,
    machine::{Machine, resident_bytes},
    median::median,
    models::Golden,
    pinned::on_core,
    profile::Profile,
    python,
    served::{self, Served},
    timed_models,
    tools::WRK,
    workspace::root,
    wrk,
};

const SECONDS: u64 = 8;
const ROUNDS: usize = 3;

/// Measures the wanted scenarios and prints, or writes, the table.
pub(crate) fn run(sh: &Shell, flags: &flags::Bench) -> anyhow::Result<()> {
    let (wanted, profile) = (Wanted::of(&flags.scenario)?, Profile::named(flags.profile.as_deref())?);
    let all = wanted.is_all() && flags.peers.is_some();
    ensure!(all || !flags.write, "only a run of all scenarios, with peers, is written down");
    let peers = flags.peers.as_deref().map(peers::wanted).transpose()?.unwrap_or_default();
    WRK.ensure(sh)?;
    let programs = Programs::build(sh, profile)?;
    let Programs { server, ceiling, picture_side } = &programs;
    let python = python::ensure(sh, python::MODELS)?;
    let timed_models = timed_models::ensure(sh, &python)?;

    let pinned = thread::available_parallelism()?.get() >= 2;
    let rounds =
        Rounds { count: flags.rounds.unwrap_or(ROUNDS).max(1), seconds: flags.seconds.unwrap_or(SECONDS).max(1) };
    let start_up = start_up(server, rounds.count)?;
    let sides = Sides { server, ceiling, timed_models: &timed_models, pinned };
    let peers = if peers.is_empty() { Vec::new() } else { peers::measure(sh, &sides, &peers, rounds)? };
    let mut measured = Vec::new();
    let connections = |usual: &'static [u32]| if flags.connections.is_empty() { usual } else { &*flags.connections };
    for scenario in wanted.scenarios() {
        let bodies = scenario.bodies(&sides.rows(scenario)?)?;
        measured.extend(measure(scenario, &bodies, &sides, connections(scenario.connections), rounds)?);
    }
    if wanted.has(mixed::NAME) {
        measured.extend(mixed::measure(sh, &sides, connections(&[CONNECTIONS]), rounds)?);
    }
    if wanted.has(tensor::NAME) {
        measured.push(tensor::measure(&sides, &timed_models::ensure_mirror(sh, &python)?, rounds)?);
    }
    // Those with one yardstick are one table.
    measured.sort_by_key(|measured| measured.against);
    let pictures =
        wanted.has(picture::NAME).then(|| picture::measure(sh, (server, picture_side), rounds)).transpose()?;
    let mut open_loop = Vec::new();
    if wanted.has(open_loop::NAME) {
        for &connections in connections(&[CONNECTIONS]) {
            open_loop.push(open_loop::measure(sh, &sides, connections, rounds)?);
        }
    }
    let overload = wanted.has(overload::NAME).then(|| overload::measure(sh, &sides, rounds)).transpose()?;
    let machine = Machine::here(sh)?;
    let report = Report { machine, profile, start_up, pinned, rounds, measured, open_loop, peers, pictures, overload };
    println!("\n{report}");
    if let Some(file) = &flags.json {
        fs::write(file, report.json()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if flags.write { report.write(&root().join("docs")) } else { Ok(()) }
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
    /// The folder of the models that are compared with each other.
    timed_models: &'a Path,
    /// Whether they have the first core for themselves.
    pinned: bool,
}

impl Sides<'_> {
    fn start_server(&self, against: Yardstick) -> anyhow::Result<Served> {
        let command = self.command(self.server);
        Served::start(match against {
            Yardstick::Ceiling | Yardstick::Static | Yardstick::Echo | Yardstick::Unobserved => {
                served::with_samples(command)
            }
            Yardstick::LogisticRegression => served::serving(command, self.timed_models),
        })
    }

    /// Real ones of the sample, or those that the timed models have not seen.
    fn rows(&self, scenario: &Scenario) -> anyhow::Result<Vec<Value>> {
        match scenario.against {
            Yardstick::Ceiling | Yardstick::Static | Yardstick::Echo | Yardstick::Unobserved => {
                let golden = Golden::read(&root().join("models/penguins/1/golden.json"))?;
                Ok(golden.cases.into_iter().map(|case| case.input).collect())
            }
            Yardstick::LogisticRegression => timed_models::rows(self.timed_models, "logistic-regression", BODIES),
        }
    }

    fn start_observed(&self, receiver: &TraceReceiver) -> anyhow::Result<Served> {
        let mut command = served::with_samples(self.command(self.server));
        command.env("OTLP__ENDPOINT", receiver.url()).env("OTLP__PROTOCOL", "http/protobuf");
        command.env("OTLP__SAMPLE_RATIO", "0.01").env("LOG__REQUESTS_PER_SECOND", "0");
        Served::start(command)
    }

    fn start_unobserved(&self) -> anyhow::Result<Served> {
        let mut command = served::with_samples(self.command(self.server));
        command.env("METRICS__ENABLED", "false").env("LOG__REQUESTS_PER_SECOND", "0");
        Served::start(command)
    }

    /// It answers so many bytes to requests of so many rows, or of `mixed` ones.
    fn start_ceiling(&self, answer_bytes: usize, rows: impl fmt::Display) -> anyhow::Result<Served> {
        let mut command = self.command(self.ceiling);
        command.args([answer_bytes.to_string(), rows.to_string()]);
        Served::start(command)
    }

    fn command(&self, program: &Path) -> Command {
        if self.pinned { on_core(0, program) } else { Command::new(program) }
    }
}

/// A scenario with each of these numbers of connections.
fn measure(
    scenario: &Scenario,
    bodies: &[String],
    sides: &Sides<'_>,
    connections: &[u32],
    rounds: Rounds,
) -> anyhow::Result<Vec<Measured>> {
    let receiver = (scenario.against == Yardstick::Unobserved).then(TraceReceiver::start).transpose()?;
    let server = match &receiver {
        Some(receiver) => sides.start_observed(receiver)?,
        None => sides.start_server(scenario.against)?,
    };
    let served = Side { url: format!("{}{}", server.url(), scenario.path), process: server.id() };
    let answer_bytes = mean_answer(&served.url, bodies)?;
    // Kept running in the one case, and in the other the same server answers.
    let (other, path) = match scenario.against {
        Yardstick::Ceiling | Yardstick::Static | Yardstick::Echo => {
            (Some(sides.start_ceiling(answer_bytes, scenario.rows)?), scenario.ceiling_path())
        }
        Yardstick::Unobserved => (Some(sides.start_unobserved()?), scenario.path),
        Yardstick::LogisticRegression => (None, LOGISTIC_REGRESSION),
    };
    let process = other.as_ref().unwrap_or(&server);
    let yardstick = Side { url: format!("{}{path}", process.url()), process: process.id() };
    if other.is_some() {
        ensure!(mean_answer(&yardstick.url, bodies)? == answer_bytes, "the yardstick answers with another size");
    }
    let script = wrk::script(bodies)?;
    let request_bytes = bodies.iter().map(String::len).sum::<usize>() / bodies.len().max(1);
    let Scenario { name, title, against, target, .. } = *scenario;
    let mut measured = Vec::new();
    for &connections in connections {
        let load = turns::load(script.path(), connections, sides.pinned);
        let turns = Turns::measure(&format!("{name} ({connections})"), [&served, &yardstick], rounds, load)?;
        measured.push(Measured { name, title, against, target, connections, request_bytes, answer_bytes, turns });
    }
    if let Some(receiver) = receiver {
        println!("{}: {} requests with traces were received", scenario.name, receiver.received());
        ensure!(receiver.received() > 0, "no trace was received");
    }
    Ok(measured)
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
