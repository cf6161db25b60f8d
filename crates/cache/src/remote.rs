//! What a tier that several servers share must do.

use std::future::Future;
use std::pin::Pin;

use crate::entry::Entry;
use crate::key::CacheKey;

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A tier behind the memory. It never fails: what goes wrong is a miss, and the tier's own affair to report.
pub trait RemoteTier: Send + Sync + 'static {
    /// The entry of `key`, if there is one that has not expired. Must give up soon when the tier does not answer: a
    /// caller waits.
    fn get(&self, key: CacheKey) -> BoxFuture<'_, Option<Entry>>;

    /// Stores an entry, sooner or later or not at all. Returns at once.
    fn put(&self, key: CacheKey, entry: Entry);

    /// Whether the tier is out of use at present; it is not asked while it says so. Called for each lookup: cheap.
    fn is_degraded(&self) -> bool;
}
