//! Every metric there is: its name, its labels, its buckets and what it means. Nothing else of this program names one.
//!
//! Dashboards are made for these names, so a name is changed as an interface is. Labels are the route and not the path,
//! a model and not what a client calls it: whatever is asked of the server, the number of series stays the same.
//!
//! What is counted of each prediction and of its answer is counted by ourselves, each thread in a copy of its own
//! ([`Sharded`](ferrocast_counters::Sharded), [`histogram`]): 40 ns for all of it, on one thread or two at a time (`benches/metrics.rs`). The six
//! histograms and two counters of `prometheus` 0.14 that hold the same cost 57 ns, and 114 ns on each of two threads,
//! which share them. Its sets of series would not do for models either: they go by a hash of all label values in a row,
//! for which version `1` of a model `a1` is version `11` of a model `a`.
//!
//! Everything else is counted by that library ([`registered`]), and everything is written by it ([`family`]). What the
//! process uses is read in [`process`], as the library's reader brings a second `rustix`.

mod buckets;
mod family;
mod histogram;
mod registered;

mod cache;
mod http;
mod loads;
mod models;
mod routes;
mod tasks;

mod machine;
mod process;

mod handles;
mod model_totals;
mod moment;
mod render;
mod triton;

pub use cache::CacheMetrics;
pub use handles::{Metrics, MetricsConfig};
pub use http::{HttpMetrics, InFlight};
pub use loads::LoadMetrics;
pub use models::{ModelMetrics, NotPredicted, Phases};
pub use moment::{ModelMoment, Moment, TaskCounts};
pub use render::METRICS_CONTENT_TYPE;
pub use routes::RouteMetrics;
pub use tasks::{CallbackMetrics, TaskMetrics};

use buckets::Buckets;
use family::Family;

const NONE: &[&str] = &[];
const ROUTE: &[&str] = &["method", "endpoint"];
const ANSWER: &[&str] = &["method", "endpoint", "status"];
const MODEL: &[&str] = &["model"];
const VERSION: &[&str] = &["model", "version"];
const FAILURE: &[&str] = &["model", "version", "reason"];

const US: u64 = 1_000;
const MS: u64 = 1_000 * US;
const S: u64 = 1_000 * MS;

/// From an answer out of memory to the longest time that a request is given; the limits that objectives are usually
/// set at are among them.
#[rustfmt::skip]
const REQUEST_TIMES: Buckets = Buckets::nanoseconds(&[
    100 * US, 500 * US, MS, 2 * MS + 500 * US, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS,
    S, 2 * S + 500 * MS, 5 * S, 10 * S,
]);
/// The same for all phases, so that they can be stacked; two for each power of ten, as models differ by six of them.
#[rustfmt::skip]
const PHASE_TIMES: Buckets = Buckets::nanoseconds(&[
    10 * US, 30 * US, 100 * US, 300 * US, MS, 3 * MS, 10 * MS, 30 * MS, 100 * MS, 300 * MS, S, 3 * S, 10 * S,
]);
/// From a small prediction on an idle server to an hour in a queue.
#[rustfmt::skip]
const TASK_TIMES: Buckets = Buckets::nanoseconds(&[
    10 * MS, 50 * MS, 100 * MS, 500 * MS, S, 5 * S, 10 * S, 30 * S, 60 * S, 300 * S, 600 * S, 1_800 * S, 3_600 * S,
]);
/// To the longest time that a receiver may be given, and a little beyond.
#[rustfmt::skip]
const CALLBACK_TIMES: Buckets = Buckets::nanoseconds(&[
    10 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, S, 2 * S + 500 * MS, 5 * S, 10 * S, 15 * S, 30 * S, 60 * S,
]);
/// Powers of two, as batches are limited by.
const ROWS: Buckets = Buckets::units(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);

// Requests.
static REQUESTS: Family = Family::counter("ml_api_requests_total", ANSWER, "Requests answered.");
static REQUEST_DURATION: Family = Family::histogram(
    "ml_api_request_duration_seconds",
    ROUTE,
    &REQUEST_TIMES,
    "Time from the head of a request to the head of its answer.",
);
static REQUESTS_IN_FLIGHT: Family =
    Family::gauge("ferrocast_requests_in_flight", NONE, "Requests that are being answered.");
static CONNECTIONS: Family = Family::gauge("ferrocast_connections", NONE, "Connections of clients that are open.");
static BODY_BYTES: Family = Family::gauge("ferrocast_body_bytes_held", NONE, "Bytes of request bodies in memory.");
static PANICS: Family = Family::counter("ferrocast_panics_total", NONE, "Panics that were caught; each is a bug.");
static AUTH_FAILURES: Family =
    Family::counter("ferrocast_auth_failures_total", NONE, "Requests without a valid key, or with one for less.");
static RATE_LIMITED: Family =
    Family::counter("ferrocast_rate_limited_total", NONE, "Requests refused because their client sent too many.");
static OVERLOADED: Family =
    Family::counter("ferrocast_overloaded_total", NONE, "Requests refused because too much waited already.");
static DEADLINE_EXCEEDED: Family =
    Family::counter("ferrocast_deadline_exceeded_total", NONE, "Requests that had no answer within their time.");

// Predictions, by version of a model.
static PREDICTIONS: Family = Family::counter("ml_api_predictions_total", VERSION, "Rows predicted.");
static FAILURES: Family = Family::counter(
    "ferrocast_failures_total",
    VERSION,
    "Requests for predictions that got none, whatever the reason.",
);
static PARSE_DURATION: Family = Family::histogram(
    "ferrocast_parse_duration_seconds",
    VERSION,
    &PHASE_TIMES,
    "Time to read and validate the body of a request.",
);
static QUEUE_DURATION: Family = Family::histogram(
    "ferrocast_queue_duration_seconds",
    VERSION,
    &PHASE_TIMES,
    "Time that a request waited for its turn; zero where it ran at once.",
);
static PREPROCESS_DURATION: Family = Family::histogram(
    "ferrocast_preprocess_duration_seconds",
    VERSION,
    &PHASE_TIMES,
    "Time from rows or pictures to tensors.",
);
static INFERENCE_DURATION: Family = Family::histogram(
    "ferrocast_inference_duration_seconds",
    VERSION,
    &PHASE_TIMES,
    "Time of the run that a request was part of.",
);
static ENCODE_DURATION: Family = Family::histogram(
    "ferrocast_encode_duration_seconds",
    VERSION,
    &PHASE_TIMES,
    "Time from tensors to the body of the answer.",
);
static BATCH_ROWS: Family =
    Family::histogram("ferrocast_batch_rows", VERSION, &ROWS, "Rows that one run of the model had.");
static QUEUE_ROWS: Family = Family::gauge("ferrocast_queue_rows", VERSION, "Rows that wait for the model.");

// Models.
static MODEL_READY: Family =
    Family::gauge("ferrocast_model_ready", VERSION, "1 while the version answers requests, 0 while it does not.");
static MODEL_LOAD: Family =
    Family::gauge("ferrocast_model_load_seconds", VERSION, "Time that the last load took, with its first predictions.");
static MODEL_LOADS: Family = Family::counter("ferrocast_model_loads_total", MODEL, "Versions loaded.");
static MODEL_LOAD_FAILURES: Family =
    Family::counter("ferrocast_model_load_failures_total", MODEL, "Versions that could not be loaded.");

// Answers that are kept.
static CACHE_HITS: Family = Family::counter("ferrocast_cache_hits_total", NONE, "Answers out of memory.");
static CACHE_MISSES: Family = Family::counter("ferrocast_cache_misses_total", NONE, "Answers that had to be computed.");
static CACHE_SHARED: Family =
    Family::counter("ferrocast_cache_shared_total", NONE, "Answers that another request was computing already.");
static CACHE_REMOTE_HITS: Family =
    Family::counter("ferrocast_cache_remote_hits_total", NONE, "Answers out of the remote tier.");
static CACHE_REMOTE_FAILURES: Family = Family::counter(
    "ferrocast_cache_remote_failures_total",
    NONE,
    "Lookups that the remote tier left without an answer, values that could not be used, and entries not stored.",
);
static CACHE_DEGRADED: Family =
    Family::gauge("ferrocast_cache_degraded", NONE, "1 while there is a remote tier and it is out of use.");
static CACHE_ENTRIES: Family = Family::gauge("ferrocast_cache_entries", NONE, "Answers in memory.");
static CACHE_BYTES: Family = Family::gauge("ferrocast_cache_bytes", NONE, "Bytes of the answers in memory.");

// Tasks and their callbacks.
static TASKS_ACCEPTED: Family = Family::counter("ferrocast_tasks_accepted_total", NONE, "Tasks stored.");
static TASKS_COMPLETED: Family = Family::counter("ferrocast_tasks_completed_total", NONE, "Tasks ended with a result.");
static TASKS_FAILED: Family = Family::counter("ferrocast_tasks_failed_total", NONE, "Tasks ended without a result.");
static TASKS_CANCELLED: Family = Family::counter("ferrocast_tasks_cancelled_total", NONE, "Tasks called off.");
static TASKS_QUEUED: Family = Family::gauge("ferrocast_tasks_queued", NONE, "Tasks that wait for a worker.");
static TASKS_RUNNING: Family = Family::gauge("ferrocast_tasks_running", NONE, "Tasks that a worker has.");
static TASK_DURATION: Family = Family::histogram(
    "ferrocast_task_duration_seconds",
    NONE,
    &TASK_TIMES,
    "Time from accepting a task to its result or failure.",
);
static TASK_STORE_DEGRADED: Family =
    Family::gauge("ferrocast_task_store_degraded", NONE, "1 while the store of tasks cannot be reached.");
static CALLBACKS_DELIVERED: Family =
    Family::counter("ferrocast_callbacks_delivered_total", NONE, "Callbacks that their receiver took.");
static CALLBACK_ATTEMPT_FAILURES: Family = Family::counter(
    "ferrocast_callback_attempt_failures_total",
    NONE,
    "Attempts to deliver a callback that did not succeed.",
);
static CALLBACKS_DEAD: Family =
    Family::counter("ferrocast_callbacks_dead_total", NONE, "Callbacks given up: nobody will be told.");
static CALLBACKS_DUE: Family =
    Family::gauge("ferrocast_callbacks_due", NONE, "Callbacks to be delivered now or later.");
static CALLBACK_DURATION: Family = Family::histogram(
    "ferrocast_callback_duration_seconds",
    NONE,
    &CALLBACK_TIMES,
    "Time of one attempt to deliver a callback.",
);

// The server.
static READY: Family =
    Family::gauge("ferrocast_ready", NONE, "1 while the server should be sent requests, 0 while it should not.");
static DRAINING: Family = Family::gauge("ferrocast_draining", NONE, "1 while the server is going down.");
static LOG_LINES_DROPPED: Family = Family::counter(
    "ferrocast_log_lines_dropped_total",
    NONE,
    "Log lines left out because whoever reads them was too slow.",
);
static BUILD_INFO: Family = Family::gauge("ferrocast_build_info", &["version"], "Always 1; the version is a label.");

// The process, under the names that all client libraries of Prometheus use.
static PROCESS_CPU: Family =
    Family::counter("process_cpu_seconds_total", NONE, "Total user and system CPU time spent in seconds.");
static PROCESS_OPEN_FDS: Family = Family::gauge("process_open_fds", NONE, "Number of open file descriptors.");
static PROCESS_MAX_FDS: Family = Family::gauge("process_max_fds", NONE, "Maximum number of open file descriptors.");
static PROCESS_VIRTUAL: Family = Family::gauge("process_virtual_memory_bytes", NONE, "Virtual memory size in bytes.");
static PROCESS_RESIDENT: Family =
    Family::gauge("process_resident_memory_bytes", NONE, "Resident memory size in bytes.");
static PROCESS_THREADS: Family = Family::gauge("process_threads", NONE, "Number of OS threads in the process.");
static PROCESS_START: Family =
    Family::gauge("process_start_time_seconds", NONE, "Start time of the process since unix epoch in seconds.");

// Triton's own, with its texts, for dashboards that were made for Triton.
// https://github.com/triton-inference-server/core/blob/main/src/metrics.cc
static NV_SUCCESS: Family = Family::counter(
    "nv_inference_request_success",
    VERSION,
    "Number of successful inference requests, all batch sizes",
);
static NV_FAILURE: Family =
    Family::counter("nv_inference_request_failure", FAILURE, "Number of failed inference requests, all batch sizes");
static NV_COUNT: Family =
    Family::counter("nv_inference_count", VERSION, "Number of inferences performed (does not include cached requests)");
static NV_EXEC_COUNT: Family = Family::counter(
    "nv_inference_exec_count",
    VERSION,
    "Number of model executions performed (does not include cached requests)",
);
static NV_PENDING: Family = Family::gauge(
    "nv_inference_pending_request_count",
    VERSION,
    "Instantaneous number of pending requests awaiting execution per-model.",
);
static NV_REQUEST_DURATION: Family = Family::counter(
    "nv_inference_request_duration_us",
    VERSION,
    "Cumulative inference request duration in microseconds (includes cached requests)",
);
static NV_QUEUE_DURATION: Family = Family::counter(
    "nv_inference_queue_duration_us",
    VERSION,
    "Cumulative inference queuing duration in microseconds (includes cached requests)",
);
static NV_INPUT_DURATION: Family = Family::counter(
    "nv_inference_compute_input_duration_us",
    VERSION,
    "Cumulative compute input duration in microseconds (does not include cached requests)",
);
static NV_INFER_DURATION: Family = Family::counter(
    "nv_inference_compute_infer_duration_us",
    VERSION,
    "Cumulative compute inference duration in microseconds (does not include cached requests)",
);
static NV_OUTPUT_DURATION: Family = Family::counter(
    "nv_inference_compute_output_duration_us",
    VERSION,
    "Cumulative inference compute output duration in microseconds (does not include cached requests)",
);
static NV_CACHE_HITS: Family =
    Family::counter("nv_cache_num_hits_per_model", VERSION, "Number of cache hits per model");
static NV_CACHE_MISSES: Family =
    Family::counter("nv_cache_num_misses_per_model", VERSION, "Number of cache misses per model");
static NV_CACHE_HIT_DURATION: Family =
    Family::counter("nv_cache_hit_duration_per_model", VERSION, "Total cache hit duration per model, in microseconds");
static NV_CACHE_MISS_DURATION: Family = Family::counter(
    "nv_cache_miss_duration_per_model",
    VERSION,
    "Total cache miss (insert+lookup) duration per model, in microseconds",
);
static NV_CPU_UTILIZATION: Family = Family::gauge("nv_cpu_utilization", NONE, "CPU utilization rate [0.0 - 1.0]");
static NV_MEMORY_TOTAL: Family = Family::gauge("nv_cpu_memory_total_bytes", NONE, "CPU total memory (RAM), in bytes");
static NV_MEMORY_USED: Family = Family::gauge("nv_cpu_memory_used_bytes", NONE, "CPU used memory (RAM), in bytes");
