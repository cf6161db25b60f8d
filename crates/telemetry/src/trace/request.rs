//! The spans of one request, made when their times are known.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::attribute::{Attribute, AttributeValue};
use super::context::TraceContext;
use super::id::{SpanId, TraceId};
use super::tracing::Active;
use crate::otlp::messages::{AnyValue, KeyValue, Span, Status, shortened};

/// Spans of one request at most. Those above are dropped and counted.
const MAX_SPANS: usize = 128;
/// Bit fields of `Span.flags`: sampled (W3C), and whether the parent is known to be local or remote.
const FLAG_SAMPLED: u32 = 0x1;
const FLAG_HAS_IS_REMOTE: u32 = 0x100;
const FLAG_IS_REMOTE: u32 = 0x200;

/// What a span is to the others of its trace. The numbers are those of OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A part of another one's work.
    Internal = 1,
    /// A request that is answered.
    Server = 2,
    /// A request that is made.
    Client = 3,
    /// Work that was handed in earlier and is done now.
    Consumer = 5,
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
    parent: Option<SpanId>,
    clock: Clock,
    /// Of its parts.
    spans: Vec<Span>,
    /// Parts that there was no room for.
    dropped: u64,
}

/// The same moment by both clocks.
#[derive(Clone, Copy, Debug)]
struct Clock {
    instant: Instant,
    /// Nanoseconds since 1970.
    wall: u64,
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
        let recording = Recording { active, context, parent, clock: Clock::now(), spans: Vec::new(), dropped: 0 };
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
            recording.part(&RootSpan { name, kind: SpanKind::Internal, from, to, status, attributes });
        }
    }

    /// Records the whole and hands all spans over to be sent. Never waits: if too many wait already, they are dropped and
    /// counted.
    #[inline]
    pub fn finish(self, span: &RootSpan<'_>) {
        if let Some(recording) = self.recording {
            recording.finish(span, self.state.as_deref().unwrap_or_default());
        }
    }
}

impl Recording {
    /// A part of the whole, as far as there is room.
    fn part(&mut self, span: &RootSpan<'_>) {
        // One is the root.
        if self.spans.len() + 1 >= MAX_SPANS {
            self.dropped += 1;
            return;
        }
        let span = self.message(self.active.span_id(), Some(self.context.span_id), false, span);
        self.spans.push(span);
    }

    fn finish(mut self, span: &RootSpan<'_>, state: &str) {
        let root = self.message(self.context.span_id, self.parent, true, span);
        self.spans.push(root);
        if !state.is_empty() {
            self.spans.iter_mut().for_each(|span| state.clone_into(&mut span.trace_state));
        }
        self.active.send(self.spans, self.dropped);
    }

    /// The span as OTLP has it.
    fn message(&self, id: SpanId, parent: Option<SpanId>, is_root: bool, span: &RootSpan<'_>) -> Span {
        let remote = if is_root && parent.is_some() { FLAG_IS_REMOTE } else { 0 };
        Span {
            trace_id: self.context.trace_id.to_bytes(),
            span_id: id.to_bytes(),
            trace_state: String::new(),
            parent_span_id: parent.map(SpanId::to_bytes).unwrap_or_default(),
            name: shortened(span.name).to_owned(),
            kind: span.kind as i32,
            start_time_unix_nano: self.clock.wall(span.from),
            end_time_unix_nano: self.clock.wall(span.to),
            attributes: span.attributes.iter().map(KeyValue::from).collect(),
            status: match span.status {
                SpanStatus::Unset => None,
                SpanStatus::Error(why) => Some(Status::error(why)),
            },
            flags: FLAG_SAMPLED | FLAG_HAS_IS_REMOTE | remote,
        }
    }
}

impl Clock {
    fn now() -> Clock {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { instant: Instant::now(), wall: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX) }
    }

    /// Nanoseconds since 1970. All of a request by one look at the wall's clock, so that setting it turns nothing around.
    fn wall(&self, at: Instant) -> u64 {
        let nanos = |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let later = nanos(at.saturating_duration_since(self.instant));
        let earlier = nanos(self.instant.saturating_duration_since(at));
        self.wall.saturating_add(later).saturating_sub(earlier)
    }
}

impl From<&Attribute<'_>> for KeyValue {
    fn from(attribute: &Attribute<'_>) -> KeyValue {
        let value = match attribute.value {
            AttributeValue::Text(text) => AnyValue::text(text),
            AttributeValue::Int(value) => AnyValue::int(value),
            AttributeValue::Float(value) => AnyValue::float(value),
            AttributeValue::Bool(value) => AnyValue::bool(value),
        };
        KeyValue::new(attribute.name, value)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Clock, RequestTrace};

    #[test]
    fn a_trace_is_cheap_to_pass_around() {
        assert!(size_of::<RequestTrace>() <= 64);
    }

    #[test]
    fn moments_on_both_sides_of_the_anchor() {
        let now = Instant::now();
        let clock = Clock { instant: now, wall: 5_000_000_000 };
        assert_eq!(clock.wall(now), 5_000_000_000);
        assert_eq!(clock.wall(now + Duration::from_nanos(7)), 5_000_000_007);
        if let Some(earlier) = now.checked_sub(Duration::from_secs(2)) {
            assert_eq!(clock.wall(earlier), 3_000_000_000);
        }
    }
}
