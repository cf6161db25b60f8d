//! What one thread has counted.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::connection::Answered;
use crate::failure::{Failure, FailureKind};

/// Latencies are told apart to three digits, from a microsecond to a day.
const MOST_MICROSECONDS: u64 = 24 * 60 * 60 * 1_000_000;
const DIGITS: u8 = 3;

/// Failures of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    /// What was said of the first.
    pub(crate) example: String,
}

/// Counts of requests. Of the measurement, but for those of warming up.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Sent while warming up.
    pub(crate) warm_up: u64,
    /// Sent, or tried to.
    pub(crate) sent: u64,
    /// Answers that came before the end.
    pub(crate) in_time: u64,
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) failures: BTreeMap<FailureKind, Failures>,
    pub(crate) answer_bytes: u64,
    /// Of answers, in microseconds.
    pub(crate) latencies: Histogram<u64>,
}

impl Default for Tally {
    #[expect(clippy::expect_used, reason = "the bounds are constants, and good ones")]
    fn default() -> Tally {
        Tally {
            warm_up: 0,
            sent: 0,
            in_time: 0,
            statuses: BTreeMap::new(),
            failures: BTreeMap::new(),
            answer_bytes: 0,
            latencies: Histogram::new_with_bounds(1, MOST_MICROSECONDS, DIGITS).expect("bounds"),
        }
    }
}

impl Tally {
    pub(crate) fn answered(&mut self, answer: Answered, latency: Duration, is_in_time: bool) {
        *self.statuses.entry(answer.status).or_default() += 1;
        self.in_time += u64::from(is_in_time);
        self.answer_bytes += answer.bytes;
        // Rounded up, so that no answer takes no time.
        let microseconds = latency.as_nanos().div_ceil(1000);
        self.latencies.saturating_record(u64::try_from(microseconds).unwrap_or(u64::MAX));
    }

    pub(crate) fn failed(&mut self, failure: Failure) {
        let Failure { kind, message } = failure;
        self.failures.entry(kind).or_insert(Failures { count: 0, example: message }).count += 1;
    }

    /// Adds what another thread has counted.
    pub(crate) fn add(&mut self, other: &Tally) {
        self.warm_up += other.warm_up;
        self.sent += other.sent;
        self.in_time += other.in_time;
        self.answer_bytes += other.answer_bytes;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (kind, Failures { count, example }) in &other.failures {
            self.failures.entry(*kind).or_insert(Failures { count: 0, example: example.clone() }).count += count;
        }
        // Both have the same bounds.
        self.latencies += &other.latencies;
    }
}
