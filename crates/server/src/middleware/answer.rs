//! The outermost layer: whatever happens inside, the client gets one JSON answer with the request's identifier.
//!
//! Panics of handlers and extractors, errors, unknown routes and wrong methods all end here; nothing else renders an
//! error. `HEAD` is answered as the `GET` it stands for; the protocol layer leaves the body out.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use ferrocast_protocol::{ApiError, ErrorCode};
use futures_util::FutureExt;
use tracing::{debug, error};

use super::front;
use super::request_context::RequestContext;
use super::request_id::{RequestId, X_REQUEST_ID};
use crate::dialect::Dialect;
use crate::error::{Failure, Unanswered, rendered};
use crate::state::State;

/// Runs the request and sees to its answer.
///
/// # Errors
/// Only when there is no response to put the answer into; the error then renders itself, complete.
pub(crate) async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::accept_or_make(request.headers());
    let dialect = Dialect::of_path(request.path());
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    request.extensions_mut().insert(RequestContext::begin(id.clone()));
    let outcome = AssertUnwindSafe(front::answer(request, next)).catch_unwind().await;
    let mut response = match outcome {
        Ok(Ok(response)) => with_error_body(response, &id, dialect),
        Ok(Err(cause)) => {
            error!(request_id = id.as_str(), %cause, "request was not answered");
            return Err(Unanswered::internal(id, dialect).into());
        }
        Err(_panic) => {
            // The panic hook has logged message and place.
            error!(request_id = id.as_str(), "request handler panicked");
            return Err(Unanswered::internal(id, dialect).into());
        }
    };
    let request = response.request();
    debug!(
        request_id = id.as_str(),
        method = %request.method(),
        route = request.match_pattern().unwrap_or_default(),
        status = response.status().as_u16(),
        elapsed_us = RequestContext::started(request).elapsed().as_micros(),
        "answered"
    );
    response.headers_mut().insert(X_REQUEST_ID, id.into_header_value());
    if is_last_on_connection(&response) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Puts the body of the error table into a response that is an error without a body.
fn with_error_body(response: ServiceResponse<BoxBody>, id: &RequestId, dialect: Dialect) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let failure = response.response().error().and_then(Error::as_error::<Failure>);
    let api_error = match failure {
        Some(failure) => Some(said_and_logged(failure, &response, id)),
        None if is_bare(&response) => Some(of_status(status, &response, dialect)),
        None => None,
    };
    let Some(api_error) = api_error else { return response };
    let body = rendered(&api_error, id, dialect);
    let (request, bare) = response.into_parts();
    ServiceResponse::new(request, replaced(&bare, body))
}

/// The error as the client gets it. A fault of ours is logged with its cause, which clients see only in debug mode.
fn said_and_logged(failure: &Failure, response: &ServiceResponse<BoxBody>, id: &RequestId) -> ApiError {
    let mut said = failure.api_error().clone();
    if said.code.status() == 500 {
        let cause = failure.cause().unwrap_or_default();
        error!(request_id = id.as_str(), code = said.code.as_str(), cause, "{}", said.message);
        let state = response.request().app_data::<Data<State>>();
        if state.is_some_and(|state| state.debug) && !cause.is_empty() {
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
    if let Some(allow) = bare.headers().get(header::ALLOW) {
        body.headers_mut().insert(header::ALLOW, with_head(allow));
    }
    body
}

/// Whether the client has to take another connection for its next request, which it should be told: it would find out only
/// when it loses that request.
fn is_last_on_connection(response: &ServiceResponse<BoxBody>) -> bool {
    let request = response.request();
    let is_draining = || request.app_data::<Data<State>>().is_some_and(|state| state.lifecycle.is_draining());
    is_body_left(request) || is_draining()
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

/// The error table's row for a status that the HTTP library chose.
fn of_status(status: StatusCode, response: &ServiceResponse<BoxBody>, dialect: Dialect) -> ApiError {
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
    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::http::StatusCode;
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test, web};

    use super::answer;

    async fn panicking() -> HttpResponse {
        panic!("the inside, says the canary")
    }

    #[actix_web::test]
    async fn a_panic_in_a_handler_becomes_an_answer() {
        let app = App::new().route("/", web::get().to(panicking)).wrap(from_fn(answer));
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
        for (status, code) in [
            (StatusCode::NOT_FOUND, "NOT_FOUND"),
            (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            (StatusCode::IM_A_TEAPOT, "BAD_REQUEST"),
            (StatusCode::BAD_GATEWAY, "INTERNAL_ERROR"),
        ] {
            let bare = move || async move { HttpResponse::new(status) };
            let app = App::new().route("/", web::get().to(bare)).wrap(from_fn(answer));
            let service = test::init_service(app).await;
            let response = test::call_service(&service, test::TestRequest::get().to_request()).await;
            let body: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(body["error_code"], code, "{status}");
        }
    }
}
