//! `[cache]` and `[redis]`: what is kept to be given again, and what several servers share.

use std::time::Duration;

use super::Secret;
use super::raw::{RawCache, RawRedis};

/// How answers are kept.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// How long an answer is good if its model does not say.
    pub ttl: Duration,
    /// Most memory, in bytes.
    pub memory_bytes: u64,
    /// How long Redis may take for a lookup.
    pub redis_timeout: Duration,
}

/// What several servers share.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// Where it is, if there is one.
    pub url: Option<Secret>,
    /// What all keys begin with.
    pub prefix: String,
}

pub(super) fn cache(raw: &RawCache) -> CacheConfig {
    CacheConfig {
        ttl: Duration::from_secs(raw.ttl_s),
        memory_bytes: raw.memory_bytes,
        redis_timeout: Duration::from_millis(raw.redis_timeout_ms),
    }
}

/// What it is that an address of Redis can be is for whoever connects to say.
pub(super) fn redis(raw: RawRedis) -> RedisConfig {
    // `REDIS_URL=` in a file of variables means: none.
    RedisConfig { url: raw.url.filter(|url| !url.reveal().trim().is_empty()), prefix: raw.prefix }
}
