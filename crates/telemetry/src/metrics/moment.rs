//! What only the server knows, at the moment of a scrape.

use std::time::Duration;

use ferrocast_cache::CacheStatus;

/// What only the server knows, at the moment of a scrape.
#[derive(Debug, Clone, Default)]
pub struct Moment<'a> {
    /// Whether the server should be sent requests.
    pub ready: bool,
    /// Whether the server is going down.
    pub draining: bool,
    /// Connections of clients that are open.
    pub connections: u64,
    /// Bytes of request bodies in memory.
    pub body_bytes_held: u64,
    /// Log lines left out since the process began.
    pub log_lines_dropped: u64,
    /// Every version of every model that there is, each once, those that failed to load among them.
    pub models: Vec<ModelMoment<'a>>,
    /// The state of the cache; `None` if there is none.
    pub cache: Option<CacheStatus>,
    /// What is in the store of tasks; `None` if it has none yet or does not answer.
    pub tasks: Option<TaskCounts>,
    /// Whether the store of tasks cannot be reached.
    pub task_store_degraded: bool,
}

/// A version of a model, at the moment of a scrape.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelMoment<'a> {
    /// The name of the model.
    pub model: &'a str,
    /// The version, spelled as for [`Metrics::model`](crate::Metrics::model).
    pub version: &'a str,
    /// Whether it answers requests.
    pub ready: bool,
    /// What its last load took; `None` if it never was loaded.
    pub load_time: Option<Duration>,
    /// Requests that wait for it.
    pub queued_requests: u64,
    /// Their rows.
    pub queued_rows: u64,
}

/// What is in the store of tasks, at the moment of a scrape.
#[derive(Debug, Clone, Copy, Default)]
pub struct TaskCounts {
    /// Tasks that wait for a worker.
    pub queued: u64,
    /// Tasks that a worker has.
    pub running: u64,
    /// Callbacks to be delivered now or later.
    pub callbacks_due: u64,
}
