//! A path that was understood before is answered before it has a route: while the models are what they were, it means what it
//! meant. Rows go straight to their model, and the same bytes to the same place get the answer that was kept for them.
//!
//! Only short bodies of JSON without any wishes in their head come into question: whatever else a request says is for the
//! routes to understand. Whatever decides who may ask has to stand before this.

use std::rc::Rc;

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
use crate::error::Failure;
use crate::extract::body::{Arriving, Bounds, MostBytes};
use crate::extract::caching::Caching;
use crate::extract::model::Model;
use crate::reply::{Kept, Reply};
use crate::routes::predict;
use crate::state::State;

/// Larger bodies are worth their way.
const MOST_BYTES: usize = 64 << 10;

/// Answers what is asked at a path that is known, or else lets the routes answer and remembers what they found there.
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
    // Neither number ever falls, so no other state has their sum. What the routes say after this is about this state, or a
    // newer one, which nobody looks for under this number.
    let generation = state.service.generation() + state.answers.replaced();
    let known = around.places.get(generation, request.path());
    let Some((place, model)) = known.and_then(|place| Some((Rc::clone(&place), place.model.upgrade()?))) else {
        let response = routed(request, next).await?;
        note_place(around, generation, &response);
        return Ok(response);
    };
    RequestContext::note_found(request.request(), &place.route);
    let deadline = bounds.deadline();
    let body = match Arriving::new(request.take_payload(), bounds).whole().await {
        Ok(body) => body,
        Err(failure) => return Ok(request.error_response(failure)),
    };
    RequestContext::note_body_read(request.request());
    let spelling = place.keeps.then(|| spelling(generation, &request, &body));
    if let Some(entry) = spelling.as_ref().and_then(|spelling| state.answers.get_spelled(spelling)) {
        model.observer().reused(RequestContext::started(request.request()).elapsed());
        let reply: Reply<()> = Reply::json(entry.body().clone()).with_kept(Kept::new(Hit::Memory, Some(&entry)));
        return Ok(replied(request, Ok(reply)));
    }
    let response = match place.rows {
        Some(rows) => {
            let model: Model<()> = Model::of(request.request(), model, deadline);
            let reply: Result<Reply<()>, Failure> =
                predict::answer(state, &model, rows, Caching::default(), &body).await;
            replied(request, reply)
        }
        None => {
            request.set_payload(given_back(body));
            routed(request, next).await?
        }
    };
    if let Some(entry) = response.response().extensions().get::<Entry>() {
        match spelling {
            Some(spelling) => state.answers.alias(spelling, entry.clone()),
            None => note_place(around, generation, &response),
        }
    }
    Ok(response)
}

/// Remembers what its path meant, if there is something to be gained by it.
fn note_place(around: &Around, generation: u64, response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    let keeps = response.response().extensions().contains::<Entry>();
    let place = RequestContext::place(request, keeps).filter(|place| place.keeps || place.rows.is_some());
    if let Some(place) = place {
        around.places.note(generation, request.path(), place);
    }
}

/// How its question is written.
fn spelling(generation: u64, request: &ServiceRequest, body: &[u8]) -> Spelling {
    let path_and_query = request.uri().path_and_query().map_or("", |path| path.as_str());
    Spelling::new(generation, path_and_query, body)
}

fn replied(request: ServiceRequest, reply: Result<Reply<()>, Failure>) -> ServiceResponse<BoxBody> {
    match reply {
        Ok(reply) => {
            let response = reply.respond_to(request.request());
            request.into_response(response)
        }
        Err(failure) => request.error_response(failure),
    }
}

async fn routed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A request that gets there has a longer way before it.
    Ok(Box::pin(next.call(request)).await?.map_into_boxed_body())
}

/// Whether it may have been answered before, and how its body is read.
fn in_question(state: &State, request: &ServiceRequest) -> Option<Bounds> {
    let headers = request.headers();
    let is_plain = request.method() == Method::POST
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
