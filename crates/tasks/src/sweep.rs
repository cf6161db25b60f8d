//! Forgetting what ended long ago.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};

use crate::TaskStore;
use crate::stopping::{Stop, announced};

/// How often.
const EVERY: Duration = Duration::from_secs(60);

/// Sweeps until the end is announced.
pub(crate) async fn run(store: &Arc<dyn TaskStore>, mut stop: Stop) {
    loop {
        tokio::select! {
            _ = announced(&mut stop) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match store.sweep().await {
            Ok(0) => {}
            Ok(tasks) => debug!(tasks, "forgot tasks that ended long ago"),
            Err(error) => warn!(%error, "tasks that ended long ago are still stored"),
        }
    }
}
