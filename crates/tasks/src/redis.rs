//! A queue that several servers share, in one Redis.
//!
//! Every step is one script of `redis/lua`, so it happens as a whole or not at all; `prelude.lua` names the keys. A stream
//! with a consumer group says which process has a task, and since when: a process that does not renew its lease is taken
//! for dead. Times are those of Redis, which is the one clock that all servers see. It is Redis 7 or later.

mod config;
mod deliveries;
mod durability;
mod held;
mod link;
mod row;
mod scripts;
mod tasks;
mod upkeep;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{FromRedisValue, Script, ScriptInvocation};

pub use config::{RedisStoreConfig, RedisStoreConfigError};

use crate::{
    BoxFuture, Cancelled, Claim, Counts, Delivery, DeliveryVerdict, ListQuery, NewTask, Record, StoreConfig,
    StoreError, Submitted, TaskId, TaskStore, Verdict,
};
use held::Held;
use link::Link;

/// Looking costs Redis some ten microseconds, and a task that another server handed in waits a tenth of a second on
/// average. To be told instead would take a connection that blocks, and nobody would tell of what becomes due.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Most that is taken at once, so that no script keeps Redis from others for long; `claim.lua` relies on it.
const MOST_AT_ONCE: usize = 1000;

/// Tasks in a Redis that several servers share.
///
/// What is accepted is as durable as that Redis is: with `appendonly yes`, and `appendfsync always` if it may lose no
/// second. It is to evict nothing; it warns in the log if Redis is set up to forget.
///
/// A call that ends with [`StoreError::Unavailable`] as Redis did not answer in time may have happened. That is harmless:
/// a task is stored once, however often it is submitted, and claims that nobody heard of are given back.
#[derive(Debug)]
pub struct RedisStore {
    link: Link,
    /// The key that all others begin with.
    base: String,
    /// The consumer that is this process.
    me: String,
    bounds: StoreConfig,
    lease: Duration,
    held: Held,
    /// One at a time: what Redis says this process has, and no reply has told of, was lost.
    claiming: tokio::sync::Mutex<()>,
    is_closed: AtomicBool,
}

impl RedisStore {
    /// Opens it, without waiting for Redis.
    ///
    /// # Errors
    /// If something in `config` cannot be, or there is no thread left.
    pub fn new(config: RedisStoreConfig) -> Result<RedisStore, RedisStoreConfigError> {
        let RedisStoreConfig { url, prefix, bounds, lease, timeout } = config;
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(RedisStoreConfigError::Prefix);
        }
        if lease < Duration::from_millis(1) || timeout < Duration::from_millis(1) {
            return Err(RedisStoreConfigError::Duration);
        }
        Ok(RedisStore {
            link: Link::new(&url, timeout)?,
            base: format!("{{{prefix}}}"),
            me: format!("server-{}", TaskId::random()),
            bounds,
            lease,
            held: Held::default(),
            claiming: tokio::sync::Mutex::new(()),
            is_closed: AtomicBool::new(false),
        })
    }

    fn call(&self, script: &'static Script) -> ScriptInvocation<'static> {
        script.key(&self.base)
    }

    async fn run<T: FromRedisValue>(&self, call: ScriptInvocation<'static>) -> Result<T, StoreError> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(self.link.unavailable("the store was closed"));
        }
        let answer = self.link.run(call).await?;
        redis::from_redis_value(answer).map_err(|error| self.link.unavailable(&error.to_string()))
    }
}

impl TaskStore for RedisStore {
    fn submit(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, StoreError>> {
        Box::pin(self.submit_task(task))
    }

    fn record(&self, id: TaskId) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        Box::pin(self.read_record(id))
    }

    fn list(&self, query: ListQuery) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        Box::pin(self.list_records(query))
    }

    fn cancel(&self, id: TaskId) -> BoxFuture<'_, Result<Cancelled, StoreError>> {
        Box::pin(self.cancel_task(id))
    }

    fn claim(&self, most: usize, busy: usize) -> BoxFuture<'_, Result<Vec<Claim>, StoreError>> {
        Box::pin(self.claim_tasks(most, busy))
    }

    fn settle(&self, id: TaskId, verdict: Verdict) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.settle_task(id, verdict))
    }

    fn keep(&self, ids: Vec<TaskId>) -> BoxFuture<'_, Result<Vec<TaskId>, StoreError>> {
        Box::pin(self.keep_tasks(ids))
    }

    fn claim_deliveries(
        &self,
        most: usize,
        most_per_host: usize,
        under_way: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(self.take_deliveries(most, most_per_host, under_way))
    }

    fn settle_delivery(&self, id: TaskId, verdict: DeliveryVerdict) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.end_delivery(id, verdict))
    }

    fn replay(&self, id: TaskId) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.replay_delivery(id))
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.forget_old())
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts, StoreError>> {
        Box::pin(self.count())
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.give_back())
    }

    fn look_every(&self) -> Duration {
        LOOK_EVERY
    }
}

fn millis(duration: Duration) -> u64 {
    // What Redis counts in loses nothing up to here, and it is longer than anything is kept.
    const MOST: u64 = 1 << 50;
    u64::try_from(duration.as_millis()).unwrap_or(MOST).min(MOST)
}
