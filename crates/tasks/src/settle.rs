//! Storing what came of something, however long that takes.

use std::time::Duration;

use tracing::warn;

use crate::StoreError;

/// Between two attempts to store.
const PAUSE: Duration = Duration::from_millis(500);

/// Repeats `store` until it works: what is not stored would be done once more after the next start.
pub(crate) async fn until_stored<T, F>(mut store: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut is_first = true;
    loop {
        match store().await {
            Ok(done) => return done,
            Err(error) => {
                if std::mem::take(&mut is_first) {
                    warn!(%error, "what came of a task is not stored yet");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
