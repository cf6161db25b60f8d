//! The spans of one request, made when their times are known.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::trace::{self, SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attribute::{Attribute, shortened};
use super::context::TraceContext;
use super::tracing::Active;

/// Spans of one request at most. Those above are dropped and counted.
const MAX_SPANS: usize = 128;

/// What a span is to the others of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A part of another one's work.
    Internal,
    /// A request that is answered.
    Server,
    /// A request that is made.
    Client,
    /// Work that was handed in earlier and is done now.
    Consumer,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanStatus<'a> {
    /// Nothing that an operator has to look at, such as an answer 200 or 404.
    Unset,
    /// It failed, and why. Text for operators; what is longer than 1,024 bytes is cut.
    Error(&'a str),
}

/// A span of which the others of a request are children.
#[derive(Clone, Copy, Debug)]
pub struct RootSpan<'a> {
    /// Few different ones: `POST /predict`, with the route's template.
    pub name: &'a str,
    /// What it is to the span whose context the request came with.
    pub kind: SpanKind,
    /// When it began.
    pub from: Instant,
    /// When it ended.
    pub to: Instant,
    /// How it ended.
    pub status: SpanStatus<'a>,
    /// What else is known.
    pub attributes: &'a [Attribute<'a>],
}

/// The trace that a request, the run of a task or a callback is part of. [`Tracing::begin`](super::Tracing::begin) makes it.
///
/// If the trace is not sampled, everything here does next to nothing. Dropped without [`finish`](RequestTrace::finish), it
/// leaves no span behind.
#[derive(Debug)]
pub struct RequestTrace {
    context: Option<TraceContext>,
    /// Of other systems of tracing, well-formed.
    state: Option<Box<str>>,
    recording: Option<Box<Recording>>,
}

/// The spans so far.
#[derive(Debug)]
struct Recording {
    active: Arc<Active>,
    /// Of the whole.
    context: TraceContext,
    /// [`RequestTrace::state`], as the spans have it.
    state: TraceState,
    parent: Option<SpanId>,
    clock: Clock,
    /// Of its parts.
    spans: Vec<SpanData>,
    /// Parts that there was no room for.
    dropped: u64,
}

/// The same moment by both clocks.
#[derive(Clone, Copy, Debug)]
struct Clock {
    instant: Instant,
    wall: SystemTime,
}

impl RequestTrace {
    /// One of which nothing is recorded, but whose context is passed on.
    #[inline]
    pub(super) fn unrecorded(context: Option<TraceContext>, state: Option<Box<str>>) -> RequestTrace {
        RequestTrace { context, state, recording: None }
    }

    /// A new span of this trace, below `parent`.
    pub(super) fn recorded(
        active: Arc<Active>,
        trace_id: TraceId,
        parent: Option<TraceContext>,
        state: Option<Box<str>>,
    ) -> RequestTrace {
        let context = TraceContext { trace_id, span_id: active.span_id(), sampled: true };
        let parent = parent.map(|parent| parent.span_id);
        // It is well-formed, but there are keys that the library takes for malformed: those are passed on and not recorded.
        let recorded = state.as_deref().and_then(|state| state.parse().ok()).unwrap_or_default();
        let (clock, spans) = (Clock::now(), Vec::new());
        let recording = Recording { active, context, state: recorded, parent, clock, spans, dropped: 0 };
        RequestTrace { context: Some(context), state, recording: Some(Box::new(recording)) }
    }

    /// Whether spans are recorded.
    #[inline]
    pub fn is_sampled(&self) -> bool {
        self.recording.is_some()
    }

    /// For the line in the log. `None` if tracing is off and the client sent none.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.context.map(|context| context.trace_id)
    }

    /// What a later or another part of the work is begun with: the span of this request if it is sampled, else what the
    /// client sent, else a trace that nobody records. `None` if tracing is off and the client sent none.
    pub fn context(&self) -> Option<TraceContext> {
        self.context
    }

    /// The header of that name for requests that this one leads to: the text of [`context`](RequestTrace::context).
    pub fn traceparent(&self) -> Option<String> {
        self.context.map(|context| context.to_string())
    }

    /// The header of that name for requests that this one leads to: what the client sent, if it is well-formed, without what
    /// is above 512 characters.
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Records a part of the request.
    #[inline]
    pub fn span(&mut self, name: &'static str, from: Instant, to: Instant, attributes: &[Attribute<'_>]) {
        if let Some(recording) = &mut self.recording {
            let status = SpanStatus::Unset;
            recording.part(name, &RootSpan { name, kind: SpanKind::Internal, from, to, status, attributes });
        }
    }

    /// Records the whole and hands all spans over to be sent. Never waits: if too many wait already, they are dropped and
    /// counted.
    #[inline]
    pub fn finish(self, span: &RootSpan<'_>) {
        if let Some(recording) = self.recording {
            recording.finish(span);
        }
    }
}

impl Recording {
    /// A part of the whole, as far as there is room.
    fn part(&mut self, name: &'static str, span: &RootSpan<'_>) {
        // One is the root.
        if self.spans.len() + 1 >= MAX_SPANS {
            self.dropped += 1;
            return;
        }
        let data = self.data(self.active.span_id(), name.into(), span);
        self.spans.push(SpanData { parent_span_id: self.context.span_id, ..data });
    }

    fn finish(mut self, span: &RootSpan<'_>) {
        let data = self.data(self.context.span_id, shortened(span.name).to_owned().into(), span);
        let parent_span_id = self.parent.unwrap_or(SpanId::INVALID);
        self.spans.push(SpanData { parent_span_id, parent_span_is_remote: self.parent.is_some(), ..data });
        self.active.send(self.spans, self.dropped);
    }

    /// A span without a parent.
    fn data(&self, id: SpanId, name: Cow<'static, str>, span: &RootSpan<'_>) -> SpanData {
        let (trace_id, state) = (self.context.trace_id, self.state.clone());
        SpanData {
            span_context: SpanContext::new(trace_id, id, TraceFlags::SAMPLED, false, state),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: span.kind.into(),
            name,
            start_time: self.clock.wall(span.from),
            end_time: self.clock.wall(span.to),
            attributes: span.attributes.iter().map(KeyValue::from).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: match span.status {
                SpanStatus::Unset => Status::Unset,
                SpanStatus::Error(why) => Status::error(shortened(why).to_owned()),
            },
            instrumentation_scope: self.active.scope().clone(),
        }
    }
}

impl Clock {
    fn now() -> Clock {
        Clock { instant: Instant::now(), wall: SystemTime::now() }
    }

    /// The time of day. All of a request by one look at the wall's clock, so that setting it turns nothing around.
    fn wall(&self, at: Instant) -> SystemTime {
        let later = at.saturating_duration_since(self.instant);
        let earlier = self.instant.saturating_duration_since(at);
        self.wall.checked_add(later).and_then(|wall| wall.checked_sub(earlier)).unwrap_or(self.wall)
    }
}

impl From<SpanKind> for trace::SpanKind {
    fn from(kind: SpanKind) -> trace::SpanKind {
        match kind {
            SpanKind::Internal => trace::SpanKind::Internal,
            SpanKind::Server => trace::SpanKind::Server,
            SpanKind::Client => trace::SpanKind::Client,
            SpanKind::Consumer => trace::SpanKind::Consumer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use super::{Clock, RequestTrace};

    #[test]
    fn a_trace_is_cheap_to_pass_around() {
        assert!(size_of::<RequestTrace>() <= 64);
    }

    #[test]
    fn moments_on_both_sides_of_the_anchor() {
        let now = Instant::now();
        let since_1970 = |nanos| UNIX_EPOCH + Duration::from_nanos(nanos);
        let clock = Clock { instant: now, wall: since_1970(5_000_000_000) };
        assert_eq!(clock.wall(now), since_1970(5_000_000_000));
        assert_eq!(clock.wall(now + Duration::from_nanos(7)), since_1970(5_000_000_007));
        if let Some(earlier) = now.checked_sub(Duration::from_secs(2)) {
            assert_eq!(clock.wall(earlier), since_1970(3_000_000_000));
        }
    }
}
