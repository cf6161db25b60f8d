//! The store that several servers share, against a Redis of each test's own.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

#[path = "../it/contract.rs"]
mod contract;

mod faults;
mod sharing;
mod stored;

use std::sync::Arc;
use std::time::Duration;

use ferrocast_tasks::{RedisStore, RedisStoreConfig, StoreConfig, TaskStore};
use ferrocast_testkit::RedisServer;

use contract::{Bench, contract};

/// Longer than any test pauses between two steps, short enough to wait for.
const LEASE: Duration = Duration::from_millis(1500);

/// A store in this Redis.
fn config(server: &RedisServer) -> RedisStoreConfig {
    RedisStoreConfig { url: server.url(), ..RedisStoreConfig::default() }
}

/// A connection of the test's own.
fn connect(server: &RedisServer) -> redis::Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

struct OneRedis(RedisServer);

impl Bench for OneRedis {
    async fn open(&self, bounds: StoreConfig) -> Arc<dyn TaskStore> {
        Arc::new(RedisStore::new(RedisStoreConfig { bounds, lease: LEASE, ..config(&self.0) }).unwrap())
    }

    async fn crash(&self, store: Arc<dyn TaskStore>, config: StoreConfig) -> Arc<dyn TaskStore> {
        drop(store);
        let store = self.open(config).await;
        // Nobody was heard of while the first one had its tasks: the leases end only when others could have renewed theirs.
        pass_as_server(&*store, LEASE * 2).await;
        store
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(400)
    }
}

/// Lets time pass in which the server looks for tasks, and takes none.
async fn pass_as_server(store: &dyn TaskStore, time: Duration) {
    let end = std::time::Instant::now() + time + Duration::from_millis(100);
    while std::time::Instant::now() < end {
        assert_eq!(store.claim(0, 1).await, Ok(vec![]));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

contract!(OneRedis(RedisServer::start(&[])));
