//! The tier that several servers share: values in Redis, which may be away at any time without anybody noticing much.
//!
//! One thread speaks with Redis. It connects, tries whether answers are quick, and declares the tier usable; when an
//! answer is missing or slow it declares it out of use, and begins anew after a pause. Callers look at that one flag,
//! hand their question to the thread, and wait for as long as the thread does.

mod backoff;
mod connection;
mod driver;
mod value;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::value::ValueError;

use self::connection::Connector;
use self::driver::{Driver, Lookup, Put};
use crate::entry::Entry;
use crate::key::CacheKey;
use crate::observer::CacheObserver;
use crate::remote::{BoxFuture, RemoteTier};

/// Values that wait to be written at most, by number and by bytes.
const MAX_PUTS: usize = 1024;
const MAX_PUT_BYTES: usize = 64 << 20;

/// Redis itself has no larger values.
const MAX_VALUE_BYTES: usize = 512 << 20;

/// Where Redis is, and how patient to be with it.
#[derive(Clone)]
pub struct RedisConfig {
    /// `redis://[[user]:password@]host[:port][/database]`, or `redis+unix:///path`.
    pub url: String,
    /// What the names of all keys begin with, before a colon. Servers that share answers have the same one.
    pub prefix: String,
    /// How long a lookup may take. The first that takes longer puts the tier out of use.
    pub timeout: Duration,
    /// How long a lookup should take. Three in a row that take longer put the tier out of use, until Redis is quicker.
    pub slow_after: Duration,
    /// The largest body that is stored or read.
    pub max_value_bytes: usize,
}

impl RedisConfig {
    /// What fits a Redis in the same network.
    pub fn new(url: impl Into<String>) -> RedisConfig {
        RedisConfig {
            url: url.into(),
            prefix: "ferrocast:cache".into(),
            timeout: Duration::from_millis(50),
            slow_after: Duration::from_millis(10),
            max_value_bytes: 16 << 20,
        }
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("slow_after", &self.slow_after)
            .field("max_value_bytes", &self.max_value_bytes)
            .finish_non_exhaustive()
    }
}

/// Why there can be no tier. The messages do not repeat the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum RedisConfigError {
    /// The URL cannot be read.
    #[error(
        "the URL of Redis cannot be read; it looks like redis://[[user]:password@]host[:port][/database], with what is \
         not a letter or digit in user and password written as %40 and the like"
    )]
    Url,
    /// The URL asks for TLS.
    #[error("the URL of Redis asks for TLS, which is not supported; use redis:// in a network that can be trusted")]
    Tls,
    /// The thread that speaks with Redis cannot be started.
    #[error("cannot start the thread that speaks with Redis")]
    Thread(#[from] io::Error),
}

/// Values in Redis. Each carries a digest of itself and its key, and is checked when it is read: against damage and
/// mistakes, and not against somebody who may write to Redis and knows how.
pub struct RedisTier {
    config: RedisConfig,
    observer: Arc<dyn CacheObserver>,
    usable: Arc<AtomicBool>,
    lookups: mpsc::Sender<Lookup>,
    puts: mpsc::Sender<Put>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl RedisTier {
    /// Begins to connect and returns. The tier is out of use until Redis has answered, whenever that is.
    pub fn new(config: RedisConfig, observer: Arc<dyn CacheObserver>) -> Result<RedisTier, RedisConfigError> {
        if config.url.starts_with("rediss:") || config.url.starts_with("valkeys:") {
            return Err(RedisConfigError::Tls);
        }
        let client = redis::Client::open(config.url.as_str()).map_err(|_| RedisConfigError::Url)?;
        let usable = Arc::new(AtomicBool::new(false));
        let (lookups, lookups_of_driver) = mpsc::channel(driver::MAX_LOOKUPS);
        let (puts, puts_of_driver) = mpsc::channel(MAX_PUTS);
        let connector = Connector {
            client,
            trial: format!("{}:trial", config.prefix),
            slow_after: config.slow_after,
            max_bytes: value::HEAD_BYTES + config.max_value_bytes.min(MAX_VALUE_BYTES),
        };
        let driver = Driver {
            connector,
            timeout: config.timeout,
            slow_after: config.slow_after,
            usable: Arc::clone(&usable),
            observer: Arc::clone(&observer),
            lookups: lookups_of_driver,
            puts: puts_of_driver,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("cache-redis".into()).spawn(move || {
            runtime.block_on(driver.run());
            // Without waiting for a look-up of a host name that hangs.
            runtime.shutdown_background();
        })?;
        let room = Arc::new(Semaphore::new(MAX_PUT_BYTES));
        Ok(RedisTier { config, observer, usable, lookups, puts, room, thread: Some(thread) })
    }

    /// The value of `key`; `Err` if there is no saying.
    async fn look_up(&self, key: &CacheKey) -> Result<Option<Bytes>, ()> {
        let (answer, answered) = oneshot::channel();
        let lookup = Lookup { name: self.name(key), asked: Instant::now(), answer };
        self.lookups.try_send(lookup).map_err(|_| ())?;
        answered.await.map_err(|_| ())
    }

    fn try_put(&self, key: &CacheKey, entry: &Entry) -> Option<()> {
        let remaining = u64::try_from(entry.remaining(SystemTime::now()).as_millis()).ok()?;
        if self.is_degraded() || remaining == 0 || entry.body().len() > self.config.max_value_bytes {
            return None;
        }
        let bytes = u32::try_from(entry.body().len().min(MAX_PUT_BYTES)).ok()?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes).ok()?;
        let put = Put { name: self.name(key), value: value::encode(key, entry), remaining, _room: room };
        self.puts.try_send(put).ok()
    }

    fn name(&self, key: &CacheKey) -> String {
        format!("{}:{key}", self.config.prefix)
    }
}

impl RemoteTier for RedisTier {
    fn get(&self, key: CacheKey) -> BoxFuture<'_, Option<Entry>> {
        Box::pin(async move {
            let Ok(found) = self.look_up(&key).await else {
                self.observer.lookup_failed();
                return None;
            };
            value::decode(&key, found?, SystemTime::now()).map_err(|why| self.observer.garbage(why)).ok()
        })
    }

    fn put(&self, key: CacheKey, entry: Entry) {
        if self.try_put(&key, &entry).is_none() {
            self.observer.put_dropped();
        }
    }

    fn is_degraded(&self) -> bool {
        !self.usable.load(Ordering::Relaxed) || self.lookups.is_closed()
    }
}

impl fmt::Debug for RedisTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTier")
            .field("config", &self.config)
            .field("degraded", &self.is_degraded())
            .finish_non_exhaustive()
    }
}

/// Ends the thread.
impl Drop for RedisTier {
    fn drop(&mut self) {
        // The thread ends when nobody can ask it any more.
        self.lookups = mpsc::channel(1).0;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("cache: the thread that speaks with Redis has panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let error = RedisTier::new(RedisConfig::new(url), Arc::new(())).unwrap_err();
        format!("{error} {error:?}")
    }

    #[test]
    fn messages_never_show_a_password() {
        for url in [
            "redis://:hunter2@",
            "redis://me:hunter2@localhost/one",
            "redis://me:hunter2@localhost:99999",
            "rediss://me:hunter2@localhost",
            "http://me:hunter2@localhost",
            "hunter2",
            "",
        ] {
            let said = refused(url);
            assert!(said.contains("the URL of Redis") && !said.contains("hunter2"), "{url}: {said}");
        }
        let config = RedisConfig::new("redis://me:hunter2@localhost");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_tier_without_redis_starts_and_ends() {
        // Nobody listens on port 1.
        let tier = RedisTier::new(RedisConfig::new("redis://127.0.0.1:1"), Arc::new(())).unwrap();
        assert!(tier.is_degraded());
    }
}
