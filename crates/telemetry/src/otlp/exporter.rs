//! Spans and log records on their way to one receiver, and the end of that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::logs::LoggerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{LogExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{self, BatchLogProcessor, SdkLoggerProvider};
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{self, BatchSpanProcessor, SpanData, SpanProcessor};

use super::config::{OtlpConfig, OtlpError};
use super::error_records::ErrorRecords;
use super::http_client::Failure;
use super::reporting::Reporting;
use super::runtime::Runtime;
use super::signal::{MAX_WAITING, Signal};
use super::transport::Transport;

/// Items that are sent at once at most. OpenTelemetry's default for spans.
const MAX_BATCH: usize = 512;
/// How long the first one waits for company.
const INTERVAL: Duration = Duration::from_secs(1);

/// What has become of spans and log records since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Spans that the receiver accepted. Those of them that it then did not want are not told of.
    pub sent_spans: u64,
    /// Spans that were lost: no room, no receiver, or not accepted by it.
    pub dropped_spans: u64,
    /// Log records that the receiver accepted.
    pub sent_records: u64,
    /// Log records that were lost.
    pub dropped_records: u64,
}

/// Sends to one receiver, from threads of its own. Dropped, it ends as if it were shut down by nobody who waits.
#[derive(Debug)]
pub(crate) struct Exporter {
    traces: Arc<Signal>,
    spans: BatchSpanProcessor,
    errors: Arc<Signal>,
    records: SdkLoggerProvider,
}

impl Exporter {
    pub(crate) fn start(config: &OtlpConfig) -> Result<Exporter, OtlpError> {
        let runtime = Runtime::start()?;
        let (transport, resource) = (Transport::new(config, &runtime), resource(config));
        let (traces, errors) = (Arc::new(Signal::new("traces")), Arc::new(Signal::new("errors")));

        let failure = Failure::default();
        let exporter = transport.span_exporter(&failure)?;
        let spans = span_processor(Reporting::new(exporter, &traces, &runtime, failure), &resource);
        let failure = Failure::default();
        let exporter = transport.log_exporter(&failure)?;
        let records = logger_provider(Reporting::new(exporter, &errors, &runtime, failure), resource);
        Ok(Exporter { traces, spans, errors, records })
    }

    /// Takes the spans of a request, or drops and counts them if there is no room for all; so many more had been dropped
    /// before.
    pub(crate) fn send(&self, spans: Vec<SpanData>, dropped: u64) {
        self.traces.count_dropped(dropped);
        if self.traces.admit(spans.len()) {
            spans.into_iter().for_each(|span| self.spans.on_end(span));
        }
    }

    /// Sends what waits, for so long at most. Returns whether all of it has been sent. What is still under way then is neither sent
    /// nor dropped.
    pub(crate) fn shutdown(&self, within: Duration) -> bool {
        let (begun, before) = (Instant::now(), self.dropped());
        self.traces.close();
        self.errors.close();
        let spans = self.spans.shutdown_with_timeout(within);
        let records = self.records.shutdown_with_timeout(within.saturating_sub(begun.elapsed()));
        has_ended(&spans) && has_ended(&records) && self.dropped() == before
    }

    pub(crate) fn counts(&self) -> ExportCounts {
        ExportCounts {
            sent_spans: self.traces.sent(),
            dropped_spans: self.traces.dropped(),
            sent_records: self.errors.sent(),
            dropped_records: self.errors.dropped(),
        }
    }

    pub(crate) fn error_records(&self) -> ErrorRecords {
        ErrorRecords::new(self.records.logger_with_scope(scope()), Arc::clone(&self.errors))
    }

    fn dropped(&self) -> u64 {
        self.traces.dropped() + self.errors.dropped()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.shutdown(Duration::ZERO);
    }
}

fn span_processor(exporter: Reporting<SpanExporter>, resource: &Resource) -> BatchSpanProcessor {
    let batches = trace::BatchConfigBuilder::default()
        .with_max_queue_size(MAX_WAITING)
        .with_max_export_batch_size(MAX_BATCH)
        .with_scheduled_delay(INTERVAL)
        .build();
    let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    processor.set_resource(resource);
    processor
}

fn logger_provider(exporter: Reporting<LogExporter>, resource: Resource) -> SdkLoggerProvider {
    let batches = logs::BatchConfigBuilder::default()
        .with_max_queue_size(MAX_WAITING)
        .with_max_export_batch_size(MAX_BATCH)
        .with_scheduled_delay(INTERVAL)
        .build();
    let processor = BatchLogProcessor::builder(exporter).with_batch_config(batches).build();
    SdkLoggerProvider::builder().with_resource(resource).with_log_processor(processor).build()
}

fn has_ended(result: &OTelSdkResult) -> bool {
    matches!(result, Ok(()) | Err(OTelSdkError::AlreadyShutdown))
}

/// What sends: the service, and the library that makes the messages. Nothing of it comes from the environment.
fn resource(config: &OtlpConfig) -> Resource {
    let given = config.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_service_name(config.service_name.clone())
        .with_attributes(given)
        .build()
}

/// What makes spans and log records.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("ferrocast").with_version(env!("CARGO_PKG_VERSION")).build()
}
