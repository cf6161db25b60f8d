//! Requests at a rate that does not care for the answers, as users send them.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    connection::{Answer, KeepAlive, Lost},
    percentile::percentile,
};

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load<'r> {
    pub(crate) address: SocketAddr,
    pub(crate) request: &'r [u8],
    /// Requests a second, at even distances.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
    /// The most that are under way. A request that finds none free is late, and counts from when it was due.
    pub(crate) connections: usize,
}

/// What came of one request.
#[derive(Debug)]
struct Outcome {
    answer: Result<Answer, Lost>,
    /// From when it was due.
    milliseconds: f64,
    /// From the beginning of the load to the answer.
    at: Duration,
}

/// What came of a load.
#[derive(Debug)]
pub(crate) struct Outcomes {
    all: Vec<Outcome>,
    duration: Duration,
}

impl Load<'_> {
    /// Sends it all and waits for the answers.
    pub(crate) fn offer(&self) -> Outcomes {
        let count = (self.rate * self.duration.as_secs_f64()) as u64;
        let (next, all, began) = (AtomicU64::new(0), Mutex::new(Vec::new()), Instant::now());
        let send = || {
            let (mut client, mut own) = (KeepAlive::to(self.address), Vec::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                let due = began + Duration::from_secs_f64(number as f64 / self.rate);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let answer = client.ask(self.request);
                let milliseconds = due.elapsed().as_secs_f64() * 1e3;
                own.push(Outcome { answer, milliseconds, at: began.elapsed() });
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
        };
        thread::scope(|scope| {
            for _ in 0..self.connections {
                scope.spawn(send);
            }
        });
        Outcomes { all: all.into_inner().unwrap_or_else(PoisonError::into_inner), duration: self.duration }
    }
}

impl Outcomes {
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Answers with status 200 a second, without those that came when no more requests did.
    pub(crate) fn goodput(&self) -> f64 {
        self.per_second(200)
    }

    /// The same of answers with status 429.
    pub(crate) fn refusals(&self) -> f64 {
        self.per_second(429)
    }

    fn per_second(&self, status: u16) -> f64 {
        let in_time = self.all.iter().filter(|outcome| outcome.status() == Some(status) && outcome.at <= self.duration);
        in_time.count() as f64 / self.duration.as_secs_f64()
    }

    /// How many requests were answered neither with 200 nor with 429, or not at all.
    pub(crate) fn strange(&self) -> usize {
        self.all.iter().filter(|outcome| !matches!(outcome.status(), Some(200 | 429))).count()
    }

    /// The value that so many of 100 answers with this status are not above, in milliseconds.
    pub(crate) fn percentile(&self, status: u16, percent: usize) -> f64 {
        let answers = self.all.iter().filter(|outcome| outcome.status() == Some(status));
        percentile(answers.map(|outcome| outcome.milliseconds).collect(), percent)
    }

    /// Fails unless each request was answered with 200 or, where that may be, with 429 and when to come back.
    pub(crate) fn check(&self, may_refuse: bool) -> anyhow::Result<()> {
        for outcome in &self.all {
            let (status, retry_after) = match &outcome.answer {
                Ok(answer) => (answer.status, answer.retry_after),
                Err(lost) => anyhow::bail!("after {:?}: {lost}", outcome.at),
            };
            let is_refusal = may_refuse && status == 429;
            anyhow::ensure!(status == 200 || is_refusal, "{status} after {:?}", outcome.at);
            anyhow::ensure!(!is_refusal || retry_after.is_some(), "429 without a whole number in retry-after");
        }
        Ok(())
    }
}

impl Outcome {
    fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Load;
    use crate::{
        connection::{address, post_json},
        http::stub,
    };

    fn offered(answer: fn(&str, &str) -> (&'static str, String)) -> super::Outcomes {
        let (url, request) = (stub::serve(answer), post_json("/", "{}"));
        let address = address(&url).unwrap();
        let duration = Duration::from_millis(300);
        Load { address, request: &request, rate: 100.0, duration, connections: 1 }.offer()
    }

    #[test]
    fn every_request_is_sent_once() {
        let outcomes = offered(|_, _| ("200 OK", String::new()));
        assert_eq!(outcomes.count(), 30);
        outcomes.check(false).unwrap();
        assert_eq!((outcomes.strange(), outcomes.refusals()), (0, 0.0));
        assert!(outcomes.percentile(200, 99) > 0.0 && outcomes.percentile(429, 99).is_nan());
    }

    #[test]
    fn refusals_say_when_to_come_back() {
        let refused = offered(|_, _| ("429 Too Many Requests\r\nretry-after: 1", String::new()));
        refused.check(true).unwrap();
        assert!(refused.refusals() > 0.0 && refused.goodput() == 0.0 && refused.strange() == 0);
        assert!(offered(|_, _| ("429 Too Many Requests\r\nretry-after: 1", String::new())).check(false).is_err());
        assert!(offered(|_, _| ("429 Too Many Requests", String::new())).check(true).is_err());
        let failed = offered(|_, _| ("503 Service Unavailable", String::new()));
        assert!(failed.check(true).is_err());
        assert_eq!(failed.strange(), failed.count());
    }
}
