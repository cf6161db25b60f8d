//! Tasks in a file of SQLite.

mod damage;
mod faults;
#[cfg(target_os = "linux")]
mod full_disk;
mod kill;
mod set_back;
mod upgrade;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ferrocast_tasks::{
    Clock, SqliteStore, SqliteStoreConfig, SteadyClock, StoreConfig, StoreError, TaskStore, Timestamp,
};
use tempfile::TempDir;

use crate::contract::{self, Bench};

contract::contract!(Folder::new());

/// A directory of its own, and a clock that goes when it is told.
struct Folder {
    directory: TempDir,
    clock: Arc<HandClock>,
}

#[derive(Debug)]
struct HandClock(AtomicU64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Folder {
    fn new() -> Folder {
        let clock = HandClock(AtomicU64::new(1_800_000_000_000));
        Folder { directory: TempDir::new().unwrap(), clock: Arc::new(clock) }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("tasks.db")
    }

    fn store(&self, bounds: StoreConfig) -> SqliteStore {
        let clock = Arc::clone(&self.clock);
        SqliteStore::new(SqliteStoreConfig { path: self.path(), bounds, clock })
    }

    fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn set_back(&self, time: Duration) {
        self.clock.0.fetch_sub(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Bench for Folder {
    async fn open(&self, config: StoreConfig) -> Arc<dyn TaskStore> {
        Arc::new(self.store(config))
    }

    async fn crash(&self, store: Arc<dyn TaskStore>, config: StoreConfig) -> Arc<dyn TaskStore> {
        drop(store);
        self.open(config).await
    }

    async fn pass(&self, time: Duration) {
        Folder::pass(self, time);
    }

    fn delay(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// A store whose clock goes by itself.
fn steady(path: &Path) -> SqliteStore {
    let clock = Arc::new(SteadyClock::start());
    SqliteStore::new(SqliteStoreConfig { path: path.to_owned(), bounds: StoreConfig::default(), clock })
}

/// Why it could not be done.
fn unavailable<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}
