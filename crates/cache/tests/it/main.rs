//! The cache as those who use it see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation ends the test"
)]

mod bounds;
mod single_flight;

#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_proxy;

use std::time::Duration;

use bytes::Bytes;
use ferrocast_cache::{Cache, CacheConfig, CacheKey, Failure};

/// Long enough to be over never, on any machine.
const FOR_LONG: Duration = Duration::from_secs(3600);
/// After so long something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq)]
enum Why {
    BadModel,
    NoTimeLeft,
}

impl Failure for Why {
    fn is_own(&self) -> bool {
        *self == Why::NoTimeLeft
    }
}

fn cache() -> Cache<Why> {
    Cache::new(&CacheConfig { memory_bytes: 1 << 20 }, None)
}

fn key(number: u64) -> CacheKey {
    CacheKey::builder("test").number(number).finish()
}

/// A computation that gives this.
async fn computed(body: &'static str) -> Result<Bytes, Why> {
    Ok(Bytes::from(body))
}
