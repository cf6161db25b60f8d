//! What happens to tasks and their callbacks, for whoever counts it.

use std::time::Duration;

/// Hears what becomes of tasks, when it is stored, and of attempts to deliver their callbacks, when they are made. Called by
/// the threads of callers and by that of the tasks, so that a task may be told of as done before it is as accepted; must not
/// block.
///
/// Of several servers that share a store, each tells of what it did itself. A task that a store gives up by itself, such as
/// one that is [quarantined](crate::QUARANTINED), is in the log and not told here. Neither is an end that was stored by a
/// call that got no answer: whoever asks again learns only that the task has ended.
pub trait TaskObserver: Send + Sync + 'static {
    /// A task was stored. Not called if its idempotency key gave one that was handed in before.
    fn accepted(&self) {}

    /// A task has ended with a result, so long after it was accepted. That is the difference between two clocks if the store
    /// is on another machine, and zero where it would be less.
    fn done(&self, _after: Duration) {}

    /// A task has ended without a result, likewise.
    fn failed(&self, _after: Duration) {}

    /// A task was called off before it had ended. If it runs, it is stopped, and nothing more is told of it.
    fn cancelled(&self) {}

    /// A callback has arrived. `took` is the time of this attempt, as of those below.
    fn callback_delivered(&self, _took: Duration) {}

    /// A callback has not arrived, and is sent again later.
    fn callback_put_off(&self, _took: Duration) {}

    /// A callback has not arrived, and is not sent any more.
    fn callback_given_up(&self, _took: Duration) {}
}

/// Hears nothing.
impl TaskObserver for () {}
