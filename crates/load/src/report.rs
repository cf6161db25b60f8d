//! What came of a load test.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::FailureKind;
use crate::tally::Tally;

/// Counts, rates and latencies of the measurement. Serialised, it has the names and units that its fields have here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What was asked.
    pub url: String,
    /// By this method.
    pub method: String,
    /// On as many connections.
    pub connections: usize,
    /// Requests that were due each second; none if each connection sent as fast as it was answered.
    pub offered_per_second: Option<f64>,
    /// From the end of warming up to the end of the measurement: less than was planned if it was stopped.
    pub seconds: f64,
    /// Requests that were sent, or could not be for want of a connection. They are `answers`, `failed` and `abandoned`.
    pub requests: u64,
    /// Requests that were answered whole, with any status.
    pub answers: u64,
    /// Requests that got no whole answer.
    pub failed: u64,
    /// Requests that were under way when the test was stopped: nobody knows what became of them.
    pub abandoned: u64,
    /// Requests that were due and not sent, as all connections were busy up to the end.
    pub unsent: u64,
    /// Requests that were sent while warming up. They are counted nowhere else.
    pub warm_up_requests: u64,
    /// Answers that were there at the end, each second.
    pub answers_per_second: f64,
    /// Of the bodies of answers.
    pub answer_bytes: u64,
    /// How many answers had which status.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests failed in which way.
    pub failures: BTreeMap<FailureKind, FailureCount>,
    /// Of answers; none if there was no answer.
    pub latency_milliseconds: Option<Latency>,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureCount {
    /// How many.
    pub count: u64,
    /// What was said of one of them.
    pub example: String,
}

/// Latencies in milliseconds, to three digits: from when a request was sent ([`Pace::Closed`](crate::Pace::Closed)) or due
/// ([`Pace::Open`](crate::Pace::Open)) until its answer was there, whatever its status. Where a request needed a new connection,
/// the time that this took is in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// The mean.
    pub mean: f64,
    /// What half of the answers did not take longer than.
    pub p50: f64,
    /// What 90 of 100 did not take longer than.
    pub p90: f64,
    /// What 95 of 100 did not take longer than.
    pub p95: f64,
    /// What 99 of 100 did not take longer than.
    pub p99: f64,
    /// What 999 of 1,000 did not take longer than.
    pub p99_9: f64,
    /// What the slowest took.
    pub max: f64,
}

impl Latency {
    fn of(microseconds: &Histogram<u64>) -> Option<Latency> {
        let at = |share| microseconds.value_at_quantile(share) as f64 / 1e3;
        (!microseconds.is_empty()).then(|| Latency {
            mean: microseconds.mean() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p99_9: at(0.999),
            max: microseconds.max() as f64 / 1e3,
        })
    }
}

/// What a report says beside the counts.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) connections: usize,
    pub(crate) offered_per_second: Option<f64>,
}

impl Report {
    pub(crate) fn new(setting: &Setting, tally: Tally, unsent: u64, measured: Duration, is_over: bool) -> Report {
        let Setting { url, method, connections, offered_per_second } = setting;
        let Tally { warm_up, sent, in_time, statuses, failures, answer_bytes, latencies } = tally;
        let failures: BTreeMap<_, _> = failures
            .into_iter()
            .map(|(kind, failures)| (kind, FailureCount { count: failures.count, example: failures.example }))
            .collect();
        let answers = statuses.values().sum();
        let failed = failures.values().map(|failures| failures.count).sum();
        let seconds = measured.as_secs_f64();
        Report {
            url: url.clone(),
            method: method.clone(),
            connections: *connections,
            offered_per_second: *offered_per_second,
            seconds,
            requests: sent,
            answers,
            failed,
            abandoned: if is_over { sent.saturating_sub(answers + failed) } else { 0 },
            unsent,
            warm_up_requests: warm_up,
            answers_per_second: if seconds > 0.0 { in_time as f64 / seconds } else { 0.0 },
            answer_bytes,
            statuses,
            failures,
            latency_milliseconds: Latency::of(&latencies),
        }
    }

    /// Answers with a status of 400 or above.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.statuses.iter().filter(|(status, _)| **status >= 400).map(|(_, count)| count).sum()
    }

    /// Whether there were answers, and nothing but answers with a status below 400.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.answers > 0 && self.failed == 0 && self.refused() == 0
    }
}
