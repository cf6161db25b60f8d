//! The thread that sends spans and log records, and its end.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use prost::Message;
use tokio::runtime::Builder;

use super::client::Client;
use super::config::{OtlpConfig, OtlpError, SignalKind};
use super::error_records::ErrorRecords;
use super::messages::{
    AnyValue, KeyValue, LogRecord, LogsRequest, Resource, ResourceLogs, ResourceSpans, Scope, ScopeLogs, ScopeSpans,
    Span, TracesRequest,
};
use super::queue::Queue;
use super::signal::Signal;

thread_local! {
    static IS_EXPORTER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is an exporter's: what happens on it is not exported.
pub(super) fn on_exporter_thread() -> bool {
    IS_EXPORTER.get()
}

/// What has become of spans and log records since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Spans that the receiver accepted.
    pub sent_spans: u64,
    /// Spans that were lost: no room, no receiver, or not wanted by it.
    pub dropped_spans: u64,
    /// Log records that the receiver accepted.
    pub sent_records: u64,
    /// Log records that were lost.
    pub dropped_records: u64,
}

/// Sends to one receiver, from one thread. Dropped, it ends as if it were shut down by nobody who waits.
#[derive(Debug)]
pub(crate) struct Exporter {
    spans: Arc<Queue<Span>>,
    records: Arc<Queue<LogRecord>>,
    /// Disconnected when the thread has sent the last.
    ended: Mutex<Receiver<()>>,
}

impl Exporter {
    pub(crate) fn start(config: &OtlpConfig) -> Result<Exporter, OtlpError> {
        let (spans, records) = (Arc::<Queue<Span>>::default(), Arc::<Queue<LogRecord>>::default());
        let resource = resource(config);
        let traces = {
            let (resource, client) = (resource.clone(), Client::new(config, SignalKind::Traces)?);
            Signal::new("traces", Arc::clone(&spans), client, move |spans| encode_spans(&resource, spans))
        };
        let logs = {
            let client = Client::new(config, SignalKind::Logs)?;
            Signal::new("errors", Arc::clone(&records), client, move |records| encode_records(&resource, records))
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = sync_channel::<()>(0);
        let run = move || {
            IS_EXPORTER.set(true);
            runtime.block_on(async { tokio::join!(traces.run(), logs.run()) });
            // A lookup of a name may hang for longer than anybody waits.
            runtime.shutdown_background();
            drop(end);
        };
        thread::Builder::new().name("otlp".to_owned()).spawn(run)?;
        Ok(Exporter { spans, records, ended: Mutex::new(ended) })
    }

    /// Takes the spans of a request; so many more had been dropped before.
    pub(crate) fn send(&self, spans: Vec<Span>, dropped: u64) {
        self.spans.count_dropped(dropped);
        self.spans.push(spans);
    }

    /// Sends what waits, for so long at most. Returns whether all of it has been sent.
    pub(crate) fn shutdown(&self, within: Duration) -> bool {
        let before = self.counts();
        self.close();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = ended.recv_timeout(within);
        let after = self.counts();
        let lost = after.dropped_spans > before.dropped_spans || after.dropped_records > before.dropped_records;
        ended == Err(RecvTimeoutError::Disconnected) && !lost
    }

    pub(crate) fn counts(&self) -> ExportCounts {
        ExportCounts {
            sent_spans: self.spans.sent(),
            dropped_spans: self.spans.dropped(),
            sent_records: self.records.sent(),
            dropped_records: self.records.dropped(),
        }
    }

    pub(crate) fn error_records(&self) -> ErrorRecords {
        ErrorRecords::new(Arc::clone(&self.records))
    }

    fn close(&self) {
        self.spans.close();
        self.records.close();
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.close();
    }
}

/// What sends: the service, and what made the messages.
fn resource(config: &OtlpConfig) -> Resource {
    let own = [
        ("service.name", config.service_name.as_str()),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.name", "ferrocast"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let given = config.resource.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let attributes = own.into_iter().chain(given).map(|(name, value)| KeyValue::new(name, AnyValue::text(value)));
    Resource { attributes: attributes.collect() }
}

fn scope() -> Option<Scope> {
    Some(Scope { name: "ferrocast".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}

fn encode_spans(resource: &Resource, spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans }];
    let resource_spans = vec![ResourceSpans { resource: Some(resource.clone()), scope_spans }];
    TracesRequest { resource_spans }.encode_to_vec()
}

fn encode_records(resource: &Resource, log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records }];
    let resource_logs = vec![ResourceLogs { resource: Some(resource.clone()), scope_logs }];
    LogsRequest { resource_logs }.encode_to_vec()
}
