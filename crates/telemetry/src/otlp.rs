//! The OpenTelemetry protocol: spans and errors to a receiver, over gRPC or HTTP, by the crates of OpenTelemetry.
//!
//! Nothing waits for the receiver. What it does not take in time is dropped and counted.

mod config;
mod error_records;
mod exporter;
mod grpc_channel;
mod http_client;
mod reporting;
mod runtime;
mod signal;
mod tls;
mod transport;

pub use self::config::{OtlpConfig, OtlpError, OtlpProtocol};
pub(crate) use self::error_records::ErrorRecords;
pub use self::exporter::ExportCounts;
pub(crate) use self::exporter::{Exporter, scope};

#[cfg(test)]
mod tests;
