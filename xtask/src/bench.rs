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

pub(crate) use self::programs::Programs;
use self::trace_receiver::TraceReceiver;
use self::{
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

/// What training takes for each side of a scenario.
const TRAINING_SECONDS: u64 = 3;

/// Measures the wanted scenarios and prints, or writes, the table.
pub(crate) fn run(sh: &Shell, flags: &flags::Bench) -> anyhow::Result<()> {
    let (wanted, profile) = (Wanted::of(&flags.scenario)?, Profile::named(flags.profile.as_deref())?);
    let all = wanted.is_all() && flags.peers.is_some();
    ensure!(all || !flags.write, "only a run of all scenarios, with peers, is written down");
    let peers = flags.peers.as_deref().map(peers::wanted).transpose()?.unwrap_or_default();
    WRK.ensure(sh)?;
    let programs = Programs::build(sh, profile)?;
    let python = python::ensure(sh, python::MODELS)?;
    let timed_models = timed_models::ensure(sh, &python)?;

    let rounds =
        Rounds { count: flags.rounds.unwrap_or(ROUNDS).max(1), seconds: flags.seconds.unwrap_or(SECONDS).max(1) };
    let start_up = start_up(&programs.server, rounds.count)?;
    let sides = Sides::of(&programs, &timed_models)?;
    let peers = if peers.is_empty() { Vec::new() } else { peers::measure(sh, &sides, &peers, rounds)? };
    let measured = closed_loop(sh, wanted, &sides, &python, &flags.connections, rounds)?;
    let pictures = wanted.has(picture::NAME).then(|| picture::measure(sh, &programs, rounds)).transpose()?;
    let mut open_loop = Vec::new();
    if wanted.has(open_loop::NAME) {
        for &connections in numbers_or(&flags.connections, &[CONNECTIONS]) {
            open_loop.push(open_loop::measure(sh, &sides, connections, rounds)?);
        }
    }
    let overload = wanted.has(overload::NAME).then(|| overload::measure(sh, &sides, rounds)).transpose()?;
    let machine = Machine::here(sh)?;
    let pinned = sides.pinned;
    let report = Report { machine, profile, start_up, pinned, rounds, measured, open_loop, peers, pictures, overload };
    println!("\n{report}");
    if let Some(file) = &flags.json {
        fs::write(file, report.json()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if flags.write { report.write(&root().join("docs")) } else { Ok(()) }
}

/// Asks the programs for what the benchmark asks for, for them to count what of their code runs. Not for pictures: their kernels are
/// written for the processor's vectors, and leave a compiler nothing to choose.
pub(crate) fn train(sh: &Shell, programs: &Programs) -> anyhow::Result<()> {
    WRK.ensure(sh)?;
    let python = python::ensure(sh, python::MODELS)?;
    let timed_models = timed_models::ensure(sh, &python)?;
    let sides = Sides { tries_models: false, ..Sides::of(programs, &timed_models)? };
    let once = Rounds { count: 1, seconds: TRAINING_SECONDS };
    closed_loop(sh, Wanted::of(&[])?, &sides, &python, &[CONNECTIONS], once).map(drop)
}

/// The scenarios whose connections send the next request when they have the answer.
fn closed_loop(
    sh: &Shell,
    wanted: Wanted<'_>,
    sides: &Sides<'_>,
    python: &Path,
    connections: &[u32],
    rounds: Rounds,
) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for scenario in wanted.scenarios() {
        let bodies = scenario.bodies(&sides.rows(scenario)?)?;
        measured.extend(measure(sh, scenario, &bodies, sides, numbers_or(connections, scenario.connections), rounds)?);
    }
    if wanted.has(mixed::NAME) {
        measured.extend(mixed::measure(sh, sides, numbers_or(connections, &[CONNECTIONS]), rounds)?);
    }
    if wanted.has(tensor::NAME) {
        measured.push(tensor::measure(sh, sides, &timed_models::ensure_mirror(sh, python)?, rounds)?);
    }
    // Those with one yardstick are one table.
    measured.sort_by_key(|measured| measured.against);
    Ok(measured)
}

/// The numbers of connections that were given, or the usual ones.
fn numbers_or<'n>(given: &'n [u32], usual: &'n [u32]) -> &'n [u32] {
    if given.is_empty() { usual } else { given }
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
    /// Whether the server tries models in processes of their own, as it does by default. These may write no file, which a program
    /// that counts has to.
    tries_models: bool,
}

impl<'a> Sides<'a> {
    fn of(programs: &'a Programs, timed_models: &'a Path) -> anyhow::Result<Sides<'a>> {
        let Programs { server, ceiling, .. } = programs;
        let pinned = thread::available_parallelism()?.get() >= 2;
        Ok(Sides { server, ceiling, timed_models, pinned, tries_models: true })
    }

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
        let mut command = if self.pinned { on_core(0, program) } else { Command::new(program) };
        if !self.tries_models {
            command.env("MODELS__TRIAL", "false");
        }
        command
    }
}

/// A scenario with each of these numbers of connections.
fn measure(
    sh: &Shell,
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
    end(sh, other.into_iter().chain([server]))?;
    if let Some(receiver) = receiver {
        println!("{}: {} requests with traces were received", scenario.name, receiver.received());
        ensure!(receiver.received() > 0, "no trace was received");
    }
    Ok(measured)
}

/// Ends servers as whoever runs them does: one that counts how often its code runs writes that down then.
fn end(sh: &Shell, servers: impl IntoIterator<Item = Served>) -> anyhow::Result<()> {
    for server in servers {
        let status = server.terminate(sh)?;
        ensure!(status.success(), "a server ended with {status}");
    }
    Ok(())
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
