//! What parts of this process tell each other, so that nobody waits until the next look.

use std::sync::atomic::AtomicBool;

use tokio::sync::Notify;

/// Each notice wakes one loop.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// A task was handed in.
    pub(crate) task: Notify,
    /// A task was called off.
    pub(crate) cancelled: Notify,
    /// A callback is due.
    pub(crate) callback: Notify,
    /// The store could not be used when tasks were last looked for.
    pub(crate) is_degraded: AtomicBool,
}
