//! Tasks and their callbacks, as this process sees them come and end.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, Registry, Result};

use super::{
    CALLBACK_ATTEMPT_FAILURES, CALLBACK_DURATION, CALLBACKS_DEAD, CALLBACKS_DELIVERED, TASK_DURATION, TASKS_ACCEPTED,
    TASKS_CANCELLED, TASKS_COMPLETED, TASKS_FAILED,
};

/// Counts tasks.
#[derive(Debug)]
pub struct TaskMetrics {
    accepted: IntCounter,
    completed: IntCounter,
    failed: IntCounter,
    cancelled: IntCounter,
    duration: Histogram,
}

impl TaskMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<TaskMetrics> {
        Ok(TaskMetrics {
            accepted: TASKS_ACCEPTED.counter_in(registry)?,
            completed: TASKS_COMPLETED.counter_in(registry)?,
            failed: TASKS_FAILED.counter_in(registry)?,
            cancelled: TASKS_CANCELLED.counter_in(registry)?,
            duration: TASK_DURATION.histogram_in(registry)?,
        })
    }

    /// A task was stored.
    pub fn accepted(&self) {
        self.accepted.inc();
    }

    /// A task ended with a result, so long after it was accepted.
    pub fn completed(&self, took: Duration) {
        self.completed.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// A task ended without a result, so long after it was accepted.
    pub fn failed(&self, took: Duration) {
        self.failed.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// A task was called off.
    pub fn cancelled(&self) {
        self.cancelled.inc();
    }
}

/// Counts callbacks.
#[derive(Debug)]
pub struct CallbackMetrics {
    delivered: IntCounter,
    attempt_failures: IntCounter,
    dead: IntCounter,
    duration: Histogram,
}

impl CallbackMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<CallbackMetrics> {
        Ok(CallbackMetrics {
            delivered: CALLBACKS_DELIVERED.counter_in(registry)?,
            attempt_failures: CALLBACK_ATTEMPT_FAILURES.counter_in(registry)?,
            dead: CALLBACKS_DEAD.counter_in(registry)?,
            duration: CALLBACK_DURATION.histogram_in(registry)?,
        })
    }

    /// A receiver took a callback; the attempt took so long.
    pub fn delivered(&self, took: Duration) {
        self.delivered.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// An attempt to deliver did not succeed, whether or not there will be another; it took so long.
    pub fn attempt_failed(&self, took: Duration) {
        self.attempt_failures.inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// A callback was given up.
    pub fn died(&self) {
        self.dead.inc();
    }
}
