//! One kind of items on its way to a receiver: batch after batch, with pauses while the receiver is away.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::client::{Client, Rejected, SendError};
use super::queue::Queue;

/// The pause after the first failure. It doubles with each one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a batch is sent at most, so that none which a receiver cannot bear stands in the way for ever.
const MAX_TRIES: usize = 6;

/// Sends what waits in a queue.
pub(super) struct Signal<T> {
    /// For the log: `traces`.
    name: &'static str,
    queue: Arc<Queue<T>>,
    client: Client,
    encode: Box<dyn Fn(Vec<T>) -> Vec<u8> + Send>,
    /// Only while the receiver is away.
    outage: Option<Outage>,
    /// Whether the receiver did not want some of the last batch.
    rejecting: bool,
}

struct Outage {
    pause: Duration,
    /// Items that had been dropped before it.
    dropped_before: u64,
}

impl<T> Signal<T> {
    pub(super) fn new(
        name: &'static str,
        queue: Arc<Queue<T>>,
        client: Client,
        encode: impl Fn(Vec<T>) -> Vec<u8> + Send + 'static,
    ) -> Signal<T> {
        Signal { name, queue, client, encode: Box::new(encode), outage: None, rejecting: false }
    }

    /// Works until the queue is closed, then sends the rest, which ends with the first failure.
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.queue.next().await;
            if batch.is_empty() {
                return;
            }
            let count = batch.len() as u64;
            let message = Bytes::from((self.encode)(batch));
            if self.deliver(message, count).await {
                self.recovered();
            } else {
                self.queue.count_dropped(count);
            }
        }
    }

    /// Sends a message until it is accepted, and says whether it has been.
    async fn deliver(&mut self, message: Bytes, count: u64) -> bool {
        for _ in 0..MAX_TRIES {
            let (after, again) = match self.client.send(message.clone()).await {
                Ok(rejected) => {
                    self.accepted(count, rejected);
                    return true;
                }
                Err(SendError::Retry { after, why }) => (self.failed(&why, after), true),
                Err(SendError::Refused { why }) => (self.failed(&why, None), false),
            };
            if self.queue.is_closed() {
                self.queue.clear();
                return false;
            }
            tokio::select! {
                () = sleep(after) => {}
                () = self.queue.closed() => {}
            }
            if !again {
                return false;
            }
        }
        false
    }

    fn accepted(&mut self, count: u64, rejected: Option<Rejected>) {
        let lost = rejected.as_ref().map_or(0, |rejected| rejected.items.min(count));
        self.queue.count_sent(count - lost);
        self.queue.count_dropped(lost);
        if let Some(Rejected { why, .. }) = &rejected
            && !self.rejecting
        {
            tracing::warn!(
                rejected = lost,
                of = count,
                "OTLP: some {} are not wanted by the receiver: {why}",
                self.name
            );
        }
        self.rejecting = rejected.is_some();
    }

    /// Begins an outage if there is none, and says how long to leave the receiver alone.
    fn failed(&mut self, why: &str, after: Option<Duration>) -> Duration {
        let name = self.name;
        let dropped = self.queue.dropped();
        let outage = self.outage.get_or_insert_with(|| {
            tracing::warn!("OTLP: {name} cannot be sent: {why}; going on without");
            Outage { pause: FIRST_PAUSE, dropped_before: dropped }
        });
        let pause = outage.pause;
        outage.pause = (pause * 2).min(LONGEST_PAUSE);
        after.unwrap_or(pause).min(LONGEST_PAUSE)
    }

    fn recovered(&mut self) {
        if let Some(outage) = self.outage.take() {
            let dropped = self.queue.dropped() - outage.dropped_before;
            tracing::info!(dropped, "OTLP: {} are sent again", self.name);
        }
    }
}
