//! The spans of a request, made when it is over from times that were taken anyway.

use ferrocast_serving::Timing;
use ferrocast_telemetry::{Attribute, RequestTrace, RootSpan, SpanKind, SpanStatus, attribute_name as name};

use super::finish::Told;
use super::request_context::{Phases, RequestContext};
use crate::question::Took;

/// Ends the trace of a request that is recorded.
pub(super) fn end(mut trace: RequestTrace, told: &Told<'_>) {
    let model = told.context.and_then(RequestContext::model);
    if let Some(context) = told.context {
        of_phases(&mut trace, &context.phases());
    }
    let status = told.status.to_string();
    let mut attributes = vec![
        Attribute::text(name::HTTP_REQUEST_METHOD, told.method),
        Attribute::text(name::HTTP_ROUTE, told.route),
        Attribute::int(name::HTTP_RESPONSE_STATUS_CODE, i64::from(told.status)),
        Attribute::text(name::REQUEST_ID, told.id.as_str()),
    ];
    if let Some(model) = model {
        attributes.push(Attribute::text(name::MODEL_NAME, model.model()));
        attributes.push(Attribute::text(name::MODEL_VERSION, model.version()));
    }
    // What a client did wrong is no failure of a server's span.
    let is_failure = told.status >= 500;
    if is_failure {
        attributes.push(Attribute::text(name::ERROR_TYPE, &status));
    }
    trace.finish(&RootSpan {
        name: &format!("{} {}", told.method, told.route),
        kind: SpanKind::Server,
        from: told.lap.from,
        to: told.lap.to,
        status: if is_failure { SpanStatus::Error("") } else { SpanStatus::Unset },
        attributes: &attributes,
    });
}

/// Those of reading, looking, and answering.
fn of_phases(trace: &mut RequestTrace, phases: &Phases) {
    if let Some(lap) = phases.parsed {
        trace.span("parse", lap.from, lap.to, &[]);
    }
    if let Some((was_there, lap)) = phases.looked {
        trace.span("cache", lap.from, lap.to, &[Attribute::bool(name::CACHE_HIT, was_there)]);
    }
    if let Some(took) = phases.took {
        of_answer(trace, &took);
    }
}

/// Those of an answer, whoever it is for.
pub(crate) fn of_answer(trace: &mut RequestTrace, took: &Took) {
    if let Some(timing) = &took.timing {
        of_prediction(trace, timing);
    }
    trace.span("encode", took.written.from, took.written.to, &[]);
}

fn of_prediction(trace: &mut RequestTrace, timing: &Timing) {
    let rows = [Attribute::int(name::BATCH_ROWS, i64::try_from(timing.batch_rows).unwrap_or(i64::MAX))];
    let encoded = timing.began + timing.encode;
    let begun = encoded + timing.queue;
    let ran = begun + timing.inference;
    trace.span("preprocess", timing.began, encoded, &[]);
    if timing.closed_by.is_some() {
        // It was on the pool: it waited, and what ran may have been more than this request.
        trace.span("queue", encoded, begun, &[]);
        trace.span("batch", begun, ran, &rows);
    }
    trace.span("inference", begun, ran, &rows);
    trace.span("decode", ran, ran + timing.decode, &[]);
}
