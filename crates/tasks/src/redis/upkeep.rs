//! What is in the queue, what is taken out of it, and the end.

use std::sync::atomic::Ordering;

use super::{RedisStore, millis, scripts};
use crate::{Counts, StoreError};

/// Tasks that one script forgets.
const FORGOTTEN_AT_ONCE: u64 = 200;

impl RedisStore {
    pub(super) async fn forget_old(&self) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let mut call = self.call(&scripts::SWEEP);
            call.arg(millis(self.bounds.keep)).arg(FORGOTTEN_AT_ONCE).arg(millis(self.lease));
            let some: u64 = self.run(call).await?;
            forgotten += some;
            if some < FORGOTTEN_AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    pub(super) async fn count(&self) -> Result<Counts, StoreError> {
        let (queued, running, ended, callbacks_due, callbacks_dead, bytes) =
            self.run(self.call(&scripts::COUNTS)).await?;
        Ok(Counts { queued, running, ended, callbacks_due, callbacks_dead, bytes })
    }

    pub(super) async fn give_back(&self) -> Result<(), StoreError> {
        // What is being taken is waited for, and given back as well.
        let _alone = self.claiming.lock().await;
        let mut call = self.call(&scripts::CLOSE);
        call.arg(&self.me);
        for id in self.held.deliveries() {
            call.arg(id.to_string());
        }
        self.run::<bool>(call).await?;
        self.is_closed.store(true, Ordering::Relaxed);
        Ok(())
    }
}
