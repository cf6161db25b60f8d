//! Tasks and their callbacks, as this process sees them come and end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::{Distribution, Histogram};
use super::sharded::{Sharded, count};
use super::text::Text;
use super::{
    CALLBACK_ATTEMPT_FAILURES, CALLBACK_DURATION, CALLBACKS_DEAD, CALLBACKS_DELIVERED, TASK_DURATION, TASKS_ACCEPTED,
    TASKS_CANCELLED, TASKS_COMPLETED, TASKS_FAILED,
};

/// Counts tasks.
#[derive(Debug)]
pub struct TaskMetrics {
    accepted: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    duration: Sharded<Histogram>,
}

impl TaskMetrics {
    pub(crate) fn new() -> TaskMetrics {
        TaskMetrics {
            accepted: AtomicU64::default(),
            completed: AtomicU64::default(),
            failed: AtomicU64::default(),
            cancelled: AtomicU64::default(),
            duration: Sharded::new(|| Histogram::of(&TASK_DURATION)),
        }
    }

    /// A task was stored.
    pub fn accepted(&self) {
        count(&self.accepted);
    }

    /// A task ended with a result, so long after it was accepted.
    pub fn completed(&self, took: Duration) {
        count(&self.completed);
        self.duration.here().time(took);
    }

    /// A task ended without a result, so long after it was accepted.
    pub fn failed(&self, took: Duration) {
        count(&self.failed);
        self.duration.here().time(took);
    }

    /// A task was called off.
    pub fn cancelled(&self) {
        count(&self.cancelled);
    }

    pub(crate) fn write(&self, text: &mut Text) {
        let counters = [
            (&TASKS_ACCEPTED, &self.accepted),
            (&TASKS_COMPLETED, &self.completed),
            (&TASKS_FAILED, &self.failed),
            (&TASKS_CANCELLED, &self.cancelled),
        ];
        for (family, counter) in counters {
            text.single(family, counter.load(Ordering::Relaxed));
        }
        text.family(&TASK_DURATION).histogram(&[], &Distribution::of(&self.duration, |duration| duration));
    }
}

/// Counts callbacks.
#[derive(Debug)]
pub struct CallbackMetrics {
    delivered: AtomicU64,
    attempt_failures: AtomicU64,
    dead: AtomicU64,
    duration: Sharded<Histogram>,
}

impl CallbackMetrics {
    pub(crate) fn new() -> CallbackMetrics {
        CallbackMetrics {
            delivered: AtomicU64::default(),
            attempt_failures: AtomicU64::default(),
            dead: AtomicU64::default(),
            duration: Sharded::new(|| Histogram::of(&CALLBACK_DURATION)),
        }
    }

    /// A receiver took a callback; the attempt took so long.
    pub fn delivered(&self, took: Duration) {
        count(&self.delivered);
        self.duration.here().time(took);
    }

    /// An attempt to deliver did not succeed, whether or not there will be another; it took so long.
    pub fn attempt_failed(&self, took: Duration) {
        count(&self.attempt_failures);
        self.duration.here().time(took);
    }

    /// A callback was given up.
    pub fn died(&self) {
        count(&self.dead);
    }

    pub(crate) fn write(&self, text: &mut Text) {
        let counters = [
            (&CALLBACKS_DELIVERED, &self.delivered),
            (&CALLBACK_ATTEMPT_FAILURES, &self.attempt_failures),
            (&CALLBACKS_DEAD, &self.dead),
        ];
        for (family, counter) in counters {
            text.single(family, counter.load(Ordering::Relaxed));
        }
        text.family(&CALLBACK_DURATION).histogram(&[], &Distribution::of(&self.duration, |duration| duration));
    }
}
