//! What happens to requests whatever they ask for.

use ferrocast_counters::{Count, Sharded};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Registry, Result};

use super::{AUTH_FAILURES, DEADLINE_EXCEEDED, OVERLOADED, PANICS, RATE_LIMITED, REQUESTS_IN_FLIGHT};

/// Counts what happens to requests whatever they ask for.
#[derive(Debug)]
pub struct HttpMetrics {
    requests: Sharded<Requests>,
    panics: IntCounter,
    auth_failures: IntCounter,
    rate_limited: IntCounter,
    overloaded: IntCounter,
    deadline_exceeded: IntCounter,
}

/// In the copy of one thread. A request may end on another one than it has begun on.
#[derive(Debug, Default)]
struct Requests {
    begun: Count,
    ended: Count,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
#[must_use = "the request counts as answered when this is dropped"]
pub struct InFlight<'a>(&'a HttpMetrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.requests.here().ended.add_one();
    }
}

impl HttpMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<HttpMetrics> {
        Ok(HttpMetrics {
            requests: Sharded::new(Requests::default),
            panics: PANICS.counter_in(registry)?,
            auth_failures: AUTH_FAILURES.counter_in(registry)?,
            rate_limited: RATE_LIMITED.counter_in(registry)?,
            overloaded: OVERLOADED.counter_in(registry)?,
            deadline_exceeded: DEADLINE_EXCEEDED.counter_in(registry)?,
        })
    }

    /// A request is being answered, until the guard is dropped.
    pub fn begin(&self) -> InFlight<'_> {
        self.requests.here().begun.add_one();
        InFlight(self)
    }

    /// The requests that are being answered.
    pub(crate) fn collect(&self) -> MetricFamily {
        REQUESTS_IN_FLIGHT.single(self.in_flight() as f64)
    }

    fn in_flight(&self) -> u64 {
        // In this order, for what is counted meanwhile had begun in any case.
        let ended = self.requests.sum(|requests| &requests.ended);
        self.requests.sum(|requests| &requests.begun).saturating_sub(ended)
    }

    /// A panic was caught.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// A request had no valid key, or one for less.
    pub fn auth_failed(&self) {
        self.auth_failures.inc();
    }

    /// A request was refused because its client sent too many.
    pub fn rate_limited(&self) {
        self.rate_limited.inc();
    }

    /// A request was refused because too much waited already.
    pub fn overloaded(&self) {
        self.overloaded.inc();
    }

    /// A request had no answer within its time.
    pub fn deadline_exceeded(&self) {
        self.deadline_exceeded.inc();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use prometheus::Registry;

    use super::HttpMetrics;

    #[test]
    fn a_request_is_in_flight_while_its_guard_is() {
        let http = HttpMetrics::new(&Registry::new()).unwrap();
        let first = http.begin();
        let second = http.begin();
        assert_eq!(http.in_flight(), 2);
        thread::scope(|scope| scope.spawn(|| drop(first)).join().unwrap());
        assert_eq!(http.in_flight(), 1);
        drop(second);
        assert_eq!(http.in_flight(), 0);
    }
}
