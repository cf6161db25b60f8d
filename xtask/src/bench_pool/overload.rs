//! More requests than a model can run: what is answered, what is refused, how long both take, and what comes after.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::timed::{BODY, Timed, TimedModel};
use crate::{http::Client, median::median, percentile::percentile};

/// Two threads of 20 ms a row: 100 rows a second, and 16 that wait.
const MODEL: TimedModel = TimedModel {
    name: "timed",
    milliseconds: 20,
    serving: "mode = \"pooled\"\nmax_batch_rows = 1\nmax_queue_rows = 16\nthreads = 2",
};

/// What that model can run.
const CAPACITY: f64 = 100.0;

/// The server is asked so often whether it lives.
const PROBE_EVERY: Duration = Duration::from_millis(20);

/// How often a lone request is sent to see what is usual.
const USUAL: usize = 25;

/// Back to normal is when so many requests in a row take at most [`NEAR`] times the usual.
const IN_A_ROW: usize = 5;
const NEAR: f64 = 1.2;

/// It is measured for so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// One load.
#[derive(Debug)]
pub(super) struct Measured {
    /// Requests a second, as a multiple of the capacity.
    pub(super) offered: f64,
    /// Answers a second.
    pub(super) goodput: f64,
    /// In milliseconds.
    pub(super) accepted_p99: f64,
    pub(super) rejected_p99: f64,
    pub(super) health_p99: f64,
    /// Statuses other than 200 and 429, and health checks that were not answered well.
    pub(super) strange: usize,
    /// From the end of the load until requests take as long as before it.
    pub(super) normal_after_milliseconds: f64,
}

/// At the capacity, at twice and at ten times it.
pub(super) fn measure(program: &Path, seconds: u64) -> anyhow::Result<Vec<Measured>> {
    let timed = Timed::start(program, &[MODEL])?;
    let usual = median((0..USUAL).map(|_| lone(&timed)).collect::<Result<Vec<_>, _>>()?);
    let loads = [1.0, 2.0, 10.0];
    loads.into_iter().map(|offered| measure_load(&timed, offered, usual, seconds)).collect()
}

fn measure_load(timed: &Timed, offered: f64, usual: f64, seconds: u64) -> anyhow::Result<Measured> {
    let stop = AtomicBool::new(false);
    let (outcomes, probes) = thread::scope(|scope| {
        let prober = scope.spawn(|| probe(&timed.health(), &stop));
        let outcomes = timed.offer(MODEL.name, CAPACITY * offered, Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        (outcomes, prober.join())
    });
    let ended = Instant::now();
    let outcomes = outcomes?;
    let mut in_a_row = 0;
    while in_a_row < IN_A_ROW {
        anyhow::ensure!(ended.elapsed() < PATIENCE, "not back to normal after {PATIENCE:?}");
        in_a_row = if lone(timed)? <= usual * NEAR { in_a_row + 1 } else { 0 };
    }
    // Without the requests that only show that it is over.
    let shown = IN_A_ROW as f64 * usual;
    let normal_after_milliseconds = (ended.elapsed().as_secs_f64() * 1e3 - shown).max(0.0);
    let probes = probes.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    println!("{offered} times the capacity: {:.1} answers a second", outcomes.goodput());
    Ok(Measured {
        offered,
        goodput: outcomes.goodput(),
        accepted_p99: outcomes.percentile(200, 99),
        rejected_p99: outcomes.percentile(429, 99),
        health_p99: probes.p99,
        strange: outcomes.strange() + probes.failed,
        normal_after_milliseconds,
    })
}

/// A request with no others beside it, in milliseconds.
fn lone(timed: &Timed) -> anyhow::Result<f64> {
    let client = Client::new();
    let begin = Instant::now();
    client.post(&timed.url(MODEL.name), BODY)?;
    Ok(begin.elapsed().as_secs_f64() * 1e3)
}

struct Probes {
    p99: f64,
    failed: usize,
}

fn probe(url: &str, stop: &AtomicBool) -> Probes {
    let client = Client::new();
    let (mut times, mut failed) = (Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        // The folder has no default model, so the status is not 200; the body is that of a live server.
        let alive = client.get(url).is_ok_and(|health| health.get("models").is_some());
        failed += usize::from(!alive);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        thread::sleep(PROBE_EVERY);
    }
    Probes { p99: percentile(times, 99), failed }
}
