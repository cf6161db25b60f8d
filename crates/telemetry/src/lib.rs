//! How the process tells what it does: lines on standard error, and traces and errors to a receiver of OTLP.
//!
//! The other crates only use the macros of `tracing`; this one decides where those events go. It is for programs, not
//! for libraries: [`init`] changes the whole process.
//!
//! The [README](https://crates.io/crates/ferrocast-telemetry) has an example that runs: a log whose level changes, and a scrape of
//! [`Metrics`].
//!
//! **Architecture Invariant:** no other crate names a subscriber, and what a client sends can neither end a log line nor
//! begin one. **Architecture Invariant:** nothing that is served waits for whoever reads logs or traces.

mod init;
mod log;
mod metrics;
mod otlp;
mod trace;

pub use init::{InitError, Telemetry, init};
pub use log::{FilterError, LogConfig, LogFormat, Logging};
pub use metrics::{
    CacheMetrics, CallbackMetrics, HttpMetrics, InFlight, LoadMetrics, METRICS_CONTENT_TYPE, Metrics, MetricsConfig,
    ModelMetrics, ModelMoment, Moment, NotPredicted, Phases, RouteMetrics, TaskCounts, TaskMetrics,
};
pub use otlp::{ExportCounts, OtlpConfig, OtlpError, OtlpProtocol};
pub use trace::{
    Attribute, AttributeValue, RequestTrace, RootSpan, SpanId, SpanKind, SpanStatus, TraceContext, TraceId, Tracing,
    attribute_name,
};

/// The README's example, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
