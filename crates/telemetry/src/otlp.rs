//! The OpenTelemetry protocol: spans and errors to a receiver, over gRPC or HTTP.
//!
//! Nothing waits for the receiver. What it does not take in time is dropped and counted.

mod client;
mod config;
mod error_records;
mod exporter;
mod grpc;
mod http_answer;
pub(crate) mod messages;
mod queue;
mod signal;

pub use self::config::{OtlpConfig, OtlpError, OtlpProtocol};
pub(crate) use self::error_records::ErrorRecords;
pub use self::exporter::ExportCounts;
pub(crate) use self::exporter::Exporter;

#[cfg(test)]
mod tests;
