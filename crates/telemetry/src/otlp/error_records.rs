//! Events of level ERROR, panics among them, as log records of OTLP.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::exporter::on_exporter_thread;
use super::messages::{AnyValue, KeyValue, LogRecord};
use super::queue::Queue;
use crate::trace::{SpanId, TraceId};

/// `SEVERITY_NUMBER_ERROR`.
const ERROR: i32 = 17;

/// Hands errors to the exporter. Never waits.
#[derive(Debug)]
pub(crate) struct ErrorRecords {
    queue: Arc<Queue<LogRecord>>,
}

impl ErrorRecords {
    pub(super) fn new(queue: Arc<Queue<LogRecord>>) -> ErrorRecords {
        ErrorRecords { queue }
    }
}

impl<S: Subscriber> Layer<S> for ErrorRecords {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // An error on the way to the receiver would become the next one.
        if *event.metadata().level() == Level::ERROR && !on_exporter_thread() {
            self.queue.push(vec![record(event)]);
        }
    }
}

fn record(event: &Event<'_>) -> LogRecord {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    let mut fields = Fields(LogRecord {
        time_unix_nano: now,
        observed_time_unix_nano: now,
        severity_number: ERROR,
        severity_text: "ERROR".to_owned(),
        attributes: vec![KeyValue::new("target", AnyValue::text(event.metadata().target()))],
        ..LogRecord::default()
    });
    event.record(&mut fields);
    fields.0
}

/// Puts each field of an event where it belongs in its record.
struct Fields(LogRecord);

impl Fields {
    fn add(&mut self, field: &Field, value: AnyValue) {
        match field.name() {
            "message" => self.0.body = Some(value),
            name => self.0.attributes.push(KeyValue::new(name, value)),
        }
    }

    fn add_text(&mut self, field: &Field, text: &str) {
        match (field.name(), TraceId::parse(text), SpanId::parse(text)) {
            ("trace_id", Some(id), _) => self.0.trace_id = id.to_bytes(),
            ("span_id", _, Some(id)) => self.0.span_id = id.to_bytes(),
            _ => self.add(field, AnyValue::text(text)),
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, AnyValue::int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.add(field, AnyValue::int(value)),
            // OTLP has no number for it.
            Err(_) => self.add(field, AnyValue::text(&value.to_string())),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, AnyValue::bool(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, AnyValue::float(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add_text(field, &format!("{value:?}"));
    }
}
