//! How often an address may come with a wrong key.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, MonotonicClock};

use crate::caller::AddressBlock;
use crate::limiter::{Limited, Limiter};
use crate::rate::Rate;

/// Wrong keys a minute that an address may try.
pub const FAILURES_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Counts wrong keys by address: [`FAILURES_A_MINUTE`] at once, and as many in each minute after that. Only who comes with a
/// wrong key is counted, so it never keeps a valid one out. Addresses count as in [`RateLimits`](crate::RateLimits), and
/// as many are remembered.
#[derive(Debug)]
pub struct Failures<C: Clock = MonotonicClock>(Limiter<AddressBlock, C>);

impl Failures {
    /// Remembers at most `most_entries` addresses.
    pub fn new(most_entries: usize) -> Failures {
        Failures::with_clock(most_entries, MonotonicClock)
    }
}

impl<C: Clock> Failures<C> {
    /// As [`Failures::new`], by a clock of the caller's.
    pub fn with_clock(most_entries: usize, clock: C) -> Failures<C> {
        Failures(Limiter::new(Rate::per_minute(FAILURES_A_MINUTE), most_entries, clock))
    }

    /// A wrong key came from `address`.
    ///
    /// # Errors
    /// [`Limited`], if it is one too many.
    pub fn record(&self, address: IpAddr) -> Result<(), Limited> {
        self.0.check(&AddressBlock::of(address)).map(drop)
    }

    /// Forgets addresses that may try as many keys again as at first. To be called every now and then.
    pub fn sweep(&self) {
        self.0.sweep();
    }

    /// How many addresses are remembered.
    pub fn entries(&self) -> usize {
        self.0.len()
    }
}
