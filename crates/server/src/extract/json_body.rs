//! The bytes of a JSON body. Parsing them is the model schema's work.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apistos::paths::{MediaType, RequestBody};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::{ApiError, ErrorCode};
use futures_util::FutureExt;

use crate::error::Failure;
use crate::extract::body::{Arriving, Bounds, MostBytes, WholeBody, refused, state};
use crate::middleware::request_context::RequestContext;
use crate::state::State;

/// A JSON body as it was sent. `S` names its schema in the API description.
#[derive(Debug)]
pub(crate) struct JsonBody<S> {
    /// Not parsed yet.
    pub(crate) bytes: Bytes,
    schema: PhantomData<S>,
}

/// A schema of the API description that a body refers to.
pub(crate) trait BodySchema {
    /// Its name under `#/components/schemas/`.
    const NAME: &'static str;

    /// How large such a body may be.
    fn most_bytes(state: &State) -> MostBytes {
        MostBytes::of_body(state.json_bytes, "limits.json_bytes")
    }
}

impl<S: BodySchema> FromRequest for JsonBody<S> {
    type Error = Failure;
    type Future = Reading<S>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = check_head::<S>(request).map(|bounds| Arriving::new(payload.take(), bounds).whole());
        Reading { body: body.map_err(Some), request: request.clone(), schema: PhantomData }
    }
}

/// A body that is read, or why it is not. Every prediction has one, so it is not in a box.
pub(crate) struct Reading<S> {
    /// A failure is given once.
    body: Result<WholeBody, Option<Failure>>,
    request: HttpRequest,
    schema: PhantomData<fn() -> S>,
}

impl<S> Future for Reading<S> {
    type Output = Result<JsonBody<S>, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let bytes = match &mut self.body {
            Ok(body) => ready!(body.poll_unpin(context))?,
            Err(failure) => return Poll::Ready(Err(failure.take().unwrap_or_else(|| ApiError::internal().into()))),
        };
        RequestContext::of(&self.request)?.note_body_read();
        Poll::Ready(Ok(JsonBody { bytes, schema: PhantomData }))
    }
}

/// Everything that the headers alone decide.
fn check_head<S: BodySchema>(request: &HttpRequest) -> Result<Bounds, Failure> {
    let state = state(request)?;
    check_type(request)?;
    Bounds::of(request, state, S::most_bytes(state))
}

/// JSON, or nothing said: clients that post a string often say nothing.
fn check_type(request: &HttpRequest) -> Result<(), Failure> {
    // What nearly all say is recognised without taking it apart.
    if request.headers().get(CONTENT_TYPE).is_some_and(|sent| sent == "application/json") {
        return Ok(());
    }
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
