//! Where the server stands between its start and its end, and whether its threads still move: what probes ask for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Between two signs of life of an I/O thread.
const BEAT: Duration = Duration::from_secs(1);

/// An I/O thread that has given no sign of life for so long is stuck.
const STUCK: Duration = Duration::from_secs(10);

/// Shared by everything that ends with the server.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    began: Instant,
    is_draining: AtomicBool,
    /// Of each I/O thread the milliseconds from `began` to its last sign of life. Those of threads that have ended are gone.
    pulses: Mutex<Vec<Weak<AtomicU64>>>,
}

impl Lifecycle {
    /// Of a server that starts now.
    pub(crate) fn begin() -> Lifecycle {
        Lifecycle { began: Instant::now(), is_draining: AtomicBool::new(false), pulses: Mutex::new(Vec::new()) }
    }

    /// From now on the server is not ready any more, and asks its clients to come back on another connection.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether it has been told to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Watches over the calling I/O thread from now on. Must be called on it, inside its runtime.
    pub(crate) fn watch_this_thread(self: &Arc<Self>) {
        let pulse = Arc::new(AtomicU64::new(self.now()));
        self.pulses().push(Arc::downgrade(&pulse));
        let lifecycle = Arc::clone(self);
        actix_web::rt::spawn(async move {
            loop {
                pulse.store(lifecycle.now(), Ordering::Relaxed);
                tokio::time::sleep(BEAT).await;
            }
        });
    }

    /// Whether all I/O threads still move.
    pub(crate) fn is_live(&self) -> bool {
        self.is_live_at(self.now())
    }

    fn is_live_at(&self, now: u64) -> bool {
        let mut pulses = self.pulses();
        pulses.retain(|pulse| pulse.strong_count() > 0);
        let moves =
            |pulse: Arc<AtomicU64>| u128::from(now.saturating_sub(pulse.load(Ordering::Relaxed))) <= STUCK.as_millis();
        pulses.iter().filter_map(Weak::upgrade).all(moves)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn pulses(&self) -> std::sync::MutexGuard<'_, Vec<Weak<AtomicU64>>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Lifecycle, STUCK};

    #[test]
    fn a_thread_without_a_sign_of_life_is_stuck_until_it_ends() {
        let lifecycle = Lifecycle::begin();
        let late = u64::try_from(STUCK.as_millis()).unwrap() + 1;
        assert!(lifecycle.is_live_at(late));
        let (moving, stuck) = (Arc::new(AtomicU64::new(late)), Arc::new(AtomicU64::new(0)));
        lifecycle.pulses().push(Arc::downgrade(&moving));
        assert!(lifecycle.is_live_at(late));
        lifecycle.pulses().push(Arc::downgrade(&stuck));
        assert!(lifecycle.is_live_at(late - 1) && !lifecycle.is_live_at(late));
        stuck.store(late, Ordering::Relaxed);
        assert!(lifecycle.is_live_at(late));
        stuck.store(0, Ordering::Relaxed);
        drop(stuck);
        assert!(lifecycle.is_live_at(late));
    }

    #[actix_web::test]
    async fn a_watched_thread_is_live() {
        let lifecycle = Arc::new(Lifecycle::begin());
        lifecycle.watch_this_thread();
        assert!(lifecycle.is_live());
        assert_eq!(lifecycle.pulses().len(), 1);
    }

    #[test]
    fn draining_is_for_good() {
        let lifecycle = Lifecycle::begin();
        assert!(!lifecycle.is_draining());
        lifecycle.drain();
        assert!(lifecycle.is_draining() && lifecycle.is_live());
    }
}
