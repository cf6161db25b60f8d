//! What is counted and logged of every request once it is answered.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::{HttpMessage, HttpRequest};
use ferrocast_protocol::ErrorCode;
use ferrocast_telemetry::{HttpMetrics, RequestTrace};

use super::answer::Around;
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
pub(crate) fn tell(
    around: &Around,
    response: &ServiceResponse<BoxBody>,
    id: &RequestId,
    lap: Lap,
    trace: RequestTrace,
) {
    let state = &around.state;
    let (request, status) = (response.request(), response.status().as_u16());
    let extensions = request.extensions();
    let context = extensions.get::<RequestContext>();
    let method = request.method().as_str();
    let route = match context.and_then(RequestContext::found) {
        Some(found) => {
            let route = found.get_or_init(|| named(state, request));
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
    let told = Told { id: id.as_str(), method, route, status, lap, context };
    around.log.tell(&told, &trace);
    if trace.is_sampled() {
        spans::end(trace, &told);
    }
}

fn named(state: &State, request: &HttpRequest) -> NamedRoute {
    let template = request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned());
    NamedRoute { metrics: state.metrics.route(request.method().as_str(), &template), template }
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
