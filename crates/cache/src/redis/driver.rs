//! The thread that speaks with Redis: asks for all callers, and finds out when Redis is away and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::connection::{Connection, Connections, Connector, Refused};
use crate::observer::CacheObserver;

/// Lookups under way at most. As many more may wait to begin.
pub(super) const MAX_LOOKUPS: usize = 64;
/// Writes under way at most.
const MAX_WRITES: usize = 16;
/// Lookups in a row that must be slow before Redis is left alone.
const MAX_SLOW: usize = 3;

/// A caller's question.
pub(super) struct Lookup {
    pub(super) name: String,
    pub(super) asked: Instant,
    /// The value, if there is one. Dropped if there is no saying.
    pub(super) answer: oneshot::Sender<Option<Bytes>>,
}

/// A value to be written.
pub(super) struct Put {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Milliseconds until it expires; not zero.
    pub(super) remaining: u64,
    /// The room that it takes among those that wait, free when it is dropped.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Everything that the thread has.
pub(super) struct Driver {
    pub(super) connector: Connector,
    /// How long a lookup may take, and how long it should.
    pub(super) timeout: Duration,
    pub(super) slow_after: Duration,
    /// Whether callers should ask.
    pub(super) usable: Arc<AtomicBool>,
    pub(super) observer: Arc<dyn CacheObserver>,
    pub(super) lookups: mpsc::Receiver<Lookup>,
    pub(super) puts: mpsc::Receiver<Put>,
}

impl Driver {
    /// Works until the tier is dropped.
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new();
        // It is logged that Redis goes and comes back, and not each try.
        let mut away = false;
        loop {
            let connected = tokio::select! {
                connected = self.connector.connect() => connected,
                () = refuse(&mut self.lookups) => return,
            };
            let began = Instant::now();
            let why = match connected {
                Err(why) => why,
                Ok(connections) => {
                    if away {
                        tracing::info!("cache: Redis answers again");
                        away = false;
                    }
                    self.usable.store(true, Ordering::Relaxed);
                    self.observer.breaker_closed();
                    let ended = self.serve(connections).await;
                    self.usable.store(false, Ordering::Relaxed);
                    let Some(why) = ended else { return };
                    self.observer.breaker_opened();
                    why
                }
            };
            if !away {
                tracing::warn!("cache: Redis does not answer as it should: {why}; going on without it");
                away = true;
            }
            while self.puts.try_recv().is_ok() {
                self.observer.put_dropped();
            }
            tokio::select! {
                () = sleep(backoff.after(began.elapsed())) => {}
                () = refuse(&mut self.lookups) => return,
            }
        }
    }

    /// Asks and writes until Redis does not answer as it should, and says what is wrong; `None` when the tier is
    /// dropped. Whatever is under way then has no answer.
    async fn serve(&mut self, connections: Connections) -> Option<String> {
        let mut reads = JoinSet::new();
        let mut writes = JoinSet::new();
        let mut slow = 0;
        let mut refusal_told = false;
        loop {
            tokio::select! {
                lookup = self.lookups.recv(), if reads.len() < MAX_LOOKUPS => {
                    reads.spawn(look_up(connections.reading.clone(), lookup?, self.timeout));
                }
                Some(read) = reads.join_next() => match read {
                    Ok(Ok(took)) if took <= self.slow_after => slow = 0,
                    Ok(Ok(_)) if slow + 1 < MAX_SLOW => slow += 1,
                    Ok(Ok(took)) => return Some(format!("lookups take {took:?}")),
                    Ok(Err(why)) => return Some(why),
                    Err(error) => return Some(error.to_string()),
                },
                Some(put) = self.puts.recv(), if writes.len() < MAX_WRITES => {
                    writes.spawn(write(connections.writing.clone(), put));
                }
                Some(written) = writes.join_next() => match written {
                    Ok(Ok(Ok(()))) => {}
                    // Full, or read-only: what is in it can still be read.
                    Ok(Ok(Err(Refused(why)))) => {
                        self.observer.put_dropped();
                        if !refusal_told {
                            tracing::warn!("cache: Redis takes no values: {why}");
                            refusal_told = true;
                        }
                    }
                    Ok(Err(why)) => return Some(why),
                    Err(error) => return Some(error.to_string()),
                },
            }
        }
    }
}

/// Drops what is asked while Redis is away. Ends when the tier is dropped.
async fn refuse(lookups: &mut mpsc::Receiver<Lookup>) {
    while lookups.recv().await.is_some() {}
}

/// Answers a caller and says how long that took.
async fn look_up(mut connection: Connection, lookup: Lookup, limit: Duration) -> Result<Duration, String> {
    let value = connection.get(&lookup.name, limit.saturating_sub(lookup.asked.elapsed())).await?;
    // A caller that has left does not mind.
    lookup.answer.send(value).ok();
    Ok(lookup.asked.elapsed())
}

async fn write(mut connection: Connection, put: Put) -> Result<Result<(), Refused>, String> {
    connection.set(&put.name, &put.value, put.remaining).await
}
