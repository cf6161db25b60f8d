//! How many connections are open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<AtomicU64>);

/// A connection, until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(Connections);

impl Connections {
    /// One more.
    pub(crate) fn open(&self) -> Open {
        self.0.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    /// How many are open now.
    pub(crate) fn number(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
