//! Callbacks that are due.

use super::row::{Row, Unreadable, name_of, record};
use super::{MOST_AT_ONCE, RedisStore, millis, scripts};
use crate::{CallbackState, Delivery, DeliveryVerdict, StoreError, TaskId};

impl RedisStore {
    pub(super) async fn take_deliveries(
        &self,
        most: usize,
        most_per_host: usize,
        under_way: Vec<String>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut call = self.call(&scripts::CLAIM_DELIVERIES);
        let most = most.min(MOST_AT_ONCE);
        call.arg(&self.me).arg(millis(self.lease)).arg(most).arg(most_per_host.min(MOST_AT_ONCE)).arg(under_way);
        let rows: Vec<Row> = self.run(call).await?;
        let mut deliveries = Vec::with_capacity(rows.len());
        for row in rows {
            match delivery(row) {
                Ok(delivery) => {
                    self.held.add_delivery(delivery.record.id);
                    deliveries.push(delivery);
                }
                // It is due again after the lease, and keeps no other from being sent.
                Err(error) => tracing::error!(%error, "a callback cannot be sent"),
            }
        }
        Ok(deliveries)
    }

    pub(super) async fn end_delivery(&self, id: TaskId, verdict: DeliveryVerdict) -> Result<(), StoreError> {
        let (state, what, after) = match verdict {
            DeliveryVerdict::Delivered(what) => (CallbackState::Delivered, what, None),
            DeliveryVerdict::Again { after, why } => (CallbackState::Due, why, Some(after)),
            DeliveryVerdict::Dead(why) => (CallbackState::Dead, why, None),
        };
        let mut call = self.call(&scripts::SETTLE_DELIVERY);
        call.arg(id.to_string()).arg(&self.me).arg(name_of(CallbackState::ALL, state)).arg(what);
        call.arg(after.map_or(0, millis));
        // Before it is settled, as it may be taken once more right after.
        self.held.remove_delivery(id);
        self.run::<bool>(call).await?;
        Ok(())
    }

    pub(super) async fn replay_delivery(&self, id: TaskId) -> Result<bool, StoreError> {
        let mut call = self.call(&scripts::REPLAY);
        call.arg(id.to_string());
        self.run(call).await
    }
}

fn delivery(row: Row) -> Result<Delivery, Unreadable> {
    let record = record(row)?;
    let sent = record.callback.as_ref().ok_or(Unreadable("callback"))?;
    Ok(Delivery { callback: sent.callback.clone(), attempt: sent.attempts, record })
}
