//! How the process tells what it does.
//!
//! The other crates only use the macros of `tracing`; this one decides where those events go. It is for programs, not
//! for libraries: [`init`] changes the whole process.
//!
//! **Architecture Invariant:** no other crate names a subscriber, and what a client sends can neither end a log line nor
//! begin one.

mod init;
mod metrics;
mod plain;

pub use init::{InitError, LogConfig, LogFormat, init};
pub use metrics::{
    CacheMetrics, CallbackMetrics, HttpMetrics, InFlight, LoadMetrics, METRICS_CONTENT_TYPE, Metrics, MetricsConfig,
    ModelMetrics, ModelMoment, Moment, NotPredicted, Phases, RouteMetrics, TaskCounts, TaskMetrics,
};
