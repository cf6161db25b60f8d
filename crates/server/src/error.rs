//! Errors on their way to the client: from the service's words to the error table, and from there into a response.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use apistos::ApiErrorComponent;
use apistos::Schema;
use apistos::paths::Response;
use apistos::reference_or::ReferenceOr;
use ferrocast_access::Limited;
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_schema::{Loc, Violation, Violations, code};
use ferrocast_serving::{ImageError, ResolveError, ServeError};

use ferrocast_tasks::{Bound, StoreError};
use tracing::warn;

use crate::dialect::Dialect;
use crate::middleware::request_id::RequestId;
use crate::openapi::errors;

/// When to come back if no more tasks can be kept.
const FULL_STORE_RETRY: Duration = Duration::from_secs(60);

/// What handlers and extractors fail with. The outermost layer renders it, because only that knows the request's
/// identifier.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    api_error: ApiError,
    /// For the log, and for clients only in debug mode.
    cause: Option<String>,
}

impl Failure {
    /// A fault of ours.
    pub(crate) fn internal(cause: impl fmt::Display) -> Failure {
        Failure { api_error: ApiError::internal(), cause: Some(cause.to_string()) }
    }

    /// The error in the words of the table.
    pub(crate) fn api_error(&self) -> &ApiError {
        &self.api_error
    }

    /// The same for one of several pictures.
    pub(crate) fn of_picture(mut self, position: usize) -> Failure {
        self.api_error.message = format!("Picture {position}: {}", self.api_error.message);
        self
    }

    /// What lies behind a server fault: for the log, and for clients only in debug mode.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

impl From<ApiError> for Failure {
    fn from(api_error: ApiError) -> Failure {
        Failure { api_error, cause: None }
    }
}

/// One thing that is wrong with a request.
impl From<Violation> for Failure {
    fn from(violation: Violation) -> Failure {
        ApiError::from(Violations::one(violation)).into()
    }
}

/// The one mapping from the service's errors to the error table.
impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Failure {
        if let ServeError::OutOfRange { feature, .. } = &error {
            let at = Loc::body().field(feature);
            return Violation::new(at, code::FINITE_NUMBER, error.to_string()).into();
        }
        if let ServeError::RefusedValue { why } = error {
            return Violation::new(Loc::body(), code::VALUE_ERROR, format!("The model refuses a value: {why}")).into();
        }
        let api_error = ApiError::new(code_of(&error), said_to_clients(&error));
        match error {
            ServeError::QueueFull { retry_after, .. }
            | ServeError::InFlightFull { retry_after, .. }
            | ServeError::JobsFull { retry_after } => api_error.with_retry_after(retry_after).into(),
            ServeError::Resolve(_)
            | ServeError::Image(_)
            | ServeError::TakesPictures { .. }
            | ServeError::TakesRows { .. }
            | ServeError::DeadlineExceeded
            | ServeError::ShuttingDown => api_error.into(),
            error => Failure { api_error, cause: Some(error.to_string()) },
        }
    }
}

/// A client that asks too often.
impl From<Limited> for Failure {
    fn from(limited: Limited) -> Failure {
        let message = format!(
            "Too many requests: at most {} at once (rate.per_second, rate.burst, or this key's own rate)",
            limited.limit
        );
        ApiError::new(ErrorCode::RateLimited, message).with_retry_after(limited.retry_after).into()
    }
}

/// The same for what a store of tasks says.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Full(bound) => {
                let setting = match bound {
                    Bound::Tasks(_) => "tasks.max_tasks",
                    Bound::Bytes(_) => "tasks.max_bytes",
                };
                let message =
                    format!("No more tasks can be kept: {bound} ({setting}); those that ended make room in time");
                ApiError::new(ErrorCode::TaskStoreFull, message).with_retry_after(FULL_STORE_RETRY).into()
            }
            StoreError::KeyReused => {
                let message = "This Idempotency-Key was sent with another request";
                ApiError::new(ErrorCode::IdempotencyKeyReused, message).into()
            }
            error => {
                warn!(%error, "a request about tasks is answered 503");
                ApiError::new(ErrorCode::TaskStoreUnavailable, "Tasks cannot be stored or looked up now").into()
            }
        }
    }
}

fn code_of(error: &ServeError) -> ErrorCode {
    match error {
        ServeError::Resolve(ResolveError::UnknownModel { .. }) => ErrorCode::ModelNotFound,
        ServeError::Resolve(ResolveError::UnknownVersion { .. }) => ErrorCode::VersionNotFound,
        ServeError::Resolve(_) => ErrorCode::ModelNotReady,
        ServeError::Image(cause) => code_of_image(cause),
        ServeError::TakesPictures { .. } | ServeError::TakesRows { .. } => ErrorCode::InputMismatch,
        ServeError::QueueFull { .. } | ServeError::InFlightFull { .. } | ServeError::JobsFull { .. } => {
            ErrorCode::Overloaded
        }
        ServeError::DeadlineExceeded => ErrorCode::DeadlineExceeded,
        ServeError::ShuttingDown => ErrorCode::ShuttingDown,
        ServeError::Inference { .. } if error.is_panic() => ErrorCode::EnginePanic,
        ServeError::Inference { .. } => ErrorCode::Inference,
        _ => ErrorCode::Internal,
    }
}

fn code_of_image(error: &ImageError) -> ErrorCode {
    match error {
        ImageError::Empty | ImageError::UnknownFormat => ErrorCode::NotAnImage,
        ImageError::Side { .. } | ImageError::Pixels { .. } | ImageError::Memory { .. } => ErrorCode::PayloadTooLarge,
        _ => ErrorCode::ImageUndecodable,
    }
}

/// The setting that a picture is beyond.
fn limit_of_image(error: &ImageError) -> &'static str {
    match error {
        ImageError::Side { .. } => " (limits.image_side)",
        ImageError::Pixels { .. } => " (limits.image_pixels)",
        ImageError::Memory { .. } => " (limits.image_memory)",
        _ => "",
    }
}

/// Without what only the log may know.
fn said_to_clients(error: &ServeError) -> String {
    match error {
        ServeError::Resolve(resolve) => resolve.to_string(),
        ServeError::Image(cause @ (ImageError::Empty | ImageError::UnknownFormat)) => {
            format!("File must be an image: {cause}")
        }
        ServeError::Image(cause) => format!("The picture is refused: {cause}{}", limit_of_image(cause)),
        ServeError::TakesPictures { model } => {
            format!("Model {model} takes pictures: POST a form with a part `file` to /models/{model}/predict_image")
        }
        ServeError::TakesRows { model } => {
            format!("Model {model} takes rows of features, no pictures: POST JSON to /models/{model}/predict")
        }
        ServeError::QueueFull { model, waiting, limit, .. } => {
            format!("Model {model} is busy: {waiting} of at most {limit} rows wait for it (serving.max_queue_rows)")
        }
        ServeError::InFlightFull { limit, .. } => {
            format!("The server is busy: {limit} predictions are under way (limits.max_in_flight)")
        }
        ServeError::JobsFull { .. } => "The server is busy: too many large bodies wait to be unpacked".to_owned(),
        ServeError::DeadlineExceeded => {
            "The answer was not there in time (X-Request-Timeout-Ms, or server.request_timeout_s)".to_owned()
        }
        ServeError::ShuttingDown => "The server is shutting down".to_owned(),
        ServeError::Inference { model, version, .. } => {
            format!("Model {model} version {version} failed on this request")
        }
        _ => ApiError::internal().message,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api_error.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        status(&self.api_error)
    }

    fn error_response(&self) -> HttpResponse {
        // Without a body: the outermost layer writes it.
        HttpResponse::new(self.status_code())
    }
}

/// What the API description says about errors: handlers choose from it by status.
impl ApiErrorComponent for Failure {
    fn schemas_by_status_code() -> std::collections::BTreeMap<String, (String, ReferenceOr<Schema>)> {
        errors::schemas()
    }

    fn error_responses() -> Vec<(String, Response)> {
        errors::responses()
    }
}

/// The error as a response: status, JSON body, `Retry-After`.
pub(crate) fn rendered(api_error: &ApiError, id: &RequestId, dialect: Dialect) -> HttpResponse {
    let body = dialect.render(api_error, id.as_str());
    let status = checked_status(dialect.status(api_error));
    let mut response = HttpResponse::build(status).content_type("application/json").body(body);
    if api_error.code == ErrorCode::UnsupportedMediaType && dialect == Dialect::Oip {
        response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
    }
    if api_error.code == ErrorCode::Unauthenticated {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = api_error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn status(api_error: &ApiError) -> StatusCode {
    checked_status(api_error.code.status())
}

fn checked_status(status: u16) -> StatusCode {
    // The table holds only statuses in 400..=599, which its own test keeps true.
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
