//! The bytes of a JSON body: the right type, within the size limit, in time. Parsing them is the model schema's work.

use std::marker::PhantomData;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apistos::paths::{MediaType, RequestBody};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::ServeError;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::error::Failure;
use crate::extract::deadline;
use crate::state::State;

/// For every so many bytes that have arrived, a client may take one second more: slower than this is an attack.
const BYTES_PER_SECOND: usize = 1024;

/// A JSON body as it was sent. `S` names its schema in the API description.
#[derive(Debug)]
pub(crate) struct JsonBody<S> {
    /// Not parsed yet.
    pub(crate) bytes: Bytes,
    schema: PhantomData<S>,
}

/// Left in the request once its body has been read to the end: the connection can carry another request.
#[derive(Debug)]
pub(crate) struct BodyRead;

/// A schema of the API description that a body refers to.
pub(crate) trait BodySchema {
    /// Its name under `#/components/schemas/`.
    const NAME: &'static str;
}

impl<S> FromRequest for JsonBody<S> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<JsonBody<S>, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_head(request);
        let payload = payload.take();
        let request = request.clone();
        Box::pin(async move {
            let limits = checked?;
            let bytes = read(payload, limits).await?;
            request.extensions_mut().insert(BodyRead);
            Ok(JsonBody { bytes, schema: PhantomData })
        })
    }
}

#[derive(Debug, Clone, Copy)]
struct BodyLimits {
    bytes: usize,
    patience: Duration,
    /// Of the whole request.
    timeout: Duration,
}

/// Everything that the headers alone decide.
fn check_head(request: &HttpRequest) -> Result<BodyLimits, Failure> {
    // Routes are only ever mounted together with the state.
    let state = request.app_data::<Data<State>>().ok_or_else(ApiError::internal)?;
    let timeout = deadline::timeout(request.headers(), state.request_timeout)?;
    let limits = BodyLimits { bytes: state.json_bytes, patience: state.body_timeout, timeout };
    check_type(request)?;
    check_encoding(request.headers())?;
    match declared_length(request.headers()) {
        Some(length) if length > limits.bytes => Err(too_large(limits.bytes)),
        _ => Ok(limits),
    }
}

/// The size of the body, if the head says it.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// JSON, or nothing said: clients that post a string often say nothing.
fn check_type(request: &HttpRequest) -> Result<(), Failure> {
    // Without what follows a semicolon.
    let essence = request.content_type();
    if essence.is_empty() || essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let essence = essence.to_ascii_lowercase();
    if essence.ends_with("+json") {
        return Ok(());
    }
    let hint = match essence.as_str() {
        // What curl says unless it is told otherwise.
        "application/x-www-form-urlencoded" => "; with curl add: -H 'content-type: application/json'",
        _ => "",
    };
    let message = format!("The body must be application/json{hint}");
    Err(refused(ErrorCode::UnsupportedMediaType, message))
}

fn check_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let message = "The body must not be compressed (Content-Encoding: identity)";
            Err(refused(ErrorCode::UnsupportedMediaType, message))
        }
        _ => Ok(()),
    }
}

/// Reads to the end. The usual body arrives in one piece and is not copied.
async fn read(mut payload: Payload, limits: BodyLimits) -> Result<Bytes, Failure> {
    let started = Instant::now();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let received = first.len() + rest.len();
        let allowance = Duration::from_secs((received / BYTES_PER_SECOND) as u64);
        let patience = limits.patience + allowance;
        let next = timeout_at(started + patience.min(limits.timeout), payload.next()).await;
        let next = next.map_err(|_| if limits.timeout <= patience { too_late() } else { too_slow() })?;
        let chunk = match next {
            None => break,
            Some(chunk) => {
                chunk.map_err(|_| refused(ErrorCode::BadRequest, "The body ended early or is badly framed"))?
            }
        };
        if received + chunk.len() > limits.bytes {
            return Err(too_large(limits.bytes));
        }
        if received == 0 {
            first = chunk;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn refused(code: ErrorCode, message: impl Into<String>) -> Failure {
    ApiError::new(code, message).into()
}

fn too_large(limit: usize) -> Failure {
    let message = format!("The body is larger than {limit} bytes (limits.json_bytes)");
    refused(ErrorCode::PayloadTooLarge, message)
}

fn too_late() -> Failure {
    ServeError::DeadlineExceeded.into()
}

fn too_slow() -> Failure {
    refused(ErrorCode::RequestTimeout, "The body did not arrive in time")
}

impl<S: BodySchema> ApiComponent for JsonBody<S> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        // The schema depends on the models that are loaded; it joins the document when it is asked for.
        None
    }

    fn request_body() -> Option<RequestBody> {
        let schema = ReferenceOr::Reference { _ref: format!("#/components/schemas/{}", S::NAME) };
        let json = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(RequestBody {
            content: [("application/json".to_owned(), json)].into(),
            required: Some(true),
            ..RequestBody::default()
        })
    }
}
