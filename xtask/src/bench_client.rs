//! `cargo xtask bench-client`: whether `ferrocast bench` measures what `wrk` does, on the same running server.
//!
//! The server has one core and each of the two the other, in turns, so that a change of the machine's speed meets both.

use std::{fmt, path::Path, process::Command, thread, time::Duration};

use anyhow::ensure;
use xshell::Shell;

use crate::{
    flags,
    load_test::{self, LoadTest},
    machine::Machine,
    marked::Marks,
    median::median,
    models::Golden,
    pinned::on_core,
    served::{self, Served},
    tools::WRK,
    workspace::root,
    wrk::{self, Load, Sample},
};

const CONNECTIONS: u32 = 64;
const SECONDS: u64 = 2;
/// Many and short: a shared machine changes its speed by half within a minute, and a median of few long rounds follows it.
const ROUNDS: usize = 31;
/// Before the first measurement.
const WARM_UP_SECONDS: u64 = 2;
/// By how much the rates may differ at most, as a share of wrk's.
const TOLERANCE: f64 = 0.1;

const MEASURED: Marks = Marks {
    begin: "<!-- Measured, written by `cargo xtask bench-client --write`. -->",
    end: "<!-- End of what is measured of the load test. -->",
};

/// Measures both and prints, or writes, the table. Fails if they do not agree.
pub(crate) fn run(sh: &Shell, flags: &flags::BenchClient) -> anyhow::Result<()> {
    ensure!(thread::available_parallelism()?.get() >= 2, "server and load need a core each");
    WRK.ensure(sh)?;
    let program = served::build(sh)?;
    let rows = rows()?;
    let bodies = load_test::write_bodies(sh, &rows)?;
    let script = wrk::script(&rows)?;

    let server = Served::start(served::with_samples(alone(&program)))?;
    let url = format!("{}/predict", server.url());
    let wrk =
        |seconds| Load { url: &url, script: script.path(), connections: CONNECTIONS, seconds, pinned: true }.run();
    let bench = |seconds| {
        let load = LoadTest {
            program: &program,
            url: &url,
            bodies: &bodies,
            connections: CONNECTIONS,
            rate: None,
            warm_up: Duration::ZERO,
            seconds,
            pinned: true,
        };
        Ok::<Sample, anyhow::Error>(load.run()?.sample)
    };
    let (rounds, seconds) = (flags.rounds.unwrap_or(ROUNDS).max(1), flags.seconds.unwrap_or(SECONDS).max(1));
    wrk(WARM_UP_SECONDS)?;
    let mut pairs = Vec::new();
    for round in 1..=rounds {
        let pair = Pair { wrk: wrk(seconds)?, bench: bench(seconds)? };
        println!("round {round} of {rounds}: ferrocast bench {}, wrk {}", pair.bench, pair.wrk);
        pairs.push(pair);
    }
    let report = Report { machine: Machine::here(sh)?, seconds, pairs };
    println!("\n{report}");
    let ratio = median(report.ratios());
    ensure!((ratio - 1.0).abs() <= TOLERANCE, "they differ by more than {:.0} %", TOLERANCE * 100.0);
    if flags.write { MEASURED.write(&root().join("docs/performance.md"), &report.to_string()) } else { Ok(()) }
}

/// Real ones, different from each other.
fn rows() -> anyhow::Result<Vec<String>> {
    let golden = Golden::read(&root().join("models/penguins/1/golden.json"))?;
    Ok(golden.cases.into_iter().map(|case| case.input.to_string()).collect())
}

/// A server with one thread on a core of its own.
fn alone(program: &Path) -> Command {
    let mut command = on_core(0, program);
    command.env("SERVER__WORKERS", "1");
    command
}

/// One measurement of each.
#[derive(Debug)]
struct Pair {
    wrk: Sample,
    bench: Sample,
}

/// One run of the command.
#[derive(Debug)]
struct Report {
    machine: Machine,
    seconds: u64,
    pairs: Vec<Pair>,
}

impl Report {
    /// Of the rates of the two, in each round.
    fn ratios(&self) -> impl Iterator<Item = f64> {
        self.pairs.iter().map(|pair| pair.bench.rate / pair.wrk.rate)
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, side: impl Fn(&Pair) -> Sample) -> fmt::Result {
        let of = |value: fn(&Sample) -> f64| median(self.pairs.iter().map(|pair| value(&side(pair))));
        let (rate, p50) = (of(|sample| sample.rate), of(|sample| sample.p50_milliseconds));
        write!(f, "\n| {name} | {rate:.0}/s | {p50:.2} ms | {:.2} ms |", of(|sample| sample.p99_milliseconds))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "{CONNECTIONS} connections, server on one core, load on another; medians of {} rounds of {} s each, in turns.",
            self.pairs.len(),
            self.seconds
        )?;
        write!(f, "\n| | Answers | p50 | p99 |\n|---|--:|--:|--:|")?;
        self.row(f, "`wrk`", |pair| pair.wrk)?;
        self.row(f, "`ferrocast bench`", |pair| pair.bench)?;
        let (least, most) = (self.ratios().fold(f64::INFINITY, f64::min), self.ratios().fold(0.0, f64::max));
        write!(
            f,
            "\n\nIn the median of the rounds `ferrocast bench` has **{:.1} %** of wrk's rate, {:.1} to {:.1} % in single rounds.",
            median(self.ratios()) * 100.0,
            least * 100.0,
            most * 100.0
        )
    }
}
