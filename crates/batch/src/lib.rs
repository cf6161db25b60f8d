//! CPU work on a fixed number of threads, joined into batches when that pays.
//!
//! A [`Pool`] has threads; a [`Queue`] has items of one kind, a [`BatchRunner`] that runs several of them at once, and
//! limits. [`Queue::try_submit`] takes an item or refuses it at once, and gives a [`Ticket`]: a future for any executor,
//! or something to [`wait`](Ticket::wait) for.
//!
//! - **Work-conserving.** A free thread takes the oldest item of the next queue, and what waits behind it and fits. It
//!   never sleeps while something waits, unless the policy asks for a delay: under load batches grow by themselves,
//!   because all threads are busy, and a lone item is not kept waiting.
//! - **Bounded.** So many rows and bytes wait, and no more; a run has so many, and no more. An item above the size of a
//!   run is cut into pieces, and their outputs are joined.
//! - **Fair.** Queues take turns, and one queue never holds all threads unless it is told to. Live items go before
//!   those in the background.
//! - **Exactly one answer.** Each accepted item gets its own output, or the reason why it has none: the runner's error,
//!   a panic (which costs its batch and nothing else), a passed deadline, a shutdown.
//! - **Cancelled by dropping.** An item whose ticket is dropped leaves the queue at once, and its room is free.
//!
//! Time and threads are at the edges: what waits, who is next and what joins are plain data that tests drive by a clock
//! of their own. std only; the locks are model-checked with loom.
//!
//! **Architecture Invariant:** knows nothing about models or executors; `Item` may be a number, and in this crate's
//! tests it is.
//!
//! ```
//! use std::convert::Infallible;
//! use std::num::NonZeroUsize;
//! use std::sync::Arc;
//! use ferrocast_batch::{BatchPolicy, BatchRunner, Pool, PoolConfig, Priority};
//!
//! struct Squares;
//! impl BatchRunner for Squares {
//!     type Item = Vec<u64>;
//!     type Output = Vec<u64>;
//!     type Error = Infallible;
//!     fn rows(&self, item: &Vec<u64>) -> usize {
//!         item.len()
//!     }
//!     fn split(&self, item: Vec<u64>, max_rows: usize) -> Vec<Vec<u64>> {
//!         item.chunks(max_rows).map(<[u64]>::to_vec).collect()
//!     }
//!     fn join(&self, outputs: Vec<Vec<u64>>) -> Result<Vec<u64>, Infallible> {
//!         Ok(outputs.concat())
//!     }
//!     fn run(&self, items: Vec<Vec<u64>>) -> Vec<Result<Vec<u64>, Infallible>> {
//!         items.into_iter().map(|item| Ok(item.iter().map(|x| x * x).collect())).collect()
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Pool::new(&PoolConfig { threads: NonZeroUsize::MIN, name: "squares".into() })?;
//! let queue = pool.queue(Arc::new(Squares), BatchPolicy { max_rows: 2, ..BatchPolicy::default() }, Arc::new(()));
//! let ticket = queue.try_submit(vec![1, 2, 3], Priority::Live, None)?;
//! assert_eq!(ticket.wait()?.output, [1, 4, 9]);
//! # Ok(())
//! # }
//! ```

mod gate;
mod observer;
mod policy;
mod runner;

mod turns;
mod waiting;

mod part;
mod ticket;

mod pool;
mod queue;
mod run;
mod schedule;

mod clock;
mod error;
mod sync;

#[cfg(test)]
#[cfg(loom)]
mod loom_tests;
#[cfg(test)]
#[cfg(not(loom))]
mod simulation;

pub use error::{Rejected, TicketError};
pub use gate::{Gate, Permit};
pub use observer::{BatchObserver, BatchReport, ClosedBy};
pub use policy::{BatchPolicy, Priority};
pub use pool::{Pool, PoolConfig};
pub use queue::{Queue, QueueLoad, TicketOf};
pub use runner::BatchRunner;
pub use ticket::{Completed, Ticket};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
