//! The loop that has callbacks delivered.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinSet};
use tracing::{debug, info, warn};

use crate::settle::until_stored;
use crate::signals::Signals;
use crate::stopping::{Stop, announced, over};
use crate::{Courier, Delivery, DeliveryVerdict, TaskStore, TasksConfig};

/// Takes callbacks that are due, has them delivered, and stores what came of them.
pub(crate) struct Deliveries {
    store: Arc<dyn TaskStore>,
    courier: Arc<dyn Courier>,
    signals: Arc<Signals>,
    config: TasksConfig,
    under_way: JoinSet<()>,
    /// Where each goes.
    hosts: HashMap<Id, String>,
}

impl Deliveries {
    pub(crate) fn new(
        store: Arc<dyn TaskStore>,
        courier: Arc<dyn Courier>,
        signals: Arc<Signals>,
        config: TasksConfig,
    ) -> Deliveries {
        Deliveries { store, courier, signals, config, under_way: JoinSet::new(), hosts: HashMap::new() }
    }

    /// Until the end is announced and what is under way has ended, or time is up.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let signals = Arc::clone(&self.signals);
        loop {
            if self.under_way.len() < self.config.deliveries {
                self.take().await;
            }
            tokio::select! {
                _ = announced(&mut stop) => break,
                () = signals.callback.notified() => {}
                () = tokio::time::sleep(self.store.look_every()) => {}
                Some(ended) = self.under_way.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.hosts.remove(&id);
                }
            }
        }
        let rest = async { while self.under_way.join_next().await.is_some() {} };
        tokio::select! {
            () = over(&mut stop) => {}
            () = rest => {}
        }
    }

    /// Begins what is due and there is room for.
    async fn take(&mut self) {
        let room = self.config.deliveries.saturating_sub(self.under_way.len());
        let busy = self.hosts.values().cloned().collect();
        match self.store.claim_deliveries(room, self.config.deliveries_per_host, busy).await {
            Ok(deliveries) => deliveries.into_iter().for_each(|delivery| self.begin(delivery)),
            Err(error) => debug!(%error, "no callbacks can be taken"),
        }
    }

    fn begin(&mut self, delivery: Delivery) {
        let host = delivery.callback.host.clone();
        let (store, courier) = (Arc::clone(&self.store), Arc::clone(&self.courier));
        let deliver = async move {
            let (id, attempt) = (delivery.record.id, delivery.attempt);
            let verdict = courier.deliver(delivery).await;
            match &verdict {
                DeliveryVerdict::Delivered(_) => debug!(task = %id, attempt, "a callback is delivered"),
                DeliveryVerdict::Again { why, .. } => {
                    info!(task = %id, attempt, "a callback is sent again later: {why}")
                }
                DeliveryVerdict::Dead(why) => warn!(task = %id, attempt, "a callback is not sent any more: {why}"),
            }
            until_stored(|| store.settle_delivery(id, verdict.clone())).await;
        };
        let abort = self.under_way.spawn(deliver);
        self.hosts.insert(abort.id(), host);
    }
}
