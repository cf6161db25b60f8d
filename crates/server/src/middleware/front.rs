//! A path that was understood before is answered before it has a route: while the models are what they were, it means what it
//! meant. Rows go straight to their model, and the same bytes to the same place get the answer that was kept for them.
//!
//! Only short bodies of JSON without any wishes in their head come into question: whatever else a request says is for the
//! routes to understand. Whatever decides who may ask has to stand before this.

use std::rc::Rc;

use actix_http::Request;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use ferrocast_cache::{Entry, Hit, Spelling};
use futures_util::stream;

use super::answer::{Around, Routes};
use super::places::Place;
use super::request_context::RequestContext;
use super::{finish, head_size};
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

/// What a path means.
enum Meant {
    /// What it meant before.
    Known(Known, Bounds),
    /// Nobody knows yet: the routes are to say.
    Unknown(Generation),
    /// Nothing that this module answers.
    OutOfQuestion,
}

/// What a path that was understood before means for one request.
struct Known {
    generation: Generation,
    place: Rc<Place>,
    model: Model<()>,
}

/// Grows with every change of the models, and of the answers that are kept. What was found under another one holds no more.
type Generation = u64;

/// Answers what is asked at a path that is known, or else lets the routes answer and remembers what they found there.
///
/// A connection keeps room for this future, and every request is moved into it: so it has no more inside than a row needs that
/// waits for its body, and is no `async fn`, which keeps its arguments twice.
///
/// # Errors
/// Those of the routes.
#[expect(clippy::manual_async_fn, reason = "it would keep the request twice")]
pub(super) fn answer<'a>(
    around: &'a Around,
    mut request: Request,
    routes: &'a impl Routes,
    context: &'a Rc<RequestContext>,
) -> impl Future<Output = Result<HttpResponse, Failure>> + 'a {
    async move {
        head_size::check(request.headers())?;
        let (known, bounds) = match Meant::of(around, &request, context) {
            Meant::Known(known, bounds) => (known, bounds),
            Meant::Unknown(generation) => {
                return Box::pin(learn(around, request, routes, context, generation)).await;
            }
            Meant::OutOfQuestion => return Box::pin(routed(&around.state, request, routes, context)).await,
        };
        let body = Arriving::expected(request.take_payload(), bounds).whole().await?;
        context.note_body_read();
        match answer_now(&around.state, &request, context, &known, &body) {
            Some(answered) => answered,
            None => Box::pin(answer_known(around, request, routes, context, known, body)).await,
        }
    }
}

impl Meant {
    fn of(around: &Around, request: &Request, context: &Rc<RequestContext>) -> Meant {
        let state = &around.state;
        let Some(bounds) = in_question(state, request, context) else { return Meant::OutOfQuestion };
        // Neither number ever falls, so no other state has their sum. What the routes say after this is about this state, or a
        // newer one, which nobody looks for under this number.
        let generation = state.service.generation() + state.answers.replaced();
        let place = around.places.get(generation, request.path());
        let Some((place, model)) = place.and_then(|place| Some((Rc::clone(&place), place.model.upgrade()?))) else {
            return Meant::Unknown(generation);
        };
        context.note_found(&place.route);
        let model = Model::of(Rc::clone(context), model, bounds.deadline());
        Meant::Known(Known { generation, place, model }, bounds)
    }
}

/// Lets the routes answer, and remembers what the path meant to them.
async fn learn(
    around: &Around,
    request: Request,
    routes: &impl Routes,
    context: &Rc<RequestContext>,
    generation: Generation,
) -> Result<HttpResponse, Failure> {
    let path = request.path().to_owned();
    let response = routed(&around.state, request, routes, context).await?;
    note_place(around, generation, &path, context, &response);
    Ok(response)
}

/// The answer, if there is one without waiting for anything: the one that was kept, or a row's that its model runs here.
fn answer_now(
    state: &State,
    request: &Request,
    context: &RequestContext,
    known: &Known,
    body: &[u8],
) -> Option<Result<HttpResponse, Failure>> {
    let Known { generation, place, model } = known;
    let reply: Result<Reply<()>, Failure> = if place.keeps {
        let entry = state.answers.get_spelled(&spelling(*generation, request, body))?;
        model.observer().reused(context.started().elapsed());
        Ok(Reply::json(entry.body().clone()).with_kept(Kept::new(Hit::Memory, Some(&entry))))
    } else {
        predict::answer_inline(state, model, place.rows?, body)?
    };
    Some(reply.map(|reply| reply.into_response(context)))
}

/// Answers what takes more.
async fn answer_known(
    around: &Around,
    mut request: Request,
    routes: &impl Routes,
    context: &Rc<RequestContext>,
    known: Known,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let (state, Known { generation, place, model }) = (&around.state, known);
    let spelling = place.keeps.then(|| spelling(generation, &request, &body));
    let response = match place.rows {
        Some(rows) => {
            let reply: Reply<()> = predict::answer(state, &model, rows, Caching::default(), &body).await?;
            let response = reply.into_response(context);
            if !place.keeps && keeps(&response) {
                note_place(around, generation, request.path(), context, &response);
            }
            response
        }
        None => {
            *request.payload() = given_back(body);
            routed(state, request, routes, context).await?
        }
    };
    if let (Some(spelling), Some(entry)) = (spelling, response.extensions().get::<Entry>()) {
        state.answers.alias(spelling, entry.clone());
    }
    Ok(response)
}

/// Remembers what its path meant, if there is something to be gained by it.
fn note_place(around: &Around, generation: Generation, path: &str, context: &RequestContext, response: &HttpResponse) {
    let place = context.place(keeps(response)).filter(|place| place.keeps || place.rows.is_some());
    if let Some(place) = place {
        around.places.note(generation, path, place);
    }
}

/// Whether the answer has been kept.
fn keeps(response: &HttpResponse) -> bool {
    response.extensions().contains::<Entry>()
}

/// How its question is written.
fn spelling(generation: Generation, request: &Request, body: &[u8]) -> Spelling {
    let path_and_query = request.uri().path_and_query().map_or("", |path| path.as_str());
    Spelling::new(generation, path_and_query, body)
}

/// What the routes answer.
async fn routed(
    state: &State,
    request: Request,
    routes: &impl Routes,
    context: &Rc<RequestContext>,
) -> Result<HttpResponse, Failure> {
    request.extensions_mut().insert(Rc::clone(context));
    let response = routes.call(request).await.map_err(Failure::internal)?;
    finish::name_route(state, context, response.request());
    Ok(response.into_parts().1)
}

/// Whether it may have been answered before, and how its body is read.
fn in_question(state: &State, request: &Request, context: &RequestContext) -> Option<Bounds> {
    let headers = request.headers();
    let is_plain = request.method() == Method::POST
        && context.may(Need::Predict)
        && Dialect::of_path(request.path()) == Dialect::Native
        && headers.get(CONTENT_TYPE).is_some_and(|sent| sent == "application/json")
        && [CACHE_CONTROL, CONTENT_ENCODING].iter().all(|wish| !headers.contains_key(wish));
    if !is_plain {
        return None;
    }
    let most = MostBytes::of_body(MOST_BYTES.min(state.json_bytes), "limits.json_bytes");
    let bounds = Bounds::of_any_encoding(context, headers, state, most).ok()?;
    (bounds.declared() > 0).then_some(bounds)
}

/// The body for whoever reads it next.
fn given_back(body: Bytes) -> Payload {
    let all = stream::iter([Ok::<_, PayloadError>(body)]);
    Payload::Stream { payload: Box::pin(all) }
}
