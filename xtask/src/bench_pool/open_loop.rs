//! Requests at a rate that does not care for the answers, as users send them.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::timed::BODY;
use crate::http::Client;

/// As many requests may be under way; one that finds none free is late, and counts from when it was due.
const SENDERS: usize = 96;

/// One answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// From when the request was due.
    pub(super) milliseconds: f64,
    /// From the beginning of the load.
    pub(super) at_seconds: f64,
}

/// What came of one load.
#[derive(Debug)]
pub(super) struct Answers {
    all: Vec<Answer>,
    seconds: f64,
}

impl Answers {
    /// Answers with status 200 a second, without those that came when no more requests did.
    pub(super) fn goodput(&self) -> f64 {
        let in_time = self.all.iter().filter(|answer| answer.status == 200 && answer.at_seconds <= self.seconds);
        in_time.count() as f64 / self.seconds
    }

    /// How many answers had another status than 200 and 429.
    pub(super) fn strange(&self) -> usize {
        self.all.iter().filter(|answer| !matches!(answer.status, 200 | 429)).count()
    }

    /// The 99th percentile of answers with this status, in milliseconds.
    pub(super) fn p99(&self, status: u16) -> f64 {
        percentile(self.latencies(status), 0.99)
    }

    /// The median of answers with this status, in milliseconds.
    pub(super) fn p50(&self, status: u16) -> f64 {
        percentile(self.latencies(status), 0.5)
    }

    fn latencies(&self, status: u16) -> Vec<f64> {
        self.all.iter().filter(|answer| answer.status == status).map(|answer| answer.milliseconds).collect()
    }
}

/// The value that this share of values is not above; not a number for none.
pub(super) fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Posts `rate` requests a second for so long, at even distances.
pub(super) fn run(url: &str, rate: f64, duration: Duration) -> anyhow::Result<Answers> {
    let count = (rate * duration.as_secs_f64()) as u64;
    let next = AtomicU64::new(0);
    let all = Mutex::new(Vec::new());
    let began = Instant::now();
    thread::scope(|scope| {
        let send = || -> anyhow::Result<()> {
            let client = Client::new();
            let mut own = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                let due = began + Duration::from_secs_f64(number as f64 / rate);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let status = client.status(url, BODY)?;
                let milliseconds = due.elapsed().as_secs_f64() * 1e3;
                own.push(Answer { status, milliseconds, at_seconds: began.elapsed().as_secs_f64() });
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
            Ok(())
        };
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().try_for_each(|sender| match sender.join() {
            Ok(sent) => sent,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(Answers { all: all.into_inner().unwrap_or_else(PoisonError::into_inner), seconds: duration.as_secs_f64() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{percentile, run};
    use crate::http::stub;

    #[test]
    fn percentiles_are_values() {
        let values = || (1..=100).map(f64::from).collect();
        assert_eq!((percentile(values(), 0.99), percentile(values(), 0.5)), (99.0, 50.0));
        assert_eq!(percentile(vec![7.0], 0.99), 7.0);
        assert!(percentile(Vec::new(), 0.5).is_nan());
    }

    #[test]
    fn every_request_is_sent_once() {
        let url = stub::serve(|_, _| ("200 OK", String::new()));
        let answers = run(&url, 100.0, Duration::from_millis(300)).unwrap();
        assert_eq!((answers.all.len(), answers.strange()), (30, 0));
        assert!(answers.p99(429).is_nan() && answers.p50(200) > 0.0);
    }
}
