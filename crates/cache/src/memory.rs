//! The tier in memory: bounded by bytes, with a time to live for each entry.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use foldhash::quality::RandomState;

use crate::entry::Entry;

/// What an entry costs beyond its name and its body: itself, and what moka keeps about it. Measured with
/// a million entries.
const OVERHEAD: u64 = 480;

/// Entries of this process. When there is no room, what was not asked for in a long time and not often goes first.
pub(crate) struct Memory {
    /// By key, or by how a question is written. Names are compared whole, so a fast hash will do, if nobody can foretell it.
    entries: moka::sync::Cache<Bytes, Entry, RandomState>,
    bytes: u64,
    /// Bytes inserted since moka last threw out what is too much.
    unsettled: AtomicU64,
}

impl Memory {
    /// Holds `bytes` at most, and a sixteenth more for a moment. What goes is freed soon after, when no thread looks
    /// at it any more.
    pub(crate) fn new(bytes: u64) -> Memory {
        let entries = moka::sync::Cache::builder()
            .max_capacity(bytes)
            .weigher(|name, entry| u32::try_from(weight(name, entry)).unwrap_or(u32::MAX))
            .expire_after(WhenSaid)
            .build_with_hasher(RandomState::default());
        Memory { entries, bytes, unsettled: AtomicU64::new(0) }
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<Entry> {
        self.entries.get(name)
    }

    /// Keeps the entry unless it is too large or has expired.
    pub(crate) fn insert(&self, name: Bytes, entry: Entry) {
        let weight = weight(&name, &entry);
        if weight > self.bytes.min(u64::from(u32::MAX)) || entry.remaining(SystemTime::now()).is_zero() {
            return;
        }
        self.entries.insert(name, entry);
        // By itself moka makes room after hundreds of insertions only, whatever they weigh.
        if self.unsettled.fetch_add(weight, Ordering::Relaxed) + weight > self.bytes / 16 {
            self.settle();
        }
    }

    pub(crate) fn settle(&self) {
        self.unsettled.store(0, Ordering::Relaxed);
        self.entries.run_pending_tasks();
    }

    pub(crate) fn entries(&self) -> u64 {
        self.entries.entry_count()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.entries.weighted_size()
    }
}

fn weight(name: &Bytes, entry: &Entry) -> u64 {
    (name.len() + entry.body().len()) as u64 + OVERHEAD
}

/// Entries expire when they themselves say so.
struct WhenSaid;

impl moka::Expiry<Bytes, Entry> for WhenSaid {
    fn expire_after_create(&self, _name: &Bytes, entry: &Entry, _now: Instant) -> Option<Duration> {
        Some(entry.remaining(SystemTime::now()))
    }

    fn expire_after_update(
        &self,
        name: &Bytes,
        entry: &Entry,
        now: Instant,
        _until_expiry: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(name, entry, now)
    }
}
