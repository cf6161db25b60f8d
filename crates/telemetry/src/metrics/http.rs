//! What happens to requests whatever they ask for.

use prometheus::{IntCounter, IntGauge, Registry, Result};

use super::{AUTH_FAILURES, DEADLINE_EXCEEDED, OVERLOADED, PANICS, RATE_LIMITED, REQUESTS_IN_FLIGHT};

/// Counts what happens to requests whatever they ask for.
#[derive(Debug)]
pub struct HttpMetrics {
    in_flight: IntGauge,
    panics: IntCounter,
    auth_failures: IntCounter,
    rate_limited: IntCounter,
    overloaded: IntCounter,
    deadline_exceeded: IntCounter,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
#[must_use = "the request counts as answered when this is dropped"]
pub struct InFlight {
    gauge: IntGauge,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

impl HttpMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<HttpMetrics> {
        Ok(HttpMetrics {
            in_flight: REQUESTS_IN_FLIGHT.gauge_in(registry)?,
            panics: PANICS.counter_in(registry)?,
            auth_failures: AUTH_FAILURES.counter_in(registry)?,
            rate_limited: RATE_LIMITED.counter_in(registry)?,
            overloaded: OVERLOADED.counter_in(registry)?,
            deadline_exceeded: DEADLINE_EXCEEDED.counter_in(registry)?,
        })
    }

    /// A request is being answered, until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight { gauge: self.in_flight.clone() }
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
        assert_eq!(http.in_flight.get(), 2);
        thread::scope(|scope| scope.spawn(|| drop(first)).join().unwrap());
        assert_eq!(http.in_flight.get(), 1);
        drop(second);
        assert_eq!(http.in_flight.get(), 0);
    }
}
