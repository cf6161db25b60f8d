//! One rate for many: each key of the limiter has a bucket of its own.

mod table;

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock, Reference as _};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};

use self::table::Table;
use crate::rate::Rate;

/// Time between two sweeps that a full table makes by itself: it takes about a millisecond for the default of entries.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(1);

/// A request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests at once: the burst.
    pub limit: u32,
    /// Requests that would be let through now.
    pub remaining: u32,
    /// Time until the whole burst is there again, rounded up to that of whole requests.
    pub reset: Duration,
}

/// A request came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests: at most {limit} at once, and the next in {retry_after:?}")]
pub struct Limited {
    /// Requests at once: the burst.
    pub limit: u32,
    /// Time until the next request would be let through.
    pub retry_after: Duration,
}

/// Buckets of one rate. `C` is the clock that they fill by.
#[derive(Debug)]
pub(crate) struct Limiter<K, C>
where
    K: Clone + Eq + Hash,
    C: Clock,
{
    limiter: RateLimiter<K, Table<K>, C, StateInformationMiddleware>,
    most_entries: usize,
    swept: Mutex<C::Instant>,
}

impl<K, C> Limiter<K, C>
where
    K: Clone + Eq + Hash,
    C: Clock,
{
    /// Remembers at most `most_entries`.
    pub(crate) fn new(rate: Rate, most_entries: usize, clock: C) -> Limiter<K, C> {
        let swept = Mutex::new(clock.now());
        let limiter = RateLimiter::new(rate.quota(), Table::new(most_entries), clock);
        Limiter { limiter, most_entries, swept }
    }

    pub(crate) fn check(&self, key: &K) -> Result<Allowance, Limited> {
        if self.len() >= self.most_entries {
            self.sweep_now_and_then();
        }
        match self.limiter.check_key(key) {
            Ok(state) => Ok(Allowance::of(&state)),
            Err(refusal) => Err(Limited {
                limit: refusal.quota().burst_size().get(),
                retry_after: refusal.wait_time_from(self.limiter.clock().now()),
            }),
        }
    }

    /// Forgets those whose burst is there again; they are as they would be if they had never come.
    pub(crate) fn sweep(&self) {
        self.limiter.retain_recent();
    }

    pub(crate) fn len(&self) -> usize {
        self.limiter.len()
    }

    fn sweep_now_and_then(&self) {
        let now = self.limiter.clock().now();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if now.duration_since(*swept) < BETWEEN_SWEEPS.into() {
                return;
            }
            *swept = now;
        }
        self.sweep();
    }
}

impl Allowance {
    fn of(state: &StateSnapshot) -> Allowance {
        let quota = state.quota();
        let limit = quota.burst_size().get();
        let remaining = state.remaining_burst_capacity();
        let reset = quota.replenish_interval().saturating_mul(limit.saturating_sub(remaining));
        Allowance { limit, remaining, reset }
    }
}
