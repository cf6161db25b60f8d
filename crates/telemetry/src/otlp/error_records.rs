//! Events of level ERROR, panics among them, as log records of OTLP.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::Context;
use opentelemetry::logs::{AnyValue, LogRecord, Logger, Severity};
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{Layer, layer};

use super::signal::Signal;
use crate::trace::{parse_span_id, parse_trace_id, shortened};

/// Hands errors to the exporter. Never waits.
#[derive(Debug)]
pub(crate) struct ErrorRecords {
    logger: SdkLogger,
    signal: Arc<Signal>,
}

impl ErrorRecords {
    pub(super) fn new(logger: SdkLogger, signal: Arc<Signal>) -> ErrorRecords {
        ErrorRecords { logger, signal }
    }

    fn record(&self, event: &Event<'_>) -> SdkLogRecord {
        let mut record = self.logger.create_log_record();
        let now = SystemTime::now();
        record.set_timestamp(now);
        record.set_observed_timestamp(now);
        record.set_severity_number(Severity::Error);
        record.set_severity_text("ERROR");
        record.add_attribute("target", event.metadata().target());
        let mut fields = Fields { record, trace_id: None, span_id: None };
        event.record(&mut fields);
        fields.into_record()
    }
}

impl<S: Subscriber> Layer<S> for ErrorRecords {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        // An error on the way to the receiver would become the next one: there, everything is suppressed.
        let error = *event.metadata().level() == Level::ERROR && !Context::is_current_telemetry_suppressed();
        if error && self.signal.admit(1) {
            self.logger.emit(self.record(event));
        }
    }
}

/// Puts each field of an event where it belongs in its record.
struct Fields {
    record: SdkLogRecord,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<AnyValue>) {
        match field.name() {
            "message" => self.record.set_body(value.into()),
            name => self.record.add_attribute(name, value),
        }
    }

    fn add_text(&mut self, field: &Field, text: &str) {
        match (field.name(), parse_trace_id(text), parse_span_id(text)) {
            ("trace_id", Some(id), _) => self.trace_id = Some(id),
            ("span_id", _, Some(id)) => self.span_id = Some(id),
            _ => self.add(field, shortened(text).to_owned()),
        }
    }

    fn into_record(mut self) -> SdkLogRecord {
        if let Some(trace_id) = self.trace_id {
            self.record.set_trace_context(trace_id, self.span_id.unwrap_or(SpanId::INVALID), None);
        }
        self.record
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.add(field, value),
            // OTLP has no number for it.
            Err(_) => self.add(field, value.to_string()),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add_text(field, &format!("{value:?}"));
    }
}
