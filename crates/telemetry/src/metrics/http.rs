//! What happens to requests whatever they ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::sharded::{Sharded, count};
use super::text::Text;
use super::{AUTH_FAILURES, DEADLINE_EXCEEDED, OVERLOADED, PANICS, RATE_LIMITED, REQUESTS_IN_FLIGHT};

/// Counts what happens to requests whatever they ask for.
#[derive(Debug)]
pub struct HttpMetrics {
    /// Each guard holds one of these: how many there are is what the references are counted for anyway.
    begun: Sharded<Arc<Begun>>,
    panics: AtomicU64,
    auth_failures: AtomicU64,
    rate_limited: AtomicU64,
    overloaded: AtomicU64,
    deadline_exceeded: AtomicU64,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
#[must_use = "the request counts as answered when this is dropped"]
pub struct InFlight {
    _begun: Arc<Begun>,
}

/// Aligned, so that the references of two threads are not counted in one line of the cache.
#[derive(Debug)]
#[repr(align(128))]
struct Begun;

impl HttpMetrics {
    pub(crate) fn new() -> HttpMetrics {
        HttpMetrics {
            begun: Sharded::new(|| Arc::new(Begun)),
            panics: AtomicU64::default(),
            auth_failures: AtomicU64::default(),
            rate_limited: AtomicU64::default(),
            overloaded: AtomicU64::default(),
            deadline_exceeded: AtomicU64::default(),
        }
    }

    /// A request is being answered, until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        InFlight { _begun: Arc::clone(self.begun.here()) }
    }

    /// A panic was caught.
    pub fn panicked(&self) {
        count(&self.panics);
    }

    /// A request had no valid key, or one for less.
    pub fn auth_failed(&self) {
        count(&self.auth_failures);
    }

    /// A request was refused because its client sent too many.
    pub fn rate_limited(&self) {
        count(&self.rate_limited);
    }

    /// A request was refused because too much waited already.
    pub fn overloaded(&self) {
        count(&self.overloaded);
    }

    /// A request had no answer within its time.
    pub fn deadline_exceeded(&self) {
        count(&self.deadline_exceeded);
    }

    fn in_flight(&self) -> usize {
        self.begun.iter().map(|begun| Arc::strong_count(begun) - 1).sum()
    }

    pub(crate) fn write(&self, text: &mut Text) {
        text.single(&REQUESTS_IN_FLIGHT, self.in_flight());
        let counters = [
            (&PANICS, &self.panics),
            (&AUTH_FAILURES, &self.auth_failures),
            (&RATE_LIMITED, &self.rate_limited),
            (&OVERLOADED, &self.overloaded),
            (&DEADLINE_EXCEEDED, &self.deadline_exceeded),
        ];
        for (family, counter) in counters {
            text.single(family, counter.load(Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::HttpMetrics;

    #[test]
    fn a_request_is_in_flight_while_its_guard_is() {
        let http = HttpMetrics::new();
        let first = http.begin();
        let second = http.begin();
        assert_eq!(http.in_flight(), 2);
        thread::scope(|scope| scope.spawn(|| drop(first)).join().unwrap());
        assert_eq!(http.in_flight(), 1);
        drop(second);
        assert_eq!(http.in_flight(), 0);
    }
}
