//! The tiers together: memory, then whoever computes the same, then the remote tier, then the computation.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::entry::Entry;
use crate::error::{ComputeError, Failure};
use crate::flights::Flights;
use crate::key::CacheKey;
use crate::memory::Memory;
use crate::remote::RemoteTier;
use crate::spelling::Spelling;
use crate::status::{CacheStatus, Counts, Hit};

/// How much is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// Most bytes in memory, with what it costs to keep them. With zero nothing is kept, and equal questions at the
    /// same time are still computed once.
    pub memory_bytes: u64,
}

/// Answers by key. `E` is why a computation can fail. Shared by all threads and runtimes of a process.
pub struct Cache<E> {
    memory: Memory,
    flights: Flights<E>,
    remote: Option<Arc<dyn RemoteTier>>,
    counts: Counts,
}

impl<E: Failure> Cache<E> {
    /// An empty cache.
    pub fn new(config: &CacheConfig, remote: Option<Arc<dyn RemoteTier>>) -> Cache<E> {
        Cache { memory: Memory::new(config.memory_bytes), flights: Flights::new(), remote, counts: Counts::default() }
    }

    /// The entry of `key` if it is in memory. Waits for nobody and asks nobody else.
    pub fn get(&self, key: &CacheKey) -> Option<Entry> {
        self.counted(self.memory.get(key.as_bytes()))
    }

    /// The entry of `key` from wherever it is, or else computed and kept for `ttl`, with where it came from.
    ///
    /// Of several callers with one key, one looks into the remote tier and calls its `compute`; the others wait for the
    /// outcome. If that one is dropped, panics, or fails for [a reason of its own](Failure::is_own), the next takes its
    /// place. A panic goes to the caller whose `compute` panicked. Dropping the returned future is always fine. A `compute`
    /// must not ask for its own key: it would wait for itself.
    pub async fn get_or_compute<F, Fut>(
        &self,
        key: CacheKey,
        ttl: Duration,
        compute: F,
    ) -> Result<(Entry, Hit), ComputeError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Bytes, E>>,
    {
        if let Some(entry) = self.get(&key) {
            return Ok((entry, Hit::Memory));
        }
        let mut hit = Hit::Shared;
        let seat = self.flights.board(key);
        let lead = || async {
            match self.lead(key, ttl, compute).await {
                Ok((entry, how)) => {
                    hit = how;
                    Ok(Ok(entry))
                }
                Err(failure) if failure.is_own() => Err(failure),
                Err(failure) => Ok(Err(Arc::new(failure))),
            }
        };
        match seat.landing().get_or_try_init(lead).await {
            Ok(Ok(entry)) => {
                self.counts.add(hit);
                Ok((entry.clone(), hit))
            }
            Ok(Err(failure)) => Err(ComputeError::Shared(Arc::clone(failure))),
            Err(failure) => Err(ComputeError::Own(failure)),
        }
    }

    /// Keeps `body` under `key` for `ttl`, in place of what was there. For a caller that computed without asking.
    pub fn insert(&self, key: CacheKey, ttl: Duration, body: Bytes) -> Entry {
        let entry = Entry::new(body, SystemTime::now(), ttl);
        if let Some(remote) = &self.remote {
            remote.put(key, entry.clone());
        }
        self.memory.insert(key.to_bytes(), entry.clone());
        entry
    }

    /// The entry of a question that was kept [as it is written](Cache::alias), if it is in memory.
    pub fn get_spelled(&self, spelling: &Spelling) -> Option<Entry> {
        self.counted(self.memory.get(spelling.as_bytes()))
    }

    /// Keeps an entry under how its question is written as well, in memory alone, for as long as it holds: written the same
    /// way again, the question need not be read.
    pub fn alias(&self, spelling: Spelling, entry: Entry) {
        self.memory.insert(spelling.into_bytes(), entry);
    }

    /// Where answers came from and what is kept.
    pub fn status(&self) -> CacheStatus {
        CacheStatus {
            entries: self.memory.entries(),
            bytes: self.memory.bytes(),
            degraded: self.is_degraded(),
            ..self.counts.status()
        }
    }

    /// Whether there is a remote tier and it is out of use at present.
    pub fn is_degraded(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.is_degraded())
    }

    fn counted(&self, entry: Option<Entry>) -> Option<Entry> {
        if entry.is_some() {
            self.counts.add(Hit::Memory);
        }
        entry
    }

    /// Finds or computes the entry for all who wait.
    async fn lead<F, Fut>(&self, key: CacheKey, ttl: Duration, compute: F) -> Result<(Entry, Hit), E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Bytes, E>>,
    {
        // Another flight of this key may have landed since this caller looked.
        if let Some(entry) = self.memory.get(key.as_bytes()) {
            return Ok((entry, Hit::Memory));
        }
        if let Some(remote) = self.remote.as_ref().filter(|remote| !remote.is_degraded())
            && let Some(entry) = remote.get(key).await
        {
            self.memory.insert(key.to_bytes(), entry.clone());
            return Ok((entry, Hit::Remote));
        }
        let body = compute().await?;
        Ok((self.insert(key, ttl, body), Hit::Miss))
    }
}

impl<E: Failure> fmt::Debug for Cache<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("status", &self.status()).finish_non_exhaustive()
    }
}
