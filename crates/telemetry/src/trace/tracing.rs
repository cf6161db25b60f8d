//! Traces of requests: which are recorded, and where they go.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanId, SpanKind, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample, SpanData};

use super::context::TraceContext;
use super::request::RequestTrace;
use super::state;
use crate::otlp::{ErrorRecords, ExportCounts, Exporter, OtlpConfig, OtlpError, scope};

/// Makes traces of requests. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tracing {
    active: Option<Arc<Active>>,
}

/// What there is if tracing is on.
#[derive(Debug)]
pub(super) struct Active {
    ids: RandomIdGenerator,
    /// Of traces that begin here. Of others, whoever began them has decided.
    sampler: Sampler,
    scope: InstrumentationScope,
    exporter: Exporter,
}

impl Tracing {
    /// Nothing is recorded, and what clients send is passed on.
    pub fn off() -> Tracing {
        Tracing::default()
    }

    /// Sends spans to a receiver of OTLP, from threads of its own. Nothing waits for the receiver, and none need be there.
    ///
    /// # Errors
    /// If the configuration is wrong, or the system gives no thread.
    pub fn start(config: &OtlpConfig) -> Result<Tracing, OtlpError> {
        let sampler = Sampler::TraceIdRatioBased(config.checked_ratio()?);
        let (ids, scope, exporter) = (RandomIdGenerator::default(), scope(), Exporter::start(config)?);
        Ok(Tracing { active: Some(Arc::new(Active { ids, sampler, scope, exporter })) })
    }

    /// Begins a request, the run of a task or a callback, with the headers of these names that came with it (several
    /// `tracestate` joined with commas; of several `traceparent`, none).
    ///
    /// A parent's flag decides whether the trace is recorded; without one, or with one that is malformed, the share in the
    /// configuration does.
    #[inline]
    pub fn begin(&self, traceparent: Option<&str>, tracestate: Option<&str>) -> RequestTrace {
        if self.active.is_none() && traceparent.is_none() {
            return RequestTrace::unrecorded(None, None);
        }
        self.begin_below(traceparent, tracestate)
    }

    fn begin_below(&self, traceparent: Option<&str>, tracestate: Option<&str>) -> RequestTrace {
        let parent = traceparent.and_then(TraceContext::parse);
        // Without a parent there is nothing that it could belong to.
        let state = parent.and(tracestate).and_then(state::passed_on);
        let Some(active) = &self.active else { return RequestTrace::unrecorded(parent, state) };
        let trace_id = parent.map_or_else(|| active.ids.new_trace_id(), |parent| parent.trace_id);
        let sampled = parent.map_or_else(|| active.samples(trace_id), |parent| parent.sampled);
        if sampled {
            return RequestTrace::recorded(Arc::clone(active), trace_id, parent, state);
        }
        let own = || TraceContext { trace_id, span_id: active.span_id(), sampled: false };
        RequestTrace::unrecorded(Some(parent.unwrap_or_else(own)), state)
    }

    /// What has become of spans and log records; `None` if tracing is off.
    pub fn counts(&self) -> Option<ExportCounts> {
        self.active.as_ref().map(|active| active.exporter.counts())
    }

    /// Sends what waits, for so long at most, and takes nothing more. Returns whether all of it has been sent; the rest is
    /// lost, and counted unless it is still under way.
    pub fn shutdown(&self, within: Duration) -> bool {
        self.active.as_ref().is_none_or(|active| active.exporter.shutdown(within))
    }

    /// Sends events of level ERROR to the same receiver; `None` if tracing is off.
    pub(crate) fn error_records(&self) -> Option<ErrorRecords> {
        self.active.as_ref().map(|active| active.exporter.error_records())
    }
}

impl Active {
    pub(super) fn span_id(&self) -> SpanId {
        self.ids.new_span_id()
    }

    /// What makes the spans.
    pub(super) fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    /// Decides by the trace's identifier alone, so that all servers with the same share choose the same traces.
    fn samples(&self, trace: TraceId) -> bool {
        let result = self.sampler.should_sample(None, trace, "", &SpanKind::Server, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    /// Hands over the spans of a request, of which so many more were dropped before.
    pub(super) fn send(&self, spans: Vec<SpanData>, dropped: u64) {
        self.exporter.send(spans, dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::Tracing;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn parent(flags: &str) -> String {
        format!("00-{TRACE}-00f067aa0ba902b7-{flags}")
    }

    #[test]
    fn off_passes_on_what_a_client_sends() {
        let tracing = Tracing::off();
        for flags in ["00", "01"] {
            let trace = tracing.begin(Some(&parent(flags)), Some("foo=1"));
            assert!(!trace.is_sampled());
            assert_eq!(trace.traceparent(), Some(parent(flags)));
            assert_eq!(trace.tracestate(), Some("foo=1"));
            assert_eq!(trace.trace_id().unwrap().to_string(), TRACE);
        }
    }

    #[test]
    fn off_makes_nothing_up() {
        for traceparent in [None, Some("00-malformed")] {
            let trace = Tracing::off().begin(traceparent, Some("foo=1"));
            assert_eq!((trace.context(), trace.traceparent(), trace.tracestate()), (None, None, None));
        }
        assert_eq!(Tracing::off().counts(), None);
        assert!(Tracing::off().shutdown(std::time::Duration::ZERO));
    }
}
