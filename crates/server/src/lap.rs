//! A stretch of time that something took.

use std::time::{Duration, Instant};

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lap {
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

impl Lap {
    /// What began then and has ended now.
    pub(crate) fn since(from: Instant) -> Lap {
        Lap { from, to: Instant::now() }
    }

    /// How long it took.
    pub(crate) fn took(self) -> Duration {
        self.to.saturating_duration_since(self.from)
    }
}
