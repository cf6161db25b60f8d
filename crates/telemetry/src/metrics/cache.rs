//! The cache: what it counts itself, and what its remote tier fails to do.

use ferrocast_cache::redis::ValueError;
use ferrocast_cache::{CacheObserver, CacheStatus};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Registry, Result};

use super::{
    CACHE_BYTES, CACHE_DEGRADED, CACHE_ENTRIES, CACHE_HITS, CACHE_MISSES, CACHE_REMOTE_FAILURES, CACHE_REMOTE_HITS,
    CACHE_SHARED,
};

/// Hears what goes wrong in the remote tier. Where answers come from is counted by the cache, and is in its [`CacheStatus`].
#[derive(Debug)]
pub struct CacheMetrics {
    remote_failures: IntCounter,
}

impl CacheObserver for CacheMetrics {
    fn lookup_failed(&self) {
        self.remote_failures.inc();
    }

    fn garbage(&self, _why: ValueError) {
        self.remote_failures.inc();
    }

    fn put_dropped(&self) {
        self.remote_failures.inc();
    }
}

impl CacheMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<CacheMetrics> {
        Ok(CacheMetrics { remote_failures: CACHE_REMOTE_FAILURES.counter_in(registry)? })
    }
}

/// What the cache counts itself.
pub(crate) fn collect(status: &CacheStatus) -> [MetricFamily; 7] {
    [
        (&CACHE_HITS, status.memory),
        (&CACHE_MISSES, status.misses),
        (&CACHE_SHARED, status.shared),
        (&CACHE_REMOTE_HITS, status.remote),
        (&CACHE_DEGRADED, u64::from(status.degraded)),
        (&CACHE_ENTRIES, status.entries),
        (&CACHE_BYTES, status.bytes),
    ]
    .map(|(family, value)| family.single(value as f64))
}
