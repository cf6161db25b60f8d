//! What happens, for whoever counts it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::{ServeError, Timing};

/// Hears which versions are loaded and which cannot be, and says who hears what each of them does.
pub trait ServiceObserver: Debug + Send + Sync + 'static {
    /// A version is about to be loaded. What it does is told to whoever this gives, as long as it lives.
    fn deployed(&self, model: &str, version: &str) -> Arc<dyn DeploymentObserver>;

    /// A version was loaded.
    fn loaded(&self, _model: &str) {}

    /// A version could not be loaded.
    fn load_failed(&self, _model: &str) {}
}

/// Hears what one version does. Called by the threads of requests and those of the pool; it must not block.
///
/// What comes before and after the service, the reading of a request and the writing of its answer, is told by whoever does
/// it, through [`Deployment::observer`](crate::Deployment::observer).
pub trait DeploymentObserver: Debug + Send + Sync + 'static {
    /// A request was read, whether it was good or not.
    fn parsed(&self, _took: Duration) {}

    /// The model ran once, with so many rows of one or more requests.
    fn ran(&self, _rows: usize) {}

    /// A request with so many rows was answered; its answer took `written` to be written.
    fn answered(&self, _rows: usize, _timing: &Timing, _written: Duration) {}

    /// A request was refused or failed.
    fn failed(&self, _why: &ServeError) {}

    /// A request was answered with what was answered before.
    fn reused(&self, _took: Duration) {}

    /// An answer was kept, to be given again; `took` is the time to look for an earlier one and to make it.
    fn kept(&self, _took: Duration) {}
}

/// Hears nothing.
impl ServiceObserver for () {
    fn deployed(&self, _: &str, _: &str) -> Arc<dyn DeploymentObserver> {
        Arc::new(())
    }
}

/// Hears nothing.
impl DeploymentObserver for () {}
