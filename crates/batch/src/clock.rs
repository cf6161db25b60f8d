//! What time it is, for the scheduler: tests set it, so that none of them sleeps.

use std::time::Instant;

/// A source of the current time.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    /// The system's monotonic clock.
    System,
    /// A time that a test moves by hand.
    #[cfg(test)]
    #[cfg(not(loom))]
    Manual(std::sync::Arc<std::sync::Mutex<Instant>>),
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            #[cfg(test)]
            #[cfg(not(loom))]
            Clock::Manual(now) => *now.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }
}
