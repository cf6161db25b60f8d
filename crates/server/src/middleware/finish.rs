//! What is counted and logged of every request once it is answered.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use ferrocast_protocol::ErrorCode;
use ferrocast_telemetry::{HttpMetrics, RequestTrace};

use super::answer::{Around, Asked};
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
    pub(super) id: &'a RequestId,
    pub(super) method: &'a str,
    /// Its template.
    pub(super) route: &'a str,
    pub(super) status: u16,
    pub(super) lap: Lap,
    /// If it was let in.
    pub(super) context: Option<&'a RequestContext>,
}

/// Counts the answer under its route, logs it, and ends its trace.
pub(crate) fn tell(
    around: &Around,
    asked: &Asked,
    context: Option<&RequestContext>,
    status: StatusCode,
    lap: Lap,
    trace: RequestTrace,
) {
    let (state, status, method) = (&around.state, status.as_u16(), asked.method.as_str());
    let route = match context.and_then(RequestContext::found).and_then(|found| found.get()) {
        Some(route) => {
            if state.counts {
                route.metrics.answered(status, lap.took());
            }
            &route.template
        }
        None => {
            if state.counts {
                state.metrics.route(method, UNMATCHED).answered(status, lap.took());
            }
            UNMATCHED
        }
    };
    let told = Told { id: &asked.id, method, route, status, lap, context };
    around.log.tell(&told, &trace);
    if trace.is_sampled() {
        spans::end(trace, &told);
    }
}

/// Remembers what the route is called that was found for a request, for this and for all that come.
pub(super) fn name_route(state: &State, context: &RequestContext, request: &HttpRequest) {
    if let Some(found) = context.found() {
        found.get_or_init(|| {
            let template = request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned());
            NamedRoute { metrics: state.metrics.route(request.method().as_str(), &template), template }
        });
    }
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
