//! How the cache does: where answers came from, and what is kept.

use std::sync::atomic::{AtomicU64, Ordering};

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hit {
    /// It was in memory.
    Memory,
    /// Another caller was about to find or compute it.
    Shared,
    /// It was in the remote tier.
    Remote,
    /// It was nowhere, and this caller computed it.
    Miss,
}

impl Hit {
    /// The lower-case word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Hit::Memory => "hit",
            Hit::Shared => "shared",
            Hit::Remote => "remote",
            Hit::Miss => "miss",
        }
    }
}

/// The state of a [`Cache`](crate::Cache). The counts are of answers since it was made; a caller that got an error is
/// in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStatus {
    /// Answers out of memory.
    pub memory: u64,
    /// Answers that another caller found or computed.
    pub shared: u64,
    /// Answers out of the remote tier.
    pub remote: u64,
    /// Answers that had to be computed.
    pub misses: u64,
    /// Entries in memory, as of the last time that room was made.
    pub entries: u64,
    /// Bytes in memory with what it costs to keep them, as of the last time that room was made.
    pub bytes: u64,
    /// Whether there is a remote tier and it is out of use at present.
    pub degraded: bool,
}

/// Counts answers by where they came from.
#[derive(Default)]
pub(crate) struct Counts {
    memory: AtomicU64,
    shared: AtomicU64,
    remote: AtomicU64,
    misses: AtomicU64,
}

impl Counts {
    pub(crate) fn add(&self, hit: Hit) {
        let count = match hit {
            Hit::Memory => &self.memory,
            Hit::Shared => &self.shared,
            Hit::Remote => &self.remote,
            Hit::Miss => &self.misses,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts; the rest is left at nothing.
    pub(crate) fn status(&self) -> CacheStatus {
        CacheStatus {
            memory: self.memory.load(Ordering::Relaxed),
            shared: self.shared.load(Ordering::Relaxed),
            remote: self.remote.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            ..CacheStatus::default()
        }
    }
}
