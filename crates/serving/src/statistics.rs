//! What one version has done since it was loaded, counted and timed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::Timing;

/// Runs of up to so many rows are counted without a lock. One of more takes so long that a lock is nothing beside it.
const SMALL: usize = 32;

/// How often something was done, and how long it took in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// How often.
    pub count: u64,
    /// In all.
    pub time: Duration,
}

/// What one version has done since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatisticsReport {
    /// When it last answered; `None` if it never did.
    pub last_answer: Option<SystemTime>,
    /// Rows of all requests that were answered.
    pub rows: u64,
    /// Runs of the model.
    pub runs: Spent,
    /// Requests that were answered, from their rows to their predictions.
    pub answered: Spent,
    /// Requests that were not.
    pub failed: Spent,
    /// The waits of those that were answered.
    pub queue: Spent,
    /// Rows to tensors.
    pub encode: Spent,
    /// The runs that requests were part of, for each request.
    pub inference: Spent,
    /// Tensors to predictions.
    pub decode: Spent,
    /// Runs by their numbers of rows.
    pub runs_by_rows: BTreeMap<usize, Spent>,
}

/// Counts that grow while requests are answered. Those of a request are touched by each of them, so they are few.
#[derive(Debug)]
pub(crate) struct Statistics {
    began: Instant,
    /// When it was, in nanoseconds since `began`; 0 if there was none.
    last_answer: AtomicU64,
    rows: AtomicU64,
    answered: Counter,
    failed: Counter,
    /// Nanoseconds of those that were answered.
    queue: AtomicU64,
    encode: AtomicU64,
    inference: AtomicU64,
    decode: AtomicU64,
    small_runs: [Counter; SMALL],
    large_runs: Mutex<BTreeMap<usize, Spent>>,
}

impl Default for Statistics {
    fn default() -> Statistics {
        Statistics {
            began: Instant::now(),
            last_answer: AtomicU64::default(),
            rows: AtomicU64::default(),
            answered: Counter::default(),
            failed: Counter::default(),
            queue: AtomicU64::default(),
            encode: AtomicU64::default(),
            inference: AtomicU64::default(),
            decode: AtomicU64::default(),
            small_runs: Default::default(),
            large_runs: Mutex::default(),
        }
    }
}

#[derive(Debug, Default)]
struct Counter {
    count: AtomicU64,
    nanos: AtomicU64,
}

impl Counter {
    fn add(&self, time: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos(time), Ordering::Relaxed);
    }

    fn spent(&self) -> Spent {
        let time = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        Spent { count: self.count.load(Ordering::Relaxed), time }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Statistics {
    /// A request of so many rows was answered.
    pub(crate) fn answered(&self, rows: usize, took: Duration, timing: &Timing) {
        self.last_answer.store(nanos(timing.ended.saturating_duration_since(self.began)).max(1), Ordering::Relaxed);
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.answered.add(took);
        let phases = [
            (&self.queue, timing.queue),
            (&self.encode, timing.encode),
            (&self.inference, timing.inference),
            (&self.decode, timing.decode),
        ];
        for (sum, time) in phases.into_iter().filter(|(_, time)| !time.is_zero()) {
            sum.fetch_add(nanos(time), Ordering::Relaxed);
        }
    }

    /// A request was refused or failed.
    pub(crate) fn failed(&self, took: Duration) {
        self.failed.add(took);
    }

    /// The model ran once.
    pub(crate) fn ran(&self, rows: usize, took: Duration) {
        match rows.checked_sub(1).and_then(|place| self.small_runs.get(place)) {
            Some(counter) => counter.add(took),
            None => {
                let mut runs = self.large_runs.lock().unwrap_or_else(PoisonError::into_inner);
                let spent = runs.entry(rows).or_default();
                spent.count += 1;
                spent.time += took;
            }
        }
    }

    pub(crate) fn report(&self) -> StatisticsReport {
        let small = self.small_runs.iter().enumerate().map(|(place, counter)| (place + 1, counter.spent()));
        let mut runs_by_rows: BTreeMap<usize, Spent> = small.filter(|(_, spent)| spent.count > 0).collect();
        runs_by_rows.extend(self.large_runs.lock().unwrap_or_else(PoisonError::into_inner).iter());
        let all = |all: Spent, run: &Spent| Spent { count: all.count + run.count, time: all.time + run.time };
        let last_answer = Some(self.last_answer.load(Ordering::Relaxed)).filter(|&nanos| nanos > 0);
        let ago = |nanos| self.began.elapsed().saturating_sub(Duration::from_nanos(nanos));
        let answered = self.answered.spent();
        let phase =
            |sum: &AtomicU64| Spent { count: answered.count, time: Duration::from_nanos(sum.load(Ordering::Relaxed)) };
        StatisticsReport {
            last_answer: last_answer.and_then(|nanos| SystemTime::now().checked_sub(ago(nanos))),
            rows: self.rows.load(Ordering::Relaxed),
            runs: runs_by_rows.values().fold(Spent::default(), all),
            answered,
            failed: self.failed.spent(),
            queue: phase(&self.queue),
            encode: phase(&self.encode),
            inference: phase(&self.inference),
            decode: phase(&self.decode),
            runs_by_rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_adds_up() {
        let statistics = Statistics::default();
        assert_eq!(statistics.report(), StatisticsReport::default());
        let ms = Duration::from_millis;
        let timing = Timing {
            began: Instant::now(),
            encode: ms(1),
            queue: ms(2),
            inference: ms(3),
            decode: ms(4),
            batch_rows: 40,
            closed_by: None,
            ended: Instant::now(),
        };
        for rows in [1, 40, 40, 32] {
            statistics.ran(rows, ms(3));
        }
        statistics.answered(40, ms(10), &timing);
        statistics.failed(ms(7));
        let report = statistics.report();
        assert!(report.last_answer.is_some_and(|time| time.elapsed().is_ok_and(|ago| ago < ms(60_000))));
        assert_eq!((report.rows, report.runs), (40, Spent { count: 4, time: ms(12) }));
        assert_eq!((report.answered.time, report.failed.time, report.queue.time), (ms(10), ms(7), ms(2)));
        let by_rows: Vec<_> = report.runs_by_rows.iter().map(|(rows, spent)| (*rows, spent.count)).collect();
        assert_eq!(by_rows, [(1, 1), (32, 1), (40, 2)]);
    }
}
