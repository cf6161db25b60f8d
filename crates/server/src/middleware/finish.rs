//! What is counted and logged of every request once it is answered.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::{HttpMessage, HttpRequest};
use ferrocast_protocol::ErrorCode;
use ferrocast_telemetry::{HttpMetrics, RequestTrace};
use tracing::info;

use super::request_context::RequestContext;
use super::request_id::RequestId;
use super::spans;
use crate::lap::Lap;
use crate::routes::guarded::NamedRoute;
use crate::state::State;

/// What requests are counted under that no route is for: their paths are whatever strangers send.
const UNMATCHED: &str = "unmatched";

/// What is told of a request.
pub(super) struct Told<'a> {
    pub(super) id: &'a str,
    pub(super) method: &'a str,
    /// Its template.
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) lap: Lap,
    /// If it was let in.
    pub(super) context: Option<&'a RequestContext>,
}

/// Counts the answer under its route, logs it, and ends its trace.
pub(crate) fn tell(state: &State, response: &ServiceResponse<BoxBody>, id: &RequestId, lap: Lap, trace: RequestTrace) {
    let (request, status) = (response.request(), response.status().as_u16());
    let extensions = request.extensions();
    let context = extensions.get::<RequestContext>();
    let method = request.method().as_str();
    let route = match context.and_then(RequestContext::found) {
        Some(found) => {
            let route = found.get_or_init(|| named(state, request));
            route.metrics.answered(status, lap.took());
            &route.template
        }
        None => {
            state.metrics.route(method, UNMATCHED).answered(status, lap.took());
            UNMATCHED
        }
    };
    let told = Told { id: id.as_str(), method, route, status, lap, context };
    if state.logs_requests {
        log(&told, &trace);
    }
    if trace.is_sampled() {
        spans::end(trace, &told);
    }
}

fn named(state: &State, request: &HttpRequest) -> NamedRoute {
    let template = request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned());
    NamedRoute { metrics: state.metrics.route(request.method().as_str(), &template), template }
}

/// One line for each request, of what the server decided: nothing that a client wrote is in it but an identifier that was
/// checked.
fn log(told: &Told<'_>, trace: &RequestTrace) {
    let Told { id, method, route, status, lap, context } = *told;
    let model = context.and_then(RequestContext::model);
    let timing = context.and_then(|context| context.phases().took).and_then(|took| took.timing);
    info!(
        target: "ferrocast::request",
        request_id = id,
        method,
        route,
        status,
        duration_ms = lap.took().as_secs_f64() * 1e3,
        model = model.map(|model| model.model()),
        version = model.map(|model| model.version()),
        batch_rows = timing.map(|timing| timing.batch_rows),
        key = context.and_then(|context| context.identity().principal()).map(|key| key.name.as_str()),
        trace_id = trace.trace_id().map(tracing::field::display),
        "answered"
    );
}

/// Counts what happens to requests whatever they ask for.
pub(crate) fn count_error(http: &HttpMetrics, code: ErrorCode) {
    match code {
        ErrorCode::Unauthenticated | ErrorCode::Forbidden => http.auth_failed(),
        ErrorCode::RateLimited => http.rate_limited(),
        ErrorCode::Overloaded => http.overloaded(),
        ErrorCode::DeadlineExceeded => http.deadline_exceeded(),
        _ => {}
    }
}
