//! Answers that were given before: in memory, then in Redis; equal questions are computed once.
//!
//! A [`Cache`] keeps bytes under a [`CacheKey`], each with a time to live. [`Cache::get`] looks in memory and nowhere
//! else. [`Cache::get_or_compute`] goes on where memory ends: the first who asks for a key looks into the
//! [`RemoteTier`], if there is one, and computes; all who ask meanwhile wait for that one answer.
//!
//! - **Bounded.** Memory holds so many bytes and no more; what is larger than that is handed out and not kept.
//! - **Never stale.** Nothing is handed out after its time to live. What must not be served after a change belongs into
//!   the key: a [`KeyBuilder`] makes keys of any parts, and no two different sequences of parts share one.
//! - **Only success is kept.** An error goes to all who wait for the computation, or to its caller alone if it
//!   [says so](Failure::is_own).
//! - **Known by how it is asked.** [`Cache::alias`] keeps an entry under a [`Spelling`] of its question as well: asked the
//!   same way again, byte for byte, nobody has to read the question.
//! - **Nobody hangs.** When the one who computes is cancelled or panics, one of those who wait computes instead.
//! - **The remote tier never fails a caller.** Whatever it does counts as a miss. `redis::RedisTier` (feature `redis`)
//!   stops asking a Redis that is down, hangs or is slow, and looks in the background whether it is well again.
//!
//! **Architecture Invariant:** knows nothing about models or HTTP; keys and values are bytes.
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use ferrocast_cache::{Cache, CacheConfig, CacheKey, Failure, Hit};
//!
//! #[derive(Debug)]
//! struct Overloaded;
//! impl Failure for Overloaded {}
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cache: Cache<Overloaded> = Cache::new(&CacheConfig { memory_bytes: 64 << 20 }, None);
//! let key = CacheKey::builder("squares").number(7).finish();
//! let minute = Duration::from_secs(60);
//! let compute = || async { Ok(Bytes::from("49")) };
//!
//! let (entry, hit) = cache.get_or_compute(key, minute, compute).await.unwrap();
//! assert_eq!((&entry.body()[..], hit), (&b"49"[..], Hit::Miss));
//! let (_, hit) = cache.get_or_compute(key, minute, compute).await.unwrap();
//! assert_eq!(hit, Hit::Memory);
//! # }
//! ```

mod entry;
mod key;

mod error;
mod flights;
mod memory;
mod remote;
mod spelling;
mod status;

mod cache;

#[cfg(feature = "redis")]
mod observer;
#[cfg(feature = "redis")]
pub mod redis;

pub use cache::{Cache, CacheConfig};
pub use entry::{Entry, MAX_TTL};
pub use error::{ComputeError, Failure};
pub use key::{CacheKey, KeyBuilder};
#[cfg(feature = "redis")]
pub use observer::CacheObserver;
pub use remote::{BoxFuture, RemoteTier};
pub use spelling::Spelling;
pub use status::{CacheStatus, Hit};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
