//! The library's exporters, connected as the configuration says.

use std::time::Duration;

use opentelemetry_otlp::{
    LogExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;

use super::config::{OtlpConfig, OtlpError, OtlpProtocol, SignalKind};
use super::grpc_channel::grpc_channel;
use super::http_client::{Failure, OtlpHttpClient};
use super::runtime::Runtime;

/// So many that the timeout ends them: a receiver that is away for less costs nothing.
const MAX_RETRIES: usize = 100;
/// It doubles with each one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How exporters reach the receiver.
pub(super) struct Transport<'c> {
    config: &'c OtlpConfig,
    runtime: &'c Runtime,
}

impl<'c> Transport<'c> {
    pub(super) fn new(config: &'c OtlpConfig, runtime: &'c Runtime) -> Transport<'c> {
        Transport { config, runtime }
    }

    /// Sends spans. What it does not say about a failure itself is in `failure`.
    pub(super) fn span_exporter(&self, failure: &Failure) -> Result<SpanExporter, OtlpError> {
        let builder = SpanExporter::builder();
        Ok(match self.config.protocol {
            OtlpProtocol::Grpc => self.over_grpc(builder.with_tonic())?.build()?,
            OtlpProtocol::Http => self.over_http(builder.with_http(), SignalKind::Traces, failure)?.build()?,
        })
    }

    /// Sends log records, likewise.
    pub(super) fn log_exporter(&self, failure: &Failure) -> Result<LogExporter, OtlpError> {
        let builder = LogExporter::builder();
        Ok(match self.config.protocol {
            OtlpProtocol::Grpc => self.over_grpc(builder.with_tonic())?.build()?,
            OtlpProtocol::Http => self.over_http(builder.with_http(), SignalKind::Logs, failure)?.build()?,
        })
    }

    fn over_grpc<B: WithExportConfig + WithTonicConfig>(&self, builder: B) -> Result<B, OtlpError> {
        let channel: Channel = self.runtime.within(|| grpc_channel(self.config))?;
        let metadata = MetadataMap::from_headers(self.config.header_map()?);
        let builder = builder.with_channel(channel).with_metadata(metadata);
        Ok(builder.with_timeout(self.config.timeout).with_retry_policy(retry_policy()))
    }

    fn over_http<B: WithExportConfig + WithHttpConfig>(
        &self,
        builder: B,
        kind: SignalKind,
        failure: &Failure,
    ) -> Result<B, OtlpError> {
        let client = OtlpHttpClient::new(self.config, failure.clone())?;
        let builder = builder.with_http_client(client).with_endpoint(self.config.http_uri(kind)?.to_string());
        let builder = builder.with_protocol(Protocol::HttpBinary).with_timeout(self.config.timeout);
        Ok(builder.with_retry_policy(retry_policy()))
    }
}

fn retry_policy() -> RetryPolicy {
    RetryPolicy::default()
        .with_max_retries(MAX_RETRIES)
        .with_initial_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_max_jitter(FIRST_PAUSE)
}
