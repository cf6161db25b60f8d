//! What becomes of spans, or of log records: how many wait, have been sent and were lost, and whether the receiver is away.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Items that wait at most. OpenTelemetry's default for spans.
pub(super) const MAX_WAITING: usize = 2048;

/// One kind of items on its way to a receiver. The library's queue is never asked for more than it holds, as what it drops
/// itself is not told of.
#[derive(Debug)]
pub(super) struct Signal {
    /// For the log: `traces`.
    name: &'static str,
    /// Admitted, and not yet with the exporter.
    waiting: AtomicUsize,
    /// Nothing is admitted any more.
    closed: AtomicBool,
    sent: AtomicU64,
    dropped: AtomicU64,
    /// Only while the receiver is away: what had been dropped before.
    outage: Mutex<Option<u64>>,
}

impl Signal {
    pub(super) fn new(name: &'static str) -> Signal {
        Signal {
            name,
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            outage: Mutex::new(None),
        }
    }

    /// Whether there is room for so many more, which then wait. Those for which there is none are counted as dropped.
    pub(super) fn admit(&self, count: usize) -> bool {
        let more = |waiting: usize| waiting.checked_add(count).filter(|waiting| *waiting <= MAX_WAITING);
        let admitted = !self.closed.load(Ordering::Relaxed)
            && self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if !admitted {
            self.count_dropped(count as u64);
        }
        admitted
    }

    /// So many no longer wait: the exporter has them.
    pub(super) fn taken(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Admits nothing from now on.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether another attempt would keep somebody waiting for a receiver that is away.
    pub(super) fn is_hopeless(&self) -> bool {
        self.closed.load(Ordering::Relaxed) && self.outage().is_some()
    }

    /// The receiver has accepted so many. Tells of the end of an outage.
    pub(super) fn accepted(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
        let over = self.outage().take();
        if let Some(before) = over {
            tracing::info!(dropped = self.dropped() - before, "OTLP: {} are sent again", self.name);
        }
    }

    /// So many could not be sent. Tells of the beginning of an outage.
    pub(super) fn lost(&self, count: usize, why: &str) {
        let before = self.dropped();
        self.count_dropped(count as u64);
        let mut outage = self.outage();
        if outage.is_none() {
            *outage = Some(before);
            drop(outage);
            tracing::warn!("OTLP: {} cannot be sent: {why}; going on without", self.name);
        }
    }

    pub(super) fn count_dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn outage(&self) -> MutexGuard<'_, Option<u64>> {
        // Nothing that holds the lock can leave the value half changed.
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAITING, Signal};

    #[test]
    fn what_finds_no_room_is_dropped_whole_and_counted() {
        let signal = Signal::new("traces");
        assert!(signal.admit(MAX_WAITING - 1));
        assert!(!signal.admit(2));
        assert_eq!(signal.dropped(), 2);
        assert!(signal.admit(1));
        assert!(!signal.admit(1));
        signal.taken(512);
        assert!(signal.admit(512));
        assert_eq!((signal.dropped(), signal.sent()), (3, 0));
    }

    #[test]
    fn nothing_is_admitted_once_it_is_closed() {
        let signal = Signal::new("traces");
        signal.close();
        assert!(!signal.admit(1));
        assert_eq!(signal.dropped(), 1);
    }

    #[test]
    fn only_a_closed_one_whose_receiver_is_away_is_hopeless() {
        let signal = Signal::new("traces");
        signal.lost(3, "a test");
        assert!(!signal.is_hopeless());
        signal.close();
        assert!(signal.is_hopeless());
        signal.accepted(2);
        assert!(!signal.is_hopeless());
        assert_eq!((signal.dropped(), signal.sent()), (3, 2));
    }
}
