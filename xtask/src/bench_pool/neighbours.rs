//! A slow model beside a fast one: whether the slow one keeps the fast one waiting.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::Context;

use super::timed::{BODY, Timed, TimedModel};
use crate::http::Client;

/// A second a run, on all threads that it gets.
const SLOW: TimedModel =
    TimedModel { name: "slow", milliseconds: 1000, serving: "mode = \"pooled\"\nmax_batch_rows = 1" };
/// A tenth of a second's worth of runs in a second.
const FAST: TimedModel = TimedModel { name: "fast", milliseconds: 5, serving: "mode = \"pooled\"\nmax_batch_rows = 1" };
const FAST_RATE: f64 = 20.0;
/// Clients that keep the slow model busy.
const SLOW_CLIENTS: usize = 8;

/// The fast model's answers, in milliseconds.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) alone: Latencies,
    pub(super) beside: Latencies,
}

#[derive(Debug)]
pub(super) struct Latencies {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The fast model alone, and beside the slow one.
pub(super) fn measure(program: &Path, seconds: u64) -> anyhow::Result<Measured> {
    let timed = Timed::start(program, &[SLOW, FAST])?;
    let fast = || -> anyhow::Result<Latencies> {
        let outcomes = timed.offer(FAST.name, FAST_RATE, Duration::from_secs(seconds))?;
        outcomes.check(false).context("the fast model failed")?;
        Ok(Latencies { p50: outcomes.percentile(200, 50), p99: outcomes.percentile(200, 99) })
    };
    let alone = fast()?;
    let (stop, failed) = (AtomicBool::new(false), AtomicBool::new(false));
    let beside = thread::scope(|scope| {
        for _ in 0..SLOW_CLIENTS {
            scope.spawn(|| {
                let client = Client::new();
                loop {
                    let status = client.status(&timed.url(SLOW.name), BODY);
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // What is not answered well keeps nothing busy.
                    failed.fetch_or(!matches!(status, Ok(200)), Ordering::Relaxed);
                }
            });
        }
        let beside = fast();
        stop.store(true, Ordering::Relaxed);
        beside
    })?;
    anyhow::ensure!(!failed.into_inner(), "the slow model failed");
    Ok(Measured { alone, beside })
}
