//! Work that is promised now and done later.
//!
//! A task that is accepted is stored first, and survives a crash; a worker does it, as often as it takes; whoever wants to
//! know is sent the end of it.

mod clock;
mod id;
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
