//! What happens between the cache and its remote tier, for whoever counts it.

use crate::redis::ValueError;

/// Hears what goes wrong in the remote tier. Called by the threads of callers and by the tier's own; must not block.
pub trait CacheObserver: Send + Sync + 'static {
    /// A lookup was begun and had no answer, or there were too many under way. It counts as a miss.
    fn lookup_failed(&self) {}

    /// A value was found that cannot be used. It counts as a miss.
    fn garbage(&self, _why: ValueError) {}

    /// An entry was not stored: it is too large, too many wait, or the tier is out of use or refused it.
    /// Not called for the few that are being written when the tier goes out of use.
    fn put_dropped(&self) {}

    /// The tier is out of use from now on.
    fn breaker_opened(&self) {}

    /// The tier is in use from now on. It begins out of use.
    fn breaker_closed(&self) {}
}

/// Hears nothing.
impl CacheObserver for () {}
