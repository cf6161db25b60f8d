//! The loop that has callbacks delivered.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use crate::settle::until_stored;
use crate::signals::Signals;
use crate::stopping::{Stop, announced, over};
use crate::{Courier, Delivery, DeliveryVerdict, TaskObserver, TaskStore, TasksConfig};

/// Takes callbacks that are due, has them delivered, and stores what came of them.
pub(crate) struct Deliveries {
    store: Arc<dyn TaskStore>,
    courier: Arc<dyn Courier>,
    signals: Arc<Signals>,
    config: TasksConfig,
    observer: Arc<dyn TaskObserver>,
    /// Each tells when it is due again, if it is.
    under_way: JoinSet<Option<Instant>>,
    /// Where each goes.
    hosts: HashMap<Id, String>,
    /// When those are due that this process has put off, the next one first: none waits until the next look.
    put_off: BinaryHeap<Reverse<Instant>>,
}

impl Deliveries {
    pub(crate) fn new(
        store: Arc<dyn TaskStore>,
        courier: Arc<dyn Courier>,
        signals: Arc<Signals>,
        config: TasksConfig,
        observer: Arc<dyn TaskObserver>,
    ) -> Deliveries {
        let (under_way, hosts, put_off) = (JoinSet::new(), HashMap::new(), BinaryHeap::new());
        Deliveries { store, courier, signals, config, observer, under_way, hosts, put_off }
    }

    /// Until the end is announced and what is under way has ended, or time is up.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let signals = Arc::clone(&self.signals);
        loop {
            let next = self.next_look();
            if self.under_way.len() < self.config.deliveries {
                self.take().await;
            }
            tokio::select! {
                _ = announced(&mut stop) => break,
                () = signals.callback.notified() => {}
                () = sleep_until(next) => {}
                Some(ended) = self.under_way.join_next_with_id() => {
                    let (id, again) = ended.unwrap_or_else(|error| (error.id(), None));
                    self.hosts.remove(&id);
                    self.put_off.extend(again.map(Reverse));
                }
            }
        }
        let rest = async { while self.under_way.join_next().await.is_some() {} };
        tokio::select! {
            () = over(&mut stop) => {}
            () = rest => {}
        }
    }

    /// When to look again, if nothing happens before. What is due by now is seen by the look that comes next.
    fn next_look(&mut self) -> Instant {
        let now = Instant::now();
        while self.put_off.peek().is_some_and(|Reverse(due)| *due <= now) {
            self.put_off.pop();
        }
        let look = now + self.store.look_every();
        self.put_off.peek().map_or(look, |Reverse(due)| look.min(*due))
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
        let observer = Arc::clone(&self.observer);
        let deliver = async move {
            let (id, attempt) = (delivery.record.id, delivery.attempt);
            let begin = Instant::now();
            let verdict = delivered(courier, delivery).await;
            let took = begin.elapsed();
            match &verdict {
                DeliveryVerdict::Delivered(_) => {
                    debug!(task = %id, attempt, "a callback is delivered");
                    observer.callback_delivered(took);
                }
                DeliveryVerdict::Again { why, .. } => {
                    info!(task = %id, attempt, "a callback is sent again later: {why}");
                    observer.callback_put_off(took);
                }
                DeliveryVerdict::Dead(why) => {
                    warn!(task = %id, attempt, "a callback is not sent any more: {why}");
                    observer.callback_given_up(took);
                }
            }
            until_stored(|| store.settle_delivery(id, verdict.clone())).await;
            // The store began to count before this, so it is due by then.
            match verdict {
                DeliveryVerdict::Again { after, .. } => Instant::now().checked_add(after),
                DeliveryVerdict::Delivered(_) | DeliveryVerdict::Dead(_) => None,
            }
        };
        let abort = self.under_way.spawn(deliver);
        self.hosts.insert(abort.id(), host);
    }
}

/// What the courier says; of one that panics, that it is over.
async fn delivered(courier: Arc<dyn Courier>, delivery: Delivery) -> DeliveryVerdict {
    // A set, as it calls off what is in it when this is dropped.
    let mut one = JoinSet::new();
    one.spawn(async move { courier.deliver(delivery).await });
    match one.join_next().await {
        Some(Ok(verdict)) => verdict,
        Some(Err(_)) | None => DeliveryVerdict::Dead("its courier panicked".to_owned()),
    }
}
