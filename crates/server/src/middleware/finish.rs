//! What is counted and logged of every request once it is answered.

use std::time::{Duration, Instant};

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::{HttpMessage, HttpRequest};
use ferrocast_protocol::ErrorCode;
use ferrocast_telemetry::HttpMetrics;
use tracing::info;

use super::request_context::RequestContext;
use super::request_id::RequestId;
use crate::routes::guarded::NamedRoute;
use crate::state::State;

/// What requests are counted under that no route is for: their paths are whatever strangers send.
const UNMATCHED: &str = "unmatched";

/// Counts the answer under its route, and logs it.
pub(crate) fn count_and_log(state: &State, response: &ServiceResponse<BoxBody>, id: &RequestId, started: Instant) {
    let (request, status, took) = (response.request(), response.status().as_u16(), started.elapsed());
    let extensions = request.extensions();
    let context = extensions.get::<RequestContext>();
    match context.and_then(RequestContext::found) {
        Some(found) => {
            let route = found.get_or_init(|| named(state, request));
            route.metrics.answered(status, took);
            log(state, context, (request.method().as_str(), &route.template, status, took), id);
        }
        None => {
            state.metrics.route(request.method().as_str(), UNMATCHED).answered(status, took);
            log(state, context, (request.method().as_str(), UNMATCHED, status, took), id);
        }
    }
}

fn named(state: &State, request: &HttpRequest) -> NamedRoute {
    let template = request.match_pattern().unwrap_or_else(|| UNMATCHED.to_owned());
    NamedRoute { metrics: state.metrics.route(request.method().as_str(), &template), template }
}

/// One line for each request, of what the server decided: nothing that a client wrote is in it but an identifier that was
/// checked.
fn log(
    state: &State,
    context: Option<&RequestContext>,
    (method, route, status, took): (&str, &str, u16, Duration),
    id: &RequestId,
) {
    if !state.logs_requests {
        return;
    }
    let model = context.and_then(RequestContext::model);
    info!(
        target: "ferrocast::request",
        request_id = id.as_str(),
        method,
        route,
        status,
        duration_ms = took.as_secs_f64() * 1e3,
        model = model.map(|model| model.model()),
        version = model.map(|model| model.version()),
        batch_rows = context.and_then(RequestContext::timing).map(|timing| timing.batch_rows),
        key = context.and_then(|context| context.identity().principal()).map(|key| key.name.as_str()),
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
