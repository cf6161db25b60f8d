//! What happened, for whoever counts it.

use std::time::Duration;

/// Hears what becomes of the items of a queue. Called outside of all locks, and before the tickets are answered; it must
/// not block.
pub trait BatchObserver: Send + Sync + 'static {
    /// A run has ended, however it ended. `waited` is that of its oldest item.
    fn ran(&self, _report: &BatchReport) {}

    /// An item was refused because too much waits.
    fn rejected(&self) {}

    /// An item, or a piece of one, was dropped before it ran because nobody waits for it any more.
    fn abandoned(&self) {}

    /// An item, or a piece of one, was not run because its deadline had passed.
    fn expired(&self) {}
}

/// Hears nothing.
impl BatchObserver for () {}

/// One run, as its items and the observer see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchReport {
    /// The time from submission until the run began.
    pub waited: Duration,
    /// The time of the run. For an item that was cut: from the beginning of its first piece to the end of its
    /// last.
    pub ran: Duration,
    /// Items, or pieces of items, that ran together.
    pub items: usize,
    /// Rows that ran together.
    pub rows: usize,
    /// Why the run was not larger.
    pub closed_by: ClosedBy,
}

/// Why a run was not larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClosedBy {
    /// Nothing else waited.
    Drained,
    /// The next item would have exceeded the rows or bytes of a run, or there was no room at all.
    Full,
    /// Nothing else came within the longest delay.
    Delay,
    /// The next item could not join.
    Mismatch,
}

impl ClosedBy {
    /// The lower-case word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ClosedBy::Drained => "drained",
            ClosedBy::Full => "full",
            ClosedBy::Delay => "delay",
            ClosedBy::Mismatch => "mismatch",
        }
    }
}
