//! Work that is promised now and done later.
//!
//! A [`TaskStore`] keeps tasks: [`SqliteStore`] in a file, for one process; `RedisStore` (feature `redis`) in a Redis that
//! several share. [`Tasks`] is a store with a thread that works: it has a [`Worker`] do what is due, and a [`Courier`] tell
//! whoever asked to be told; a [`TaskObserver`] counts what happens. What may be told to whom is in [`callback`], and sends
//! nothing itself.
//!
//! - **Durable.** A task is accepted when it is on the disk. One that was running when its process died is begun again, and
//!   one that was running at several such deaths is not.
//! - **One end.** The first verdict that ends a task holds, whoever else still works on it.
//! - **Bounded.** So many tasks, so many bytes, so long; so many that run and so many callbacks under way at a time.
//! - **Told at least once.** A callback is due in the same commit that ends its task, and stays so until its receiver has it
//!   or it is given up.
//!
//! **Architecture Invariant:** knows nothing about models or HTTP; payloads and results are bytes.
//!
//! ```
//! use std::sync::Arc;
//! use bytes::Bytes;
//! use ferrocast_tasks::{
//!     Attempt, BoxFuture, Claim, Courier, Delivery, DeliveryVerdict, NewTask, Outcome, SqliteStore, SqliteStoreConfig,
//!     SteadyClock, StoreConfig, TaskId, Tasks, TasksConfig, Worker,
//! };
//!
//! struct Reverse;
//! impl Worker for Reverse {
//!     fn run(&self, claim: Claim) -> BoxFuture<'_, Attempt> {
//!         Box::pin(async move { Attempt::Done(claim.payload.iter().rev().copied().collect()) })
//!     }
//! }
//!
//! struct Nobody;
//! impl Courier for Nobody {
//!     fn deliver(&self, _: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
//!         Box::pin(async { DeliveryVerdict::Dead("there is nobody to tell".to_owned()) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let (path, clock) = (folder.path().join("tasks.db"), Arc::new(SteadyClock::start()));
//! let store = SqliteStore::new(SqliteStoreConfig { path, bounds: StoreConfig::default(), clock });
//! let (worker, courier, observer) = (Arc::new(Reverse), Arc::new(Nobody), Arc::new(()));
//! let tasks = Tasks::start(Arc::new(store), worker, courier, TasksConfig::default(), observer)?;
//! let id = TaskId::random();
//! tasks
//!     .submit(NewTask {
//!         id,
//!         topic: "words".into(),
//!         owner: None,
//!         request_id: "1".into(),
//!         trace_parent: None,
//!         payload: Bytes::from("drawer"),
//!         callback: None,
//!         idempotency: None,
//!     })
//!     .await?;
//! let outcome = loop {
//!     if let Some(outcome) = tasks.record(id, None).await?.and_then(|record| record.outcome) {
//!         break outcome;
//!     }
//! };
//! assert_eq!(outcome, Outcome::Done(Bytes::from("reward")));
//! # Ok(())
//! # }
//! ```

mod clock;
mod id;
mod observer;
mod store;
mod task;
mod worker;

mod deliveries;
mod runner;
mod settle;
mod signals;
mod stopping;
mod sweep;
mod tasks;

pub mod callback;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;

use std::pin::Pin;

pub use clock::{Clock, SteadyClock, Timestamp};
pub use id::{NoTaskId, TaskId};
pub use observer::TaskObserver;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, RedisStoreConfig, RedisStoreConfigError};
pub use sqlite::{SqliteStore, SqliteStoreConfig};
pub use store::{Bound, QUARANTINED, StoreConfig, StoreError, TaskStore};
pub use task::{
    Callback, CallbackRecord, CallbackState, Cancelled, Claim, Counts, Delivery, DeliveryVerdict, Idempotency,
    ListQuery, NewTask, Outcome, Record, State, Submitted, Verdict,
};

pub use tasks::{Tasks, TasksConfig};
pub use worker::{Attempt, Courier, Failure, Worker};

/// A future that a trait object gives.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
