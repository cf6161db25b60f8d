//! What parts of this process tell each other, so that nobody waits until the next look.

use tokio::sync::Notify;

/// Each wakes one loop.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    /// A task was handed in.
    pub(crate) task: Notify,
    /// A task was called off.
    pub(crate) cancelled: Notify,
    /// A callback is due.
    pub(crate) callback: Notify,
}
