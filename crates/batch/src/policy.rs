//! How much may wait, how much runs at once, and for how long a row waits for company.

use std::time::Duration;

/// The limits of one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPolicy {
    /// Most rows in one run. An item of more is cut into pieces of at most so many, which run like items of their own
    /// and are joined again.
    pub max_rows: usize,
    /// Most bytes in one run, by the runner's count. An item of more runs alone.
    pub max_bytes: usize,
    /// Most rows that wait; an item that would exceed it is refused. One that is larger than this by itself is taken
    /// when nothing else waits, as it would never be otherwise. Items in the background fill half of it at most.
    pub max_queued_rows: usize,
    /// Most bytes that wait, with the same exception.
    pub max_queued_bytes: usize,
    /// How long an item may wait for a run to fill up although a thread is free, but no more than half of the time until
    /// its deadline. Zero, the default, never waits: runs grow by themselves when all threads are busy.
    pub max_delay: Duration,
    /// Most threads that work for this queue at a time; `None` for all of the pool but one (or its only one), so that
    /// one slow queue never holds them all.
    pub max_concurrency: Option<usize>,
}

impl Default for BatchPolicy {
    fn default() -> BatchPolicy {
        BatchPolicy {
            max_rows: 64,
            max_bytes: 64 << 20,
            max_queued_rows: 1024,
            max_queued_bytes: 256 << 20,
            max_delay: Duration::ZERO,
            max_concurrency: None,
        }
    }
}

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Live,
    /// Runs when nothing live waits, in any queue of the pool, or beside live items in a run that has room.
    Background,
}
