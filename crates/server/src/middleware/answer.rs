//! The outermost layer: whatever happens inside, the client gets one JSON answer with the request's identifier.
//!
//! Panics of handlers and extractors, errors, unknown routes and wrong methods all end here; nothing else renders an
//! error. `HEAD` is answered as the `GET` it stands for; the protocol layer leaves the body out.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Instant;

use actix_http::Request;
use actix_service::Service;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_telemetry::{InFlight, RequestTrace};
use futures_util::FutureExt;
use tracing::error;

use super::held_body::HeldBody;
use super::places::Places;
use super::rate_headers::RateHeaders;
use super::request_context::RequestContext;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::request_log::RequestLog;
use super::{cors, denial, finish, front, rate_headers};
use crate::access::Listener;
use crate::dialect::Dialect;
use crate::error::{Failure, rendered};
use crate::lap::Lap;
use crate::listen::{Answering, Connection};
use crate::state::State;

/// <https://www.w3.org/TR/trace-context/>
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The application below this layer.
pub(crate) trait Routes: Service<Request, Response = ServiceResponse, Error = Error> {}

impl<S: Service<Request, Response = ServiceResponse, Error = Error>> Routes for S {}

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

/// What is known of a request before anybody has looked at who sent it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) method: Method,
    dialect: Dialect,
    has_body: bool,
}

/// A request that is being answered.
struct Underway<'a> {
    around: &'a Around,
    started: Instant,
    asked: Asked,
    trace: RequestTrace,
    /// The origin to be named in the answer, where pages of others are let in.
    origin: Option<Option<HeaderValue>>,
    rate: Option<RateHeaders>,
    held_body: Option<HeldBody>,
    _answering: Option<Answering>,
    _in_flight: Option<InFlight<'a>>,
}

/// What becomes of a request at the door.
enum Entry {
    /// The routes answer it.
    LetIn(Rc<RequestContext>),
    /// It has its answer.
    Answered(Result<HttpResponse, Failure>),
}

/// Sees to the answer of a request: the routes' if it gets there, and always one.
#[expect(clippy::manual_async_fn, reason = "it would keep the request twice; see `front::answer`")]
pub(crate) fn answer(
    around: Rc<Around>,
    mut request: Request,
    routes: Rc<impl Routes>,
) -> impl Future<Output = Result<HttpResponse, Infallible>> {
    async move {
        let (underway, entry) = Underway::begin(&around, &mut request);
        let context = match entry {
            Entry::LetIn(context) => context,
            Entry::Answered(answered) => return Ok(underway.end(answered, None)),
        };
        let answered = AssertUnwindSafe(front::answer(&around, request, &*routes, &context)).catch_unwind().await;
        let answered = answered.unwrap_or_else(|_panic| Err(panicked(&around, &context)));
        Ok(underway.end(answered, Some(&context)))
    }
}

impl<'a> Underway<'a> {
    /// Looks at the request's head, and lets it in or answers it.
    fn begin(around: &'a Around, request: &mut Request) -> (Underway<'a>, Entry) {
        let (started, state) = (Instant::now(), &around.state);
        let _answering = request.conn_data::<Connection>().map(|connection| connection.turn.answer());
        let _in_flight = state.counts.then(|| state.metrics.http().begin());
        let trace = begin_trace(state, request.headers());
        let origin = state.cors.as_ref().map(|cors| cors.allowed(request));
        let is_allowed = matches!(origin, Some(Some(_)));
        let preflight = state.cors.as_ref().and_then(|cors| cors.preflight(request, is_allowed));
        if request.method() == Method::HEAD {
            request.head_mut().method = Method::GET;
        }
        let asked = Asked::of(request, started);
        let held_body = HeldBody::of(request);
        let admitted = state.access.admit(request, around.listener);
        let rate = rate_headers::of(&admitted);
        let entry = match (preflight, admitted) {
            (Some(preflight), _) => Entry::Answered(Ok(preflight)),
            (None, Err(limited)) => Entry::Answered(Err(limited.into())),
            (None, Ok(admitted)) => {
                let context = RequestContext::begin(asked.id.clone(), started, admitted, trace.context());
                Entry::LetIn(Rc::new(context))
            }
        };
        (Underway { around, started, asked, trace, origin, rate, held_body, _answering, _in_flight }, entry)
    }

    /// Makes the one answer of what was answered, counts it, and writes the headers that all have.
    fn end(self, answered: Result<HttpResponse, Failure>, context: Option<&Rc<RequestContext>>) -> HttpResponse {
        let Underway { around, started, asked, trace, origin, rate, held_body, .. } = self;
        let state = &around.state;
        let mut response = with_error_body(state, answered, &asked, context);
        let (trace_parent, context) = (trace.traceparent(), context.map(|context| &**context));
        finish::tell(around, &asked, context, response.status(), Lap::since(started), trace);
        if is_last_on_connection(state, &asked, context) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, asked.id.into_header_value());
        if let Some(rate) = rate {
            rate.write(headers);
        }
        if let Some(Ok(trace_parent)) = trace_parent.map(HeaderValue::try_from) {
            headers.insert(TRACEPARENT, trace_parent);
        }
        if let Some(origin) = origin {
            cors::allow(headers, origin);
        }
        match held_body {
            Some(body) => body.behind(response),
            None => response,
        }
    }
}

/// What a panic of whatever is inside comes to.
fn panicked(around: &Around, context: &RequestContext) -> Failure {
    // The panic hook has logged message and place.
    error!(request_id = context.id().as_str(), "request handler panicked");
    around.state.metrics.http().panicked();
    ApiError::internal().into()
}

impl Asked {
    fn of(request: &Request, now: Instant) -> Asked {
        let headers = request.headers();
        let has_body = headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        Asked {
            id: RequestId::accept_or_make(headers, now),
            method: request.method().clone(),
            dialect: Dialect::of_path(request.path()),
            has_body,
        }
    }
}

/// The trace that the request is part of: that of its sender if it names one.
fn begin_trace(state: &State, headers: &HeaderMap) -> RequestTrace {
    let mut parents = headers.get_all(TRACEPARENT);
    let parent = parents.next().filter(|_| parents.next().is_none()).and_then(|parent| parent.to_str().ok());
    let told = parent.and_then(|_| headers.get(TRACESTATE)).and_then(|told| told.to_str().ok());
    state.reporting.tracing.begin(parent, told)
}

/// Puts the body of the error table into a response that is an error without a body.
fn with_error_body(
    state: &State,
    answered: Result<HttpResponse, Failure>,
    asked: &Asked,
    context: Option<&Rc<RequestContext>>,
) -> HttpResponse {
    let response = answered.unwrap_or_else(HttpResponse::from_error);
    let failure = response.error().and_then(Error::as_error::<Failure>);
    let api_error = match failure {
        Some(failure) => said_and_logged(state, failure, &asked.id),
        None if is_bare(&response) => of_status(response.status(), asked, context),
        None => return response,
    };
    finish::count_error(state.metrics.http(), api_error.code);
    replaced(&response, rendered(&api_error, &asked.id, asked.dialect))
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
fn is_bare(response: &HttpResponse) -> bool {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let empty = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    failed && (response.error().is_some() || empty)
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
fn is_last_on_connection(state: &State, asked: &Asked, context: Option<&RequestContext>) -> bool {
    // What is left of a body would be taken for the next request.
    let is_body_left = asked.has_body && !context.is_some_and(RequestContext::is_body_read);
    is_body_left || state.lifecycle.is_draining()
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
fn of_status(status: StatusCode, asked: &Asked, context: Option<&Rc<RequestContext>>) -> ApiError {
    if let Some(denial) = context.and_then(|context| denial::of(context, asked.dialect)) {
        return denial;
    }
    match status {
        StatusCode::NOT_FOUND => asked.dialect.no_such_path(),
        StatusCode::METHOD_NOT_ALLOWED => asked.dialect.no_such_method(asked.method.as_str()),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ErrorCode::PayloadTooLarge, "The body is too large"),
        status if status.is_client_error() => ApiError::new(ErrorCode::BadRequest, "The request cannot be read"),
        _ => ApiError::internal(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use actix_http::Request;
    use actix_service::{IntoServiceFactory as _, Service, ServiceFactory, map_config};
    use actix_web::body::to_bytes;
    use actix_web::dev::AppConfig;
    use actix_web::http::StatusCode;
    use actix_web::web::Data;
    use actix_web::{App, HttpResponse, Route, test};
    use ferrocast_pipeline::Loaders;

    use super::Around;
    use crate::access::{Listener, Need};
    use crate::app::parts;
    use crate::config::{Config, Sources};
    use crate::listen::answering;
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

    /// What a server with this route at `/` answers.
    async fn answered(around: Rc<Around>, route: Route, request: Request) -> (HttpResponse<()>, serde_json::Value) {
        let app = map_config(App::new().route("/", route).into_factory(), |()| AppConfig::default());
        let service = answering(around, app).new_service(()).await.unwrap();
        let (head, body) = service.call(request).await.unwrap().into_parts();
        let body = to_bytes(body).await.unwrap_or_default();
        (head, serde_json::from_slice(&body).expect("JSON"))
    }

    async fn panicking() -> HttpResponse {
        panic!("the inside, says the canary")
    }

    #[actix_web::test]
    async fn a_panic_in_a_handler_becomes_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        let request = test::TestRequest::get().insert_header(("x-request-id", "id-1")).to_request();
        let route = get_page(Need::Nothing).to(panicking);
        let (response, body) = answered(around(folder.path()).await, route, request).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("x-request-id").map(|id| id.as_bytes()), Some(&b"id-1"[..]));
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
            let route = get_page(Need::Nothing).to(bare);
            let (_, body) = answered(Rc::clone(&around), route, test::TestRequest::get().to_request()).await;
            assert_eq!(body["error_code"], code, "{status}");
        }
    }
}
