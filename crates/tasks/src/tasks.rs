//! Tasks from the outside: hand one in, ask how it is, call it off.

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::runtime;
use tokio::sync::watch;

use crate::deliveries::Deliveries;
use crate::runner::Runner;
use crate::signals::Signals;
use crate::sweep;
use crate::{
    Cancelled, Counts, Courier, ListQuery, NewTask, Record, StoreError, Submitted, TaskId, TaskObserver, TaskStore,
    Worker,
};

/// How much is done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TasksConfig {
    /// Most tasks that run at a time.
    pub workers: usize,
    /// A task that fails so often has failed.
    pub most_attempts: u32,
    /// Most callbacks that are under way at a time.
    pub deliveries: usize,
    /// Most of them to one host.
    pub deliveries_per_host: usize,
}

impl Default for TasksConfig {
    fn default() -> Self {
        TasksConfig { workers: 4, most_attempts: 3, deliveries: 16, deliveries_per_host: 2 }
    }
}

/// Tasks, and the thread that does them.
pub struct Tasks {
    store: Arc<dyn TaskStore>,
    signals: Arc<Signals>,
    observer: Arc<dyn TaskObserver>,
    /// When to be done at last; `None` while there is no end in sight.
    stop: watch::Sender<Option<Instant>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Tasks {
    /// Starts the thread, which works through what the store holds, and tells the observer what comes of it.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        store: Arc<dyn TaskStore>,
        worker: Arc<dyn Worker>,
        courier: Arc<dyn Courier>,
        config: TasksConfig,
        observer: Arc<dyn TaskObserver>,
    ) -> io::Result<Tasks> {
        let signals = Arc::new(Signals::default());
        let (stop, stopped) = watch::channel(None);
        let runtime = runtime::Builder::new_current_thread().enable_time().enable_io().build()?;
        let runner = Runner::new(Arc::clone(&store), worker, Arc::clone(&signals), config, Arc::clone(&observer));
        let deliveries =
            Deliveries::new(Arc::clone(&store), courier, Arc::clone(&signals), config, Arc::clone(&observer));
        let kept = Arc::clone(&store);
        let everything = async move {
            tokio::join!(runner.run(stopped.clone()), deliveries.run(stopped.clone()), sweep::run(&kept, stopped));
            if let Err(error) = kept.close().await {
                tracing::warn!(%error, "tasks that were under way are begun again at the next start, as if they had crashed");
            }
        };
        let thread =
            std::thread::Builder::new().name("tasks".to_owned()).spawn(move || runtime.block_on(everything))?;
        Ok(Tasks { store, signals, observer, stop, thread: Mutex::new(Some(thread)) })
    }

    /// Stores a task, to be done soon.
    ///
    /// # Errors
    /// As [`TaskStore::submit`]; then it will not be done.
    pub async fn submit(&self, task: NewTask) -> Result<Submitted, StoreError> {
        let submitted = self.store.submit(task).await?;
        if submitted == Submitted::Accepted {
            self.observer.accepted();
        }
        self.signals.task.notify_one();
        Ok(submitted)
    }

    /// A task, if `owner` may see it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], as from every method below.
    pub async fn record(&self, id: TaskId, owner: Option<&str>) -> Result<Option<Record>, StoreError> {
        Ok(self.store.record(id).await?.filter(|record| record.owner.as_deref() == owner))
    }

    /// Tasks, the latest first, without their results.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list(&self, query: ListQuery) -> Result<Vec<Record>, StoreError> {
        self.store.list(query).await
    }

    /// Calls a task off, if `owner` may see it. What runs is stopped, or its result dropped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn cancel(&self, id: TaskId, owner: Option<&str>) -> Result<Cancelled, StoreError> {
        if self.record(id, owner).await?.is_none() {
            return Ok(Cancelled::Unknown);
        }
        let cancelled = self.store.cancel(id).await?;
        if cancelled == Cancelled::Now {
            self.observer.cancelled();
        }
        self.signals.cancelled.notify_one();
        Ok(cancelled)
    }

    /// Sends a dead callback anew, if `owner` may see the task. Whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn replay(&self, id: TaskId, owner: Option<&str>) -> Result<bool, StoreError> {
        if self.record(id, owner).await?.is_none() {
            return Ok(false);
        }
        let replayed = self.store.replay(id).await?;
        self.signals.callback.notify_one();
        Ok(replayed)
    }

    /// What is stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.store.counts().await
    }

    /// Whether the store could not be used when tasks were last looked for, which is every moment.
    pub fn is_degraded(&self) -> bool {
        self.signals.is_degraded.load(Ordering::Relaxed)
    }

    /// Begins nothing more. What runs may end until the deadline; the rest is given back to the store. Of several
    /// deadlines the soonest counts.
    pub fn shutdown(&self, deadline: Instant) {
        self.stop.send_if_modified(|announced| {
            let is_sooner = announced.is_none_or(|before| deadline < before);
            if is_sooner {
                *announced = Some(deadline);
            }
            is_sooner
        });
    }

    /// Waits until that is done. Without a [shutdown](Tasks::shutdown) before, what runs is given back at once.
    pub fn join(&self) {
        if self.stop.borrow().is_none() {
            self.shutdown(Instant::now());
        }
        // Whoever else waits for the thread waits for the lock.
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of tasks panicked");
        }
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("store", &self.store).field("signals", &self.signals).finish_non_exhaustive()
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.join();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use tokio::sync::Notify;

    use super::{Tasks, TasksConfig};
    use crate::{
        Attempt, BoxFuture, Claim, Courier, Delivery, DeliveryVerdict, NewTask, SqliteStore, SqliteStoreConfig, State,
        SteadyClock, StoreConfig, TaskId, TaskStore, Worker,
    };

    /// Works until it is let go.
    #[derive(Default)]
    struct Gated {
        began: Notify,
        go: Notify,
    }

    impl Worker for Gated {
        fn run(&self, _: Claim) -> BoxFuture<'_, Attempt> {
            Box::pin(async {
                self.began.notify_one();
                self.go.notified().await;
                Attempt::Done(Bytes::from_static(b"{}"))
            })
        }
    }

    struct Nobody;

    impl Courier for Nobody {
        fn deliver(&self, _: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
            Box::pin(async { DeliveryVerdict::Dead("nobody".to_owned()) })
        }
    }

    fn store(folder: &tempfile::TempDir) -> Arc<SqliteStore> {
        let (bounds, clock) = (StoreConfig::default(), Arc::new(SteadyClock::start()));
        Arc::new(SqliteStore::new(SqliteStoreConfig { path: folder.path().join("tasks.db"), bounds, clock }))
    }

    /// Has a task begun, ends as `end` says, and tells where the task stands then.
    fn ended_by(end: impl FnOnce(&Tasks, &Gated)) -> State {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let worker = Arc::new(Gated::default());
        let config = TasksConfig::default();
        let tasks = Tasks::start(store(&folder), worker.clone(), Arc::new(Nobody), config, Arc::new(())).unwrap();
        let id = TaskId::random();
        let task = NewTask {
            id,
            topic: "t".to_owned(),
            owner: None,
            request_id: "r".to_owned(),
            trace_parent: None,
            payload: Bytes::new(),
            callback: None,
            idempotency: None,
        };
        runtime.block_on(tasks.submit(task)).unwrap();
        runtime.block_on(worker.began.notified());
        end(&tasks, &worker);
        drop(tasks);
        let store = store(&folder);
        let record = runtime.block_on(store.record(id)).unwrap().unwrap();
        assert_eq!(record.attempts, u32::from(record.state == State::Done));
        record.state
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn what_runs_is_waited_for_until_the_deadline() {
        let state = ended_by(|tasks, worker| {
            tasks.shutdown(Instant::now() + LONG);
            worker.go.notify_one();
            tasks.join();
        });
        assert_eq!(state, State::Done);
    }

    #[test]
    fn without_a_deadline_what_runs_is_given_back_at_once() {
        assert_eq!(ended_by(|tasks, _| tasks.join()), State::Queued);
        assert_eq!(ended_by(|_, _| {}), State::Queued);
    }

    #[test]
    fn the_soonest_deadline_counts() {
        let state = ended_by(|tasks, _| {
            tasks.shutdown(Instant::now() + LONG);
            std::thread::scope(|scope| {
                scope.spawn(|| tasks.join());
                tasks.shutdown(Instant::now());
                tasks.shutdown(Instant::now() + LONG);
                // Each who waits does so to the end.
                tasks.join();
                assert!(tasks.thread.lock().unwrap().is_none());
            });
        });
        assert_eq!(state, State::Queued);
    }
}
