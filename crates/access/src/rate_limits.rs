//! How often each caller may ask.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::{Clock, MonotonicClock};

use crate::caller::{AddressBlock, Caller};
use crate::key_digest::KeyId;
use crate::limiter::{Allowance, Limited, Limiter};
use crate::rate::Rate;

/// Most addresses that are remembered unless somebody says otherwise: about 3 MB.
pub const DEFAULT_MOST_ENTRIES: usize = 100_000;

/// No bound: there are no more keys than the file of keys has had since the last sweep.
const ALL_KEYS: usize = usize::MAX;

/// Limits of requests, for each key and each address by itself. Filled by a clock that nobody sets, so that setting the
/// wall's lets nobody through and locks nobody out.
///
/// Addresses count alone if they are IPv4 and by their /64 if they are IPv6. Addresses beyond those that are remembered
/// share one bucket of the default rate. Keys are remembered apart from them, so that a flood of addresses touches no key.
#[derive(Debug)]
pub struct RateLimits<C: Clock = MonotonicClock> {
    default: Option<Rate>,
    clock: C,
    addresses: Option<Limiter<AddressBlock, C>>,
    /// One limiter for each rate in use, whoever has it.
    keys: Mutex<HashMap<Rate, Limiter<KeyId, C>>>,
}

impl RateLimits {
    /// `default` holds for addresses and for keys without a rate of their own; where there is none, they are not limited.
    /// Remembers at most `most_entries` addresses.
    pub fn new(default: Option<Rate>, most_entries: usize) -> RateLimits {
        RateLimits::with_clock(default, most_entries, MonotonicClock)
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    /// As [`RateLimits::new`], by a clock of the caller's.
    pub fn with_clock(default: Option<Rate>, most_entries: usize, clock: C) -> RateLimits<C> {
        let addresses = default.map(|rate| Limiter::new(rate, most_entries, clock.clone()));
        RateLimits { default, clock, addresses, keys: Mutex::default() }
    }

    /// Counts a request. `None` if the caller is not limited; nothing is remembered of him then.
    ///
    /// # Errors
    /// [`Limited`], if the request is one too many. It is not counted then.
    pub fn check(&self, caller: Caller<'_>) -> Result<Option<Allowance>, Limited> {
        match caller {
            Caller::Address(address) => {
                self.addresses.as_ref().map(|limiter| limiter.check(&AddressBlock::of(address))).transpose()
            }
            Caller::Key(principal) => {
                let Some(rate) = principal.rate.or(self.default) else { return Ok(None) };
                let mut keys = self.keys();
                let limiter = keys.entry(rate).or_insert_with(|| Limiter::new(rate, ALL_KEYS, self.clock.clone()));
                limiter.check(&principal.id).map(Some)
            }
        }
    }

    /// Forgets callers whose whole burst is there again. To be called every now and then: a full table does so by itself,
    /// one that is not full would keep them.
    pub fn sweep(&self) {
        self.addresses.iter().for_each(Limiter::sweep);
        self.keys().retain(|_, limiter| {
            limiter.sweep();
            limiter.len() > 0
        });
    }

    /// How many addresses and keys are remembered.
    pub fn entries(&self) -> usize {
        let addresses = self.addresses.as_ref().map_or(0, Limiter::len);
        addresses + self.keys().values().map(Limiter::len).sum::<usize>()
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<Rate, Limiter<KeyId, C>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
