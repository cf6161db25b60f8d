//! The outermost layer: whatever happens inside, the client gets one JSON answer with the request's identifier.
//!
//! Panics of handlers and extractors, errors, unknown routes and wrong methods all end here; nothing else renders an
//! error. `HEAD` is answered as the `GET` it stands for; the protocol layer leaves the body out.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_telemetry::{RequestTrace, TraceContext};
use futures_util::FutureExt;
use tracing::error;

use super::held_body::HeldBody;
use super::places::Places;
use super::request_context::RequestContext;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::request_log::RequestLog;
use super::{cors, denial, finish, front, head_size, rate_headers};
use crate::access::{Admitted, Listener};
use crate::dialect::Dialect;
use crate::error::{Failure, Unanswered, rendered};
use crate::lap::Lap;
use crate::listen::Connection;
use crate::state::State;

/// <https://www.w3.org/TR/trace-context/>
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What the layer knows beside the request; one for each I/O thread.
#[derive(Debug)]
pub(crate) struct Around {
    /// The server.
    pub(super) state: Data<State>,
    /// The socket that requests come in by.
    listener: Listener,
    /// What paths meant on this thread.
    pub(super) places: Places,
    /// Lines of this thread.
    pub(super) log: RequestLog,
}

impl Around {
    /// Of requests that come in by that socket.
    pub(crate) fn new(state: Data<State>, listener: Listener) -> Rc<Around> {
        let log = RequestLog::new(state.logged_per_second);
        Rc::new(Around { state, listener, places: Places::default(), log })
    }
}

/// Runs the request and sees to its answer.
///
/// # Errors
/// Only when there is no response to put the answer into; the error then renders itself, complete.
pub(crate) async fn answer(
    around: Rc<Around>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (started, state) = (Instant::now(), &around.state);
    let _answering = request.request().conn_data::<Connection>().map(|connection| connection.turn.answer());
    let _in_flight = state.counts.then(|| state.metrics.http().begin());
    let id = RequestId::accept_or_make(request.headers());
    let trace = begin_trace(state, request.headers());
    let (trace_context, trace_parent) = (trace.context(), trace.traceparent());
    let origin = state.cors.as_ref().map(|cors| cors.allowed(&request));
    let is_allowed = matches!(origin, Some(Some(_)));
    let preflight = state.cors.as_ref().and_then(|cors| cors.preflight(&request, is_allowed));
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let held_body = HeldBody::of(&mut request);
    let admitted = state.access.admit(&request, around.listener);
    let rate = rate_headers::of(&admitted);
    let mut response = match (preflight, admitted) {
        (Some(preflight), _) => request.into_response(preflight),
        (None, Ok(admitted)) => run(&around, request, next, (&id, started, admitted, trace_context)).await?,
        (None, Err(limited)) => refused(state, request, limited.into(), &id),
    };
    finish::tell(&around, &response, &id, Lap::since(started), trace);
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.into_header_value());
    if let Some(rate) = rate {
        rate.write(headers);
    }
    if let Some(Ok(trace_parent)) = trace_parent.map(HeaderValue::try_from) {
        headers.insert(TRACEPARENT, trace_parent);
    }
    if let Some(origin) = origin {
        cors::allow(headers, origin);
    }
    if is_last_on_connection(state, response.request()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(match held_body {
        Some(body) => body.behind(response),
        None => response,
    })
}

/// The trace that the request is part of: that of its sender if it names one.
fn begin_trace(state: &State, headers: &HeaderMap) -> RequestTrace {
    let mut parents = headers.get_all(TRACEPARENT);
    let parent = parents.next().filter(|_| parents.next().is_none()).and_then(|parent| parent.to_str().ok());
    let told = parent.and_then(|_| headers.get(TRACESTATE)).and_then(|told| told.to_str().ok());
    state.reporting.tracing.begin(parent, told)
}

/// Lets the routes answer, and puts their errors into words.
async fn run(
    around: &Around,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    (id, started, admitted, trace): (&RequestId, Instant, Admitted, Option<TraceContext>),
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (state, dialect) = (&around.state, Dialect::of_path(request.path()));
    if let Err(failure) = head_size::check(request.headers()) {
        return Ok(refused(state, request, failure, id));
    }
    request.extensions_mut().insert(RequestContext::begin(id.clone(), started, admitted, trace));
    match AssertUnwindSafe(front::answer(around, request, next)).catch_unwind().await {
        Ok(Ok(response)) => Ok(with_error_body(state, response, id, dialect)),
        Ok(Err(cause)) => {
            error!(request_id = id.as_str(), %cause, "request was not answered");
            Err(Unanswered::internal(id.clone(), dialect).into())
        }
        Err(_panic) => {
            // The panic hook has logged message and place.
            error!(request_id = id.as_str(), "request handler panicked");
            state.metrics.http().panicked();
            Err(Unanswered::internal(id.clone(), dialect).into())
        }
    }
}

/// The answer to a request that is not let in.
fn refused(state: &State, request: ServiceRequest, failure: Failure, id: &RequestId) -> ServiceResponse<BoxBody> {
    let dialect = Dialect::of_path(request.path());
    with_error_body(state, request.error_response(failure), id, dialect)
}

/// Puts the body of the error table into a response that is an error without a body.
fn with_error_body(
    state: &State,
    response: ServiceResponse<BoxBody>,
    id: &RequestId,
    dialect: Dialect,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let failure = response.response().error().and_then(Error::as_error::<Failure>);
    let api_error = match failure {
        Some(failure) => Some(said_and_logged(state, failure, id)),
        None if is_bare(&response) => Some(of_status(status, &response, dialect)),
        None => None,
    };
    let Some(api_error) = api_error else { return response };
    finish::count_error(state.metrics.http(), api_error.code);
    let body = rendered(&api_error, id, dialect);
    let (request, bare) = response.into_parts();
    ServiceResponse::new(request, replaced(&bare, body))
}

/// The error as the client gets it. A fault of ours is logged with its cause, which clients see only in debug mode.
fn said_and_logged(state: &State, failure: &Failure, id: &RequestId) -> ApiError {
    let mut said = failure.api_error().clone();
    if said.code.status() == 500 {
        let cause = failure.cause().unwrap_or_default();
        error!(request_id = id.as_str(), code = said.code.as_str(), cause, "{}", said.message);
        if state.debug && !cause.is_empty() {
            said.message = format!("{}: {cause}", said.message);
        }
    }
    said
}

/// An error that our handlers did not write: theirs have a body.
fn is_bare(response: &ServiceResponse<BoxBody>) -> bool {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let foreign = response.response().error().is_some();
    let empty = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    failed && (foreign || empty)
}

/// The rendered error, with the one header that the bare response had to say something by.
fn replaced(bare: &HttpResponse, mut body: HttpResponse) -> HttpResponse {
    let is_wrong_method = body.status() == StatusCode::METHOD_NOT_ALLOWED;
    if let Some(allow) = bare.headers().get(header::ALLOW).filter(|_| is_wrong_method) {
        body.headers_mut().insert(header::ALLOW, with_head(allow));
    }
    body
}

/// Whether the client has to take another connection for its next request, which it should be told: it would find out only
/// when it loses that request.
fn is_last_on_connection(state: &State, request: &HttpRequest) -> bool {
    is_body_left(request) || state.lifecycle.is_draining()
}

/// Whether what is left of a body would be taken for the next request.
fn is_body_left(request: &HttpRequest) -> bool {
    let headers = request.headers();
    !RequestContext::is_body_read(request)
        && (headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0"))
}

/// `Allow: GET` with the `HEAD` that comes with it.
fn with_head(allow: &HeaderValue) -> HeaderValue {
    let methods = allow.to_str().unwrap_or_default();
    if methods.split(", ").any(|method| method == "GET") {
        let methods = format!("{methods}, HEAD");
        HeaderValue::from_str(&methods).unwrap_or_else(|_| allow.clone())
    } else {
        allow.clone()
    }
}

/// The error table's row for a status that the HTTP library chose: where no route was found, or none that this client may use.
fn of_status(status: StatusCode, response: &ServiceResponse<BoxBody>, dialect: Dialect) -> ApiError {
    if let Some(denial) = denial::of(response.request()) {
        return denial;
    }
    match status {
        StatusCode::NOT_FOUND => dialect.no_such_path(),
        StatusCode::METHOD_NOT_ALLOWED => dialect.no_such_method(response.request().method().as_str()),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large"),
        status if status.is_client_error() => ApiError::new(ErrorCode::BadRequest, "The request cannot be read"),
        _ => ApiError::internal(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use actix_web::body::to_bytes;
    use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::web::Data;
    use actix_web::{App, Error, HttpResponse, Route, test};
    use ferrocast_pipeline::Loaders;

    use super::{Around, answer};
    use crate::access::{Listener, Need};
    use crate::app::parts;
    use crate::config::{Config, Sources};
    use crate::reporting::Reporting;
    use crate::routes::guarded::get_page;
    use crate::state::State;

    /// A server without models.
    async fn around(folder: &Path) -> Rc<Around> {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let environment = [("MODEL_PATH", path("")), ("TASKS__PATH", path("tasks.db"))];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        let config = Config::from_sources(&Sources { environment, ..Sources::default() }).unwrap();
        let state = State::new(&config, parts(&config, Loaders::new(), Reporting::default()).await.unwrap());
        Around::new(Data::new(state), Listener::Main)
    }

    fn at_root(
        around: Rc<Around>,
        route: Route,
    ) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>>
    {
        App::new().route("/", route).wrap(from_fn(move |request, next| answer(Rc::clone(&around), request, next)))
    }

    async fn panicking() -> HttpResponse {
        panic!("the inside, says the canary")
    }

    #[actix_web::test]
    async fn a_panic_in_a_handler_becomes_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let app = at_root(around(folder.path()).await, get_page(Need::Nothing).to(panicking));
        let service = test::init_service(app).await;
        let request = test::TestRequest::get().insert_header(("x-request-id", "id-1")).to_request();
        let error = service.call(request).await.map(drop).expect_err("no response to put it into");
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("x-request-id").map(|id| id.as_bytes()), Some(&b"id-1"[..]));
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&body["error_code"], &body["request_id"]), (&"INTERNAL_ERROR".into(), &"id-1".into()));
        assert!(!body.to_string().contains("canary"));
    }

    #[actix_web::test]
    async fn errors_of_the_library_become_rows_of_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let around = around(folder.path()).await;
        for (status, code) in [
            (StatusCode::NOT_FOUND, "NOT_FOUND"),
            (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            (StatusCode::IM_A_TEAPOT, "BAD_REQUEST"),
            (StatusCode::BAD_GATEWAY, "INTERNAL_ERROR"),
        ] {
            let bare = move || async move { HttpResponse::new(status) };
            let app = at_root(Rc::clone(&around), get_page(Need::Nothing).to(bare));
            let service = test::init_service(app).await;
            let response = test::call_service(&service, test::TestRequest::get().to_request()).await;
            let body: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(body["error_code"], code, "{status}");
        }
    }
}
