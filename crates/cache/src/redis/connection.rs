//! Connections to Redis, and the two commands that are needed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError};
use tokio::time::timeout;

/// How long Redis may take to be connected to, and to pass the trial.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a write may take. Nobody waits for it, and large values take their time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// Lookups in a row that must be quick before Redis is used.
const TRIALS: usize = 3;

/// Makes connections, and tries whether they are any good.
pub(super) struct Connector {
    pub(super) client: redis::Client,
    /// A name that is looked up for a trial.
    pub(super) trial: String,
    /// How long a lookup should take.
    pub(super) slow_after: Duration,
    /// The longest value that is read.
    pub(super) max_bytes: usize,
}

/// Two, so that no lookup waits behind a large value that is being written.
pub(super) struct Connections {
    pub(super) reading: Connection,
    pub(super) writing: Connection,
}

impl Connector {
    /// Connects to a Redis that answers quickly, or says why not.
    pub(super) async fn connect(&self) -> Result<Connections, String> {
        let connecting = async {
            let mut reading = self.open().await?;
            for _ in 0..TRIALS {
                let began = Instant::now();
                // The very command of a lookup, so that whatever stands in its way is found here.
                reading.get(&self.trial, CONNECT_TIMEOUT).await?;
                let took = began.elapsed();
                if took > self.slow_after {
                    return Err(format!("a trial took {took:?}"));
                }
            }
            Ok(Connections { reading, writing: self.open().await? })
        };
        timeout(CONNECT_TIMEOUT, connecting)
            .await
            .unwrap_or_else(|_| Err("it cannot be connected to in time".to_owned()))
    }

    async fn open(&self) -> Result<Connection, String> {
        // Every use has a limit of its own.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let redis = self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(text)?;
        Ok(Connection { redis, max_bytes: self.max_bytes })
    }
}

/// A connection that many use at once.
#[derive(Clone)]
pub(super) struct Connection {
    redis: MultiplexedConnection,
    max_bytes: usize,
}

/// Redis is well and does not want the value, for this reason.
pub(super) struct Refused(pub(super) String);

impl Connection {
    /// The value of a name if there is one; empty if what is there is no string of bytes. `Err` if Redis does not answer
    /// in time or at all.
    pub(super) async fn get(&mut self, name: &str, limit: Duration) -> Result<Option<Bytes>, String> {
        // Not GET, which would bring a value of any size. One that is cut fails the check of its digest.
        let mut command = redis::cmd("GETRANGE");
        command.arg(name).arg(0).arg(self.max_bytes);
        match timeout(limit, command.query_async::<Vec<u8>>(&mut self.redis)).await {
            Ok(Ok(value)) if value.is_empty() => Ok(None),
            Ok(Ok(value)) => Ok(Some(value.into())),
            Ok(Err(error)) if error.code() == Some("WRONGTYPE") => Ok(Some(Bytes::new())),
            Ok(Err(error)) => Err(text(error)),
            Err(_) => Err("a lookup was not answered in time".to_owned()),
        }
    }

    /// Sets the value of a name for so many milliseconds. `Err` if Redis does not answer in time or at all.
    pub(super) async fn set(&mut self, name: &str, value: &[u8], millis: u64) -> Result<Result<(), Refused>, String> {
        let mut command = redis::cmd("SET");
        command.arg(name).arg(value).arg("PX").arg(millis);
        match timeout(WRITE_TIMEOUT, command.exec_async(&mut self.redis)).await {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
                Ok(Err(Refused(text(error))))
            }
            Ok(Err(error)) => Err(text(error)),
            Err(_) => Err("a write was not answered in time".to_owned()),
        }
    }
}

fn text(error: RedisError) -> String {
    error.to_string()
}
