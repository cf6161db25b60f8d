//! The cache: what it counts itself, and what its remote tier fails to do.

use std::sync::atomic::{AtomicU64, Ordering};

use ferrocast_cache::redis::ValueError;
use ferrocast_cache::{CacheObserver, CacheStatus};

use super::sharded::count;
use super::text::Text;
use super::{
    CACHE_BYTES, CACHE_DEGRADED, CACHE_ENTRIES, CACHE_HITS, CACHE_MISSES, CACHE_REMOTE_FAILURES, CACHE_REMOTE_HITS,
    CACHE_SHARED,
};

/// Hears what goes wrong in the remote tier. Where answers come from is counted by the cache, and is in its [`CacheStatus`].
#[derive(Debug, Default)]
pub struct CacheMetrics {
    remote_failures: AtomicU64,
}

impl CacheObserver for CacheMetrics {
    fn lookup_failed(&self) {
        count(&self.remote_failures);
    }

    fn garbage(&self, _why: ValueError) {
        count(&self.remote_failures);
    }

    fn put_dropped(&self) {
        count(&self.remote_failures);
    }
}

impl CacheMetrics {
    pub(crate) fn write(&self, status: Option<&CacheStatus>, text: &mut Text) {
        text.single(&CACHE_REMOTE_FAILURES, self.remote_failures.load(Ordering::Relaxed));
        let Some(status) = status else {
            return;
        };
        let values = [
            (&CACHE_HITS, status.memory),
            (&CACHE_MISSES, status.misses),
            (&CACHE_SHARED, status.shared),
            (&CACHE_REMOTE_HITS, status.remote),
            (&CACHE_DEGRADED, u64::from(status.degraded)),
            (&CACHE_ENTRIES, status.entries),
            (&CACHE_BYTES, status.bytes),
        ];
        for (family, value) in values {
            text.single(family, value);
        }
    }
}
