//! Where the shared queue is, and how long a server may be silent.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::StoreConfig;

/// How a [`RedisStore`](crate::RedisStore) is opened.
#[derive(Clone)]
pub struct RedisStoreConfig {
    /// `redis://[user:password@]host[:port][/database]`, or `unix:` and a path.
    pub url: String,
    /// What the names of all keys begin with, in braces. Servers with the same prefix share their tasks.
    pub prefix: String,
    /// The bounds, which servers that share tasks should agree on.
    pub bounds: StoreConfig,
    /// Tasks whose process has not said for so long that it works on them go to another process, and so do callbacks that
    /// were taken so long ago. Much longer than the time between two [`keep`](crate::TaskStore::keep), and longer than a
    /// callback takes. If no server was heard of for half of it, a whole one passes before a task goes to another.
    pub lease: Duration,
    /// Longest that a call takes; then Redis is taken for out of reach.
    pub timeout: Duration,
}

impl Default for RedisStoreConfig {
    fn default() -> Self {
        RedisStoreConfig {
            url: "redis://127.0.0.1".to_owned(),
            prefix: "ferrocast:tasks".to_owned(),
            bounds: StoreConfig::default(),
            lease: Duration::from_secs(30),
            timeout: Duration::from_secs(2),
        }
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisStoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreConfig")
            .field("prefix", &self.prefix)
            .field("bounds", &self.bounds)
            .field("lease", &self.lease)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Why a [`RedisStore`](crate::RedisStore) was not opened. That Redis is away is no reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisStoreConfigError {
    /// [`RedisStoreConfig::url`] is none. It may hold a password, and is not repeated.
    #[error("the URL of Redis is not of the form redis://[user:password@]host[:port][/database]; TLS is not supported")]
    Url,
    /// [`RedisStoreConfig::prefix`] would leave the keys of a store on several nodes of a cluster.
    #[error("the prefix of the keys in Redis is empty or has a brace")]
    Prefix,
    /// [`RedisStoreConfig::lease`] or [`RedisStoreConfig::timeout`] is shorter than a millisecond.
    #[error("the lease and the timeout of Redis are at least a millisecond")]
    Duration,
    /// The operating system gave no thread.
    #[error("cannot start the thread of the connection to Redis")]
    Thread(#[source] io::Error),
}
