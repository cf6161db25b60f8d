//! What became of the requests of one version on the pool, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferrocast_batch::{BatchObserver, BatchReport};

use crate::DeploymentObserver;
use crate::statistics::Statistics;

/// Counts since the version was loaded.
#[derive(Debug)]
pub(crate) struct Tally {
    observer: Arc<dyn DeploymentObserver>,
    runs: AtomicU64,
    rows: AtomicU64,
    rejected: AtomicU64,
    abandoned: AtomicU64,
    expired: AtomicU64,
    statistics: Statistics,
}

/// What became of the requests of one version that went to the pool, since it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolCounts {
    /// Runs, each of one or more requests.
    pub runs: u64,
    /// The rows of all runs.
    pub rows: u64,
    /// Requests refused because the queue was full.
    pub rejected: u64,
    /// Requests, or parts of them, dropped before they ran because the client had gone.
    pub abandoned: u64,
    /// Requests, or parts of them, that were not run because their time was up.
    pub expired: u64,
}

impl Tally {
    /// Nothing yet. `observer` hears of runs, too.
    pub(crate) fn new(observer: Arc<dyn DeploymentObserver>) -> Tally {
        Tally {
            observer,
            runs: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            expired: AtomicU64::new(0),
            statistics: Statistics::default(),
        }
    }

    /// Who hears what the version does.
    pub(crate) fn observer(&self) -> &Arc<dyn DeploymentObserver> {
        &self.observer
    }

    /// The model ran once, on the pool or elsewhere.
    pub(crate) fn count_run(&self, rows: usize, took: Duration) {
        self.statistics.ran(rows, took);
        self.observer.ran(rows);
    }

    /// What all requests of the version came to, on the pool and elsewhere.
    pub(crate) fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    pub(crate) fn counts(&self) -> PoolCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolCounts {
            runs: count(&self.runs),
            rows: count(&self.rows),
            rejected: count(&self.rejected),
            abandoned: count(&self.abandoned),
            expired: count(&self.expired),
        }
    }
}

impl BatchObserver for Tally {
    fn ran(&self, report: &BatchReport) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(report.rows as u64, Ordering::Relaxed);
        self.count_run(report.rows, report.ran);
    }

    fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    fn abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    fn expired(&self) {
        self.expired.fetch_add(1, Ordering::Relaxed);
    }
}
