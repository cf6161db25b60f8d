//! An exporter of the library, of which it is told what becomes of what it exports.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::http_client::Failure;
use super::runtime::Runtime;
use super::signal::Signal;

/// Works on the exporter within the runtime of its connections, as the thread of a batch processor has none.
#[derive(Debug)]
pub(super) struct Reporting<E> {
    exporter: E,
    signal: Arc<Signal>,
    runtime: Runtime,
    /// What the exporter itself does not say.
    failure: Failure,
}

impl<E: Debug> Reporting<E> {
    pub(super) fn new(exporter: E, signal: &Arc<Signal>, runtime: &Runtime, failure: Failure) -> Reporting<E> {
        Reporting { exporter, signal: Arc::clone(signal), runtime: runtime.clone(), failure }
    }

    async fn report(&self, count: usize, export: impl Future<Output = OTelSdkResult>) -> OTelSdkResult {
        self.signal.taken(count);
        if self.signal.is_hopeless() {
            self.signal.count_dropped(count as u64);
            return Err(OTelSdkError::AlreadyShutdown);
        }
        let result = self.runtime.run(export).await;
        match &result {
            Ok(()) => self.signal.accepted(count),
            Err(error) => self.signal.lost(count, &self.why(error)),
        }
        result
    }

    fn why(&self, error: &OTelSdkError) -> String {
        let said = match error {
            OTelSdkError::InternalFailure(why) => why.clone(),
            other => other.to_string(),
        };
        match self.failure.take() {
            Some(cause) => format!("{said}: {cause}"),
            None => said,
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reporting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.report(batch.len(), self.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Reporting<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.report(batch.iter().count(), self.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
