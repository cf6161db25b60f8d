//! Tasks in a file of SQLite, for one server.
//!
//! What is told is on the disk. One thread writes, many commands at a time; another one reads and waits for nobody. A fault
//! of the disk is told to whoever asked and is over when the disk is well.

mod body;
mod columns;
mod deliver;
mod fault;
mod job;
mod place;
mod query;
mod reader;
mod recover;
mod row;
mod schema;
mod seal;
mod sweep;
mod thread;
mod transact;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    BoxFuture, Cancelled, Claim, Clock, Counts, Delivery, DeliveryVerdict, ListQuery, NewTask, Outcome, Record,
    StoreConfig, StoreError, Submitted, TaskId, TaskStore, Verdict,
};
use fault::Fault;
use place::Place;
use reader::Reader;
use thread::Thread;
use transact::Transaction;
use writer::Writer;

/// Where and how tasks are kept in a file.
#[derive(Debug, Clone)]
pub struct SqliteStoreConfig {
    /// The file. Beside it are its log and the log's index while it is in use, and `….lock`, which stays: the process that
    /// has it locked has the file.
    pub path: PathBuf,
    /// How much it holds.
    pub bounds: StoreConfig,
    /// By which things become due.
    pub clock: Arc<dyn Clock>,
}

/// Tasks in a file of SQLite. No other process can use it meanwhile.
///
/// Where there is no file, one is begun with the first task. What fails is tried anew a second later at the earliest. A
/// future that is dropped before it is done may have had its effect all the same, and a claim of which nobody hears is given
/// back only by [`close`](TaskStore::close) or the next process.
///
/// Dropping the store waits for what it was asked to do; it gives nothing back.
#[derive(Debug)]
pub struct SqliteStore {
    place: Arc<Place>,
    /// The writer has opened the file, and put it in order.
    is_ready: Arc<AtomicBool>,
    /// Before `writer`: the last connection that is closed must be one that can empty the log.
    reader: Thread<reader::Message>,
    writer: Thread<writer::Message>,
}

impl SqliteStore {
    /// A store at that place, of which nothing is touched yet: whether it can be used, [`SqliteStore::check`] tells.
    pub fn new(config: SqliteStoreConfig) -> SqliteStore {
        let place = Arc::new(Place::new(config.path));
        let is_ready = Arc::new(AtomicBool::new(false));
        let reader = Reader::new(Arc::clone(&place));
        let writer = Writer::new(Arc::clone(&place), config.bounds, config.clock, Arc::clone(&is_ready));
        SqliteStore {
            place,
            is_ready,
            reader: Thread::start("tasks-reader", |inbox| reader.run(inbox)),
            writer: Thread::start("tasks-writer", |inbox| writer.run(inbox)),
        }
    }

    /// Whether tasks can be stored: opens the file, if there is one, and looks otherwise whether one could be begun.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], with what is to be done about it.
    pub async fn check(&self) -> Result<(), StoreError> {
        if self.open().await? { Ok(()) } else { self.place.can_begin().map_err(|fault| fault.at(self.place.path())) }
    }

    /// Whether there is a file; then it is open and in order.
    async fn open(&self) -> Result<bool, StoreError> {
        self.write(Some(false), 0, |_| Ok(true)).await
    }

    /// Does this in the writer's next transaction. Without an answer for when there is no file, the file is begun.
    async fn write<T: Send + 'static>(
        &self,
        without_file: Option<T>,
        weight: usize,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, answer) = job::job(without_file, weight, work);
        self.writer.send(writer::Message::Do(job)).await;
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    /// Looks this up.
    async fn read<T: Default + Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        if !self.is_ready.load(Ordering::Acquire) && !self.open().await? {
            return Ok(T::default());
        }
        let (reply, answer) = oneshot::channel();
        // Whoever asked may have gone.
        let look = |reader: &mut Reader| drop(reply.send(reader.look(query)));
        self.reader.send(reader::Message::Look(Box::new(look))).await;
        answer.await.unwrap_or_else(|_| Err(self.closed()))
    }

    fn closed(&self) -> StoreError {
        Fault::Unusable("is closed".to_owned()).at(self.place.path())
    }
}

impl TaskStore for SqliteStore {
    fn submit(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, StoreError>> {
        let weight = task.payload.len();
        Box::pin(self.write(None, weight, move |transaction| transaction.submit(task)))
    }

    fn record(&self, id: TaskId) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Box::pin(self.read(move |connection| query::record(connection, id)))
    }

    fn list(&self, query: ListQuery) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        Box::pin(self.read(move |connection| query::list(connection, &query)))
    }

    fn cancel(&self, id: TaskId) -> BoxFuture<'_, Result<Cancelled, StoreError>> {
        Box::pin(self.write(Some(Cancelled::Unknown), 0, move |transaction| transaction.cancel(id)))
    }

    fn claim(&self, most: usize, busy: usize) -> BoxFuture<'_, Result<Vec<Claim>, StoreError>> {
        Box::pin(self.write(Some(Vec::new()), 0, move |transaction| transaction.claim(most, busy)))
    }

    fn settle(&self, id: TaskId, verdict: Verdict) -> BoxFuture<'_, Result<bool, StoreError>> {
        let weight = match &verdict {
            Verdict::Final(Outcome::Done(result)) => result.len(),
            _ => 0,
        };
        Box::pin(self.write(Some(false), weight, move |transaction| transaction.settle(id, verdict)))
    }

    fn keep(&self, ids: Vec<TaskId>) -> BoxFuture<'_, Result<Vec<TaskId>, StoreError>> {
        Box::pin(self.read(move |connection| query::lost(connection, ids)))
    }

    fn claim_deliveries(
        &self,
        most: usize,
        most_per_host: usize,
        under_way: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(self.write(Some(Vec::new()), 0, move |transaction| {
            transaction.claim_deliveries(most, most_per_host, &under_way)
        }))
    }

    fn settle_delivery(&self, id: TaskId, verdict: DeliveryVerdict) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.write(Some(()), 0, move |transaction| transaction.settle_delivery(id, verdict)))
    }

    fn replay(&self, id: TaskId) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.write(Some(false), 0, move |transaction| transaction.replay(id)))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async {
            let mut forgotten = 0;
            loop {
                let step = self.write(Some(0), 0, |transaction| transaction.forget()).await?;
                forgotten += step;
                if step < sweep::TASKS {
                    break;
                }
            }
            for _ in 0..self.write(Some(0), 0, |transaction| transaction.steps_to_shrink()).await? {
                self.write(Some(()), 0, |transaction| transaction.shrink()).await?;
            }
            self.writer.send(writer::Message::Checkpoint).await;
            Ok(forgotten)
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, StoreError>> {
        Box::pin(self.read(query::counts))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            let (reply, closed) = oneshot::channel();
            self.reader.send(reader::Message::Close(reply)).await;
            // There is no other answer than that it has ended.
            drop(closed.await);
            let (give_back, answer) = job::job(Some(()), 0, |transaction| transaction.give_back());
            self.writer.send(writer::Message::Close(give_back)).await;
            // No answer: it has ended before.
            answer.await.unwrap_or(Ok(()))
        })
    }

    /// Nobody else hands anything in: it is only how late a retry may begin, and looking writes nothing.
    fn look_every(&self) -> Duration {
        Duration::from_secs(1)
    }
}
