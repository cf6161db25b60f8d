//! What one version has done since it was loaded, counted and timed.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::AddAssign;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ferrocast_counters::{Count, Sharded};

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

impl AddAssign for Spent {
    fn add_assign(&mut self, more: Spent) {
        self.count += more.count;
        self.time += more.time;
    }
}

impl Sum for Spent {
    fn sum<I: Iterator<Item = Spent>>(all: I) -> Spent {
        all.fold(Spent::default(), |mut sum, spent| {
            sum += spent;
            sum
        })
    }
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

/// Counts that grow while requests are answered: each of them adds to nine.
#[derive(Debug)]
pub(crate) struct Statistics {
    began: Instant,
    counts: Sharded<Counts>,
    large_runs: Mutex<BTreeMap<usize, Spent>>,
}

/// The counts of one thread. Times are nanoseconds.
#[derive(Debug, Default)]
struct Counts {
    /// When it last answered, since [`Statistics::began`]; 0 if it never did.
    last_answer: AtomicU64,
    rows: Count,
    answered: Counter,
    failed: Counter,
    /// Those of requests that were answered.
    queue: Count,
    encode: Count,
    inference: Count,
    decode: Count,
    small_runs: [Counter; SMALL],
}

impl Default for Statistics {
    fn default() -> Statistics {
        Statistics { began: Instant::now(), counts: Sharded::new(Counts::default), large_runs: Mutex::default() }
    }
}

#[derive(Debug, Default)]
struct Counter {
    count: Count,
    nanos: Count,
}

impl Counter {
    fn add(&self, time: Duration) {
        self.count.add_one();
        self.nanos.add(nanos(time));
    }

    fn spent(&self) -> Spent {
        Spent { count: self.count.get(), time: Duration::from_nanos(self.nanos.get()) }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Statistics {
    /// A request of so many rows was answered.
    pub(crate) fn answered(&self, rows: usize, took: Duration, timing: &Timing) {
        let here = self.counts.here();
        here.last_answer.store(nanos(timing.ended.saturating_duration_since(self.began)).max(1), Ordering::Relaxed);
        here.rows.add(rows as u64);
        here.answered.add(took);
        here.queue.add(nanos(timing.queue));
        here.encode.add(nanos(timing.encode));
        here.inference.add(nanos(timing.inference));
        here.decode.add(nanos(timing.decode));
    }

    /// A request was refused or failed.
    pub(crate) fn failed(&self, took: Duration) {
        self.counts.here().failed.add(took);
    }

    /// The model ran once.
    pub(crate) fn ran(&self, rows: usize, took: Duration) {
        match rows.checked_sub(1).and_then(|place| self.counts.here().small_runs.get(place)) {
            Some(counter) => counter.add(took),
            None => {
                let mut runs = self.large_runs.lock().unwrap_or_else(PoisonError::into_inner);
                *runs.entry(rows).or_default() += Spent { count: 1, time: took };
            }
        }
    }

    pub(crate) fn report(&self) -> StatisticsReport {
        let mut runs_by_rows = self.large_runs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (rows, counter) in self.counts.iter().flat_map(|counts| (1..).zip(&counts.small_runs)) {
            let spent = counter.spent();
            if spent.count > 0 {
                *runs_by_rows.entry(rows).or_default() += spent;
            }
        }
        let last_answers = self.counts.iter().map(|counts| counts.last_answer.load(Ordering::Relaxed));
        let last_answer = last_answers.filter(|&nanos| nanos > 0).max();
        let ago = |nanos| self.began.elapsed().saturating_sub(Duration::from_nanos(nanos));
        let answered = self.spent(|counts| &counts.answered);
        let phase = |nanos: fn(&Counts) -> &Count| Spent {
            count: answered.count,
            time: Duration::from_nanos(self.counts.sum(nanos)),
        };
        StatisticsReport {
            last_answer: last_answer.and_then(|nanos| SystemTime::now().checked_sub(ago(nanos))),
            rows: self.counts.sum(|counts| &counts.rows),
            runs: runs_by_rows.values().copied().sum(),
            answered,
            failed: self.spent(|counts| &counts.failed),
            queue: phase(|counts| &counts.queue),
            encode: phase(|counts| &counts.encode),
            inference: phase(|counts| &counts.inference),
            decode: phase(|counts| &counts.decode),
            runs_by_rows,
        }
    }

    /// One counter over all threads.
    fn spent(&self, counter: impl Fn(&Counts) -> &Counter) -> Spent {
        self.counts.iter().map(|counts| counter(counts).spent()).sum()
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
