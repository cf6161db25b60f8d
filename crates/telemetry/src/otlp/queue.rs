//! What waits to be sent: filled by any thread without waiting, emptied by the exporter's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// Items that wait at most. OpenTelemetry's default for spans.
pub(super) const MAX_WAITING: usize = 2048;
/// Items that are sent at once at most. OpenTelemetry's default for spans.
pub(super) const MAX_BATCH: usize = 512;
/// How long the first one waits for company.
const INTERVAL: Duration = Duration::from_secs(1);

/// Items of one kind that wait, and how many have not made it.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Mutex<Vec<T>>,
    /// There is something for the exporter to do.
    wake: Notify,
    closed: AtomicBool,
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            waiting: Mutex::default(),
            wake: Notify::new(),
            closed: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }
}

impl<T> Queue<T> {
    /// Takes all of these, or drops and counts them if there is no room for all, or nothing is sent any more.
    pub(super) fn push(&self, items: Vec<T>) {
        let mut waiting = self.lock();
        let before = waiting.len();
        let after = before + items.len();
        // Looked at under the lock: what is taken now is still seen by whoever empties the queue for the last time.
        if after > MAX_WAITING || self.is_closed() {
            drop(waiting);
            self.count_dropped(items.len() as u64);
            return;
        }
        waiting.extend(items);
        drop(waiting);
        if before == 0 || (before < MAX_BATCH && after >= MAX_BATCH) {
            self.wake.notify_one();
        }
    }

    /// The items that are sent next. Waits until there are some, and a little for more; none if the queue is closed and
    /// empty.
    pub(super) async fn next(&self) -> Vec<T> {
        self.until_waiting(1).await;
        tokio::select! {
            () = self.until_waiting(MAX_BATCH) => {}
            () = sleep(INTERVAL) => {}
        }
        let mut waiting = self.lock();
        let count = waiting.len().min(MAX_BATCH);
        waiting.drain(..count).collect()
    }

    /// Waits for so many items, or until the queue is closed.
    async fn until_waiting(&self, count: usize) {
        while !self.is_closed() && self.lock().len() < count {
            self.wake.notified().await;
        }
    }

    /// Waits until the queue is closed.
    pub(super) async fn closed(&self) {
        while !self.is_closed() {
            self.wake.notified().await;
        }
    }

    /// Takes nothing from now on.
    pub(super) fn close(&self) {
        let waiting = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Drops and counts what waits.
    pub(super) fn clear(&self) {
        let waiting = std::mem::take(&mut *self.lock());
        self.count_dropped(waiting.len() as u64);
    }

    pub(super) fn count_sent(&self, count: u64) {
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn count_dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        // Nothing that holds the lock can leave the list half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BATCH, MAX_WAITING, Queue};

    fn now<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
    }

    #[test]
    fn items_leave_in_their_order_in_batches() {
        let queue = Queue::default();
        queue.push((0..MAX_BATCH + 2).collect());
        assert_eq!(now(queue.next()), (0..MAX_BATCH).collect::<Vec<_>>());
        assert_eq!(now(queue.next()), [MAX_BATCH, MAX_BATCH + 1]);
    }

    #[test]
    fn what_finds_no_room_is_dropped_whole_and_counted() {
        let queue = Queue::default();
        queue.push(vec![(); MAX_WAITING - 1]);
        queue.push(vec![(); 2]);
        assert_eq!(queue.dropped(), 2);
        queue.push(vec![()]);
        assert_eq!(queue.dropped(), 2);
        queue.clear();
        assert_eq!(queue.dropped(), 2 + MAX_WAITING as u64);
        queue.push(vec![()]);
        assert_eq!(now(queue.next()).len(), 1);
    }

    #[test]
    fn a_closed_queue_gives_the_rest_and_then_nothing() {
        let queue = Queue::default();
        queue.push(vec![1, 2]);
        queue.close();
        queue.push(vec![3]);
        assert_eq!(queue.dropped(), 1);
        assert_eq!(now(queue.next()), [1, 2]);
        assert_eq!(now(queue.next()), [0; 0]);
        now(queue.closed());
    }

    #[test]
    fn whoever_waits_is_woken() {
        let queue = Queue::default();
        let (taken, ()) = now(async { tokio::join!(queue.next(), async { queue.push(vec!["a"]) }) });
        assert_eq!(taken, ["a"]);
        let (taken, ()) = now(async { tokio::join!(queue.next(), async { queue.close() }) });
        assert_eq!(taken, [""; 0]);
    }
}
