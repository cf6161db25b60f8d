//! Traces of requests, as OpenTelemetry has them.
//!
//! Nothing is traced while a request runs: whoever serves it measures its parts anyway, and makes spans of those times when it
//! is over, if the trace is sampled.

mod attribute;
pub mod attribute_name;
mod context;
mod id;
mod request;
mod state;
mod tracing;

pub(crate) use self::attribute::shortened;
pub use self::attribute::{Attribute, AttributeValue};
pub use self::context::TraceContext;
pub(crate) use self::id::{parse_span_id, parse_trace_id};
pub use self::request::{RequestTrace, RootSpan, SpanKind, SpanStatus};
pub use self::tracing::Tracing;
pub use opentelemetry::trace::{SpanId, TraceId};
