//! The connection to Redis, and the thread that drives it.
//!
//! Callers come from several runtimes, and a connection lives only as long as the runtime that made it: so it has one of
//! its own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, ScriptInvocation, ServerErrorKind, Value};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::RedisStoreConfigError;
use super::durability::warn_if_forgetful;
use crate::StoreError;

/// After a connection was refused, calls are refused at once for so long: whoever has many tasks to hand in does not
/// connect for each.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs scripts in Redis.
pub(super) struct Link {
    connector: Arc<Connector>,
    runtime: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Link, RedisStoreConfigError> {
        let client = Client::open(url).map_err(|_| RedisStoreConfigError::Url)?;
        let place = client.get_connection_info().addr().to_string();
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().build().map_err(RedisStoreConfigError::Thread)?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("tasks-redis".to_owned())
            .spawn(move || {
                // An error says that the sender is gone, which is the end as well.
                let _ended = runtime.block_on(ended);
                // Without waiting for the name of a host to be looked up.
                runtime.shutdown_background();
            })
            .map_err(RedisStoreConfigError::Thread)?;
        let connector = Connector {
            client,
            place,
            timeout,
            connection: Mutex::new(Connection::Closed { until: None, why: String::new() }),
            has_warned: AtomicBool::new(false),
        };
        Ok(Link { connector: Arc::new(connector), runtime: handle, end: Some(end), thread: Some(thread) })
    }

    /// What the script answers. It may run even if the caller does not wait for it, or is told that Redis is unavailable.
    pub(super) async fn run(&self, call: ScriptInvocation<'static>) -> Result<Value, StoreError> {
        let connector = Arc::clone(&self.connector);
        let answer = self.runtime.spawn(async move { connector.run(&call).await }).await;
        answer.unwrap_or_else(|_| Err("the connection was ended".to_owned())).map_err(|why| self.unavailable(&why))
    }

    pub(super) fn unavailable(&self, why: &str) -> StoreError {
        StoreError::Unavailable(format!("Redis at {}: {why}", self.connector.place))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("place", &self.connector.place).finish_non_exhaustive()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the connection to Redis has panicked");
        }
    }
}

struct Connector {
    client: Client,
    place: String,
    timeout: Duration,
    connection: Mutex<Connection>,
    has_warned: AtomicBool,
}

enum Connection {
    Open { connection: MultiplexedConnection, since: Instant },
    Closed { until: Option<Instant>, why: String },
}

impl Connector {
    async fn run(&self, call: &ScriptInvocation<'_>) -> Result<Value, String> {
        let deadline = Instant::now() + self.timeout;
        let (mut connection, since) = match timeout_at(deadline, self.connect()).await {
            Ok(connected) => connected?,
            Err(_) => return Err(self.no_answer()),
        };
        match timeout_at(deadline, call.invoke_async(&mut connection)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if is_about_the_connection(&error) {
                    self.disconnect(since).await;
                }
                Err(error.to_string())
            }
            Err(_) => {
                self.disconnect(since).await;
                Err(self.no_answer())
            }
        }
    }

    fn no_answer(&self) -> String {
        format!("no answer within {:?}", self.timeout)
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, Instant), String> {
        let mut current = self.connection.lock().await;
        match &*current {
            Connection::Open { connection, since } => return Ok((connection.clone(), *since)),
            Connection::Closed { until: Some(until), why } if Instant::now() < *until => return Err(why.clone()),
            Connection::Closed { .. } => {}
        }
        // Half of what a call may take, so that it is this that fails, and the next call is refused at once.
        let connected = timeout(self.timeout / 2, self.open()).await.unwrap_or_else(|_| Err(self.no_answer()));
        let since = Instant::now();
        match connected {
            Ok(connection) => {
                *current = Connection::Open { connection: connection.clone(), since };
                Ok((connection, since))
            }
            Err(why) => {
                *current = Connection::Closed { until: Some(since + PAUSE), why: why.clone() };
                Err(why)
            }
        }
    }

    async fn open(&self) -> Result<MultiplexedConnection, String> {
        // The limits of the client would be looked at beside those of the calls.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connected.map_err(|error| error.to_string())?;
        if !self.has_warned.load(Ordering::Relaxed) {
            let has_warned = warn_if_forgetful(&connection, &self.place).await;
            self.has_warned.store(has_warned, Ordering::Relaxed);
        }
        Ok(connection)
    }

    /// Ends the connection that was made then, if it is still the one in use.
    async fn disconnect(&self, since: Instant) {
        let mut current = self.connection.lock().await;
        if matches!(&*current, Connection::Open { since: other, .. } if *other == since) {
            *current = Connection::Closed { until: None, why: String::new() };
        }
    }
}

/// Whether another connection may fare better, as it may lead to another server. What a script has answered, such as that
/// there is no memory left, would be answered again.
fn is_about_the_connection(error: &RedisError) -> bool {
    !matches!(error.kind(), ErrorKind::Extension | ErrorKind::Server(ServerErrorKind::ResponseError))
}
