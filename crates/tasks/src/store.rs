//! Where tasks are kept.

use std::time::Duration;

use crate::{
    BoxFuture, Cancelled, Claim, Counts, Delivery, DeliveryVerdict, ListQuery, NewTask, Record, Submitted, TaskId,
    Verdict,
};

/// Where tasks are kept. What a method has done is durable when it is done: whoever is told that a task is accepted can
/// rely on it.
///
/// A task that was running when its process died is begun again, and what is claimed is settled at most once: the first
/// verdict that ends a task holds. What is due is so by the store's own clock; what people read is the wall's time.
///
/// A future that is given up may have had its effect all the same, and what was claimed by it is given back only by
/// [`close`](TaskStore::close), or when this process is known to be dead: await claims to their end.
pub trait TaskStore: Send + Sync + std::fmt::Debug + 'static {
    /// Stores a task.
    ///
    /// # Errors
    /// [`StoreError::Full`] and [`StoreError::KeyReused`]; then nothing is stored. [`StoreError::Unavailable`]; then nothing is
    /// stored as far as the store knows, and handing the same task in again does no harm.
    fn submit(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, StoreError>>;

    /// The task of that name, whoever owns it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], as from every method below.
    fn record(&self, id: TaskId) -> BoxFuture<'_, Result<Option<Record>, StoreError>>;

    /// Tasks, the latest first. Results are left out: [`Record::outcome`] holds no bytes.
    fn list(&self, query: ListQuery) -> BoxFuture<'_, Result<Vec<Record>, StoreError>>;

    /// Ends a task that has not ended. It has no callback.
    fn cancel(&self, id: TaskId) -> BoxFuture<'_, Result<Cancelled, StoreError>>;

    /// Takes the tasks that are due, the oldest first. A suspect is taken alone, and only if `busy`, the number of tasks
    /// that the caller still works on, is zero; while it runs, nothing else is taken.
    fn claim(&self, most: usize, busy: usize) -> BoxFuture<'_, Result<Vec<Claim>, StoreError>>;

    /// Says what became of a task that was claimed, and makes its callback due if it has ended. Whether that counted: not
    /// if the task had ended meanwhile, or another process has it now.
    fn settle(&self, id: TaskId, verdict: Verdict) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Says that the caller still works on these tasks. Those that it lost meanwhile, because they were called off or
    /// another process took them.
    fn keep(&self, ids: Vec<TaskId>) -> BoxFuture<'_, Result<Vec<TaskId>, StoreError>>;

    /// Takes callbacks that are due, the longest due first, and to each host no more than `most_per_host` with those that the
    /// caller has under way: `under_way` names the host of each.
    fn claim_deliveries(
        &self,
        most: usize,
        most_per_host: usize,
        under_way: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>>;

    /// Says what became of an attempt to deliver.
    fn settle_delivery(&self, id: TaskId, verdict: DeliveryVerdict) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Makes a dead callback due, as if it had never been tried. Whether there was one.
    fn replay(&self, id: TaskId) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Forgets tasks that ended longer ago than [`StoreConfig::keep`], except those whose callback is still due. How many.
    fn sweep(&self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// What is in it.
    fn counts(&self) -> BoxFuture<'_, Result<Counts, StoreError>>;

    /// Gives back what this process has claimed and not settled, as if it had never been taken, and ends.
    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// How often to look for tasks and callbacks that others handed in, or that became due.
    fn look_every(&self) -> Duration;
}

/// The bounds of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreConfig {
    /// Most tasks that it holds, ended ones included.
    pub most_tasks: u64,
    /// Most bytes of payloads and results.
    pub most_bytes: u64,
    /// How long a task that has ended is remembered.
    pub keep: Duration,
    /// A task that ran so often when its process died is not begun again.
    pub most_crashes: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        StoreConfig { most_tasks: 100_000, most_bytes: 1 << 30, keep: Duration::from_secs(24 * 3600), most_crashes: 2 }
    }
}

/// The [`code`](crate::Outcome::Failed) of a task that is not begun again because processes died of it.
pub const QUARANTINED: &str = "TASK_QUARANTINED";

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as much as it may.
    #[error("as many tasks are stored as may be: {0}")]
    Full(Bound),
    /// Something else was handed in under this idempotency key.
    #[error("this idempotency key was used for another task")]
    KeyReused,
    /// It cannot be read or written now. The text is for the log and names no more than the store's place.
    #[error("tasks cannot be stored: {0}")]
    Unavailable(String),
}

/// A bound of [`StoreConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// [`StoreConfig::most_tasks`].
    #[error("at most {0} tasks")]
    Tasks(u64),
    /// [`StoreConfig::most_bytes`].
    #[error("at most {0} bytes")]
    Bytes(u64),
}
