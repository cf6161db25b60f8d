//! What was answered before is answered before anything else: the same bytes to the same place, while the models are what
//! they were, need no route, no model and no reading.
//!
//! Only short bodies of JSON without any wishes in their head come into question: whatever else a request says is for the
//! routes to understand. An answer gets here when a route has kept it, or found it kept. Whatever decides who may ask has to
//! stand before this.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, Responder};
use ferrocast_cache::{Entry, Hit, Spelling};
use futures_util::stream;

use super::answer::Around;
use super::request_context::RequestContext;
use crate::access::Need;
use crate::dialect::Dialect;
use crate::extract::body::{Arriving, Bounds, MostBytes};
use crate::reply::{Kept, Reply};
use crate::state::State;

/// Larger bodies are worth their way.
const MOST_BYTES: usize = 64 << 10;

/// Answers from memory, or else lets the routes answer and keeps what they say may be kept.
///
/// # Errors
/// Those of the routes.
pub(crate) async fn answer(
    around: &Around,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = &around.state;
    let Some(bounds) = in_question(state, &request) else { return routed(request, next).await };
    let body = match Arriving::new(request.take_payload(), bounds).whole().await {
        Ok(body) => body,
        Err(failure) => return Ok(request.error_response(failure)),
    };
    RequestContext::note_body_read(request.request());
    let path_and_query = request.uri().path_and_query().map_or("", |path| path.as_str());
    // Neither number ever falls, so no other state has their sum. What the routes say after this is about this state, or a
    // newer one, which nobody looks for under this number.
    let generation = state.service.generation() + state.answers.replaced();
    let spelling = Spelling::new(generation, path_and_query, &body);
    // Without knowing the place there is nothing to count the answer by: the routes will tell.
    let place = around.places.get(generation, request.path());
    if let Some((place, entry)) = place.and_then(|place| Some((place, state.answers.get_spelled(&spelling)?))) {
        RequestContext::note_found(request.request(), &place.route);
        place.observer.reused(RequestContext::started(request.request()).elapsed());
        let reply: Reply<()> = Reply::json(entry.body().clone()).with_kept(Kept::new(Hit::Memory, Some(&entry)));
        let response = reply.respond_to(request.request());
        return Ok(request.into_response(response));
    }
    request.set_payload(given_back(body));
    let response = routed(request, next).await?;
    if let Some(entry) = response.response().extensions().get::<Entry>()
        && let Some(place) = RequestContext::place(response.request())
    {
        around.places.note(generation, response.request().path(), place);
        state.answers.alias(spelling, entry.clone());
    }
    Ok(response)
}

async fn routed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Whether it may have been answered before, and how its body is read.
fn in_question(state: &State, request: &ServiceRequest) -> Option<Bounds> {
    let headers = request.headers();
    let is_plain = request.method() == Method::POST
        && state.answers.keeps_some()
        && RequestContext::may(request.request(), Need::Predict)
        && Dialect::of_path(request.path()) == Dialect::Native
        && headers.get(CONTENT_TYPE).is_some_and(|sent| sent == "application/json")
        && [CACHE_CONTROL, CONTENT_ENCODING].iter().all(|wish| !headers.contains_key(wish));
    if !is_plain {
        return None;
    }
    let most = MostBytes::of_body(MOST_BYTES.min(state.json_bytes), "limits.json_bytes");
    let bounds = Bounds::of_any_encoding(request.request(), state, most).ok()?;
    (bounds.declared() > 0).then_some(bounds)
}

/// The body for whoever reads it next.
fn given_back(body: Bytes) -> Payload {
    let all = stream::iter([Ok::<_, PayloadError>(body)]);
    Payload::Stream { payload: Box::pin(all) }
}
