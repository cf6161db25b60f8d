//! Predictions: one row or a batch, of the default model or a named one.

use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{self, BatchResponse, PredictionResponse};

use crate::answers::{Keep, Wishes};
use crate::error::Failure;
use crate::extract::caching::Caching;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{Flat, Model, Named, Versioned};
use crate::question::{RowsAsked, answer_row_inline};
use crate::reply::Reply;
use crate::state::State;

/// One row of the default model.
#[derive(Debug)]
pub(crate) struct DefaultRow;
/// Several rows of the default model.
#[derive(Debug)]
pub(crate) struct DefaultBatch;

impl BodySchema for DefaultRow {
    const NAME: &'static str = "DefaultModelRow";
}
impl BodySchema for DefaultBatch {
    const NAME: &'static str = "DefaultModelBatch";
}

type Prediction = Result<Reply<PredictionResponse<'static>>, Failure>;
type BatchPrediction = Result<Reply<BatchResponse<'static>>, Failure>;

#[api_operation(
    operation_id = "predict",
    tag = "default model",
    summary = "Predict one row with the default model in its latest version"
)]
pub(crate) async fn predict(
    state: Data<State>,
    model: Model<Flat>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Result<Reply<PredictionResponse<'static>>, Failure> {
    answer(&state, &model, RowsAsked::One(Keep::AsManifest), caching, &body.bytes).await
}

#[api_operation(
    operation_id = "predict_version",
    tag = "default model",
    summary = "Predict one row with a version of the default model"
)]
pub(crate) async fn predict_version(
    state: Data<State>,
    model: Model<Versioned>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Result<Reply<PredictionResponse<'static>>, Failure> {
    answer(&state, &model, RowsAsked::One(Keep::AsManifest), caching, &body.bytes).await
}

#[api_operation(
    operation_id = "predict_cached",
    tag = "default model",
    summary = "Predict one row with the default model, or tell what was predicted for it before"
)]
pub(crate) async fn predict_cached(
    state: Data<State>,
    model: Model<Flat>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Result<Reply<PredictionResponse<'static>>, Failure> {
    answer(&state, &model, RowsAsked::One(Keep::Always), caching, &body.bytes).await
}

#[api_operation(
    operation_id = "predict_batch",
    tag = "default model",
    summary = "Predict many rows with the default model in one run"
)]
pub(crate) async fn predict_batch(
    state: Data<State>,
    model: Model<Flat>,
    caching: Caching,
    body: JsonBody<DefaultBatch>,
) -> Result<Reply<BatchResponse<'static>>, Failure> {
    answer(&state, &model, RowsAsked::Many(Keep::AsManifest), caching, &body.bytes).await
}

/// One row of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn row(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Prediction {
    answer(&state, &model, RowsAsked::One(Keep::AsManifest), caching, &body.bytes).await
}

/// The same, where answers are kept.
#[api_operation(skip)]
pub(crate) async fn cached_row(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Prediction {
    answer(&state, &model, RowsAsked::One(Keep::Always), caching, &body.bytes).await
}

/// Many rows of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn batch(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultBatch>,
) -> BatchPrediction {
    answer(&state, &model, RowsAsked::Many(Keep::AsManifest), caching, &body.bytes).await
}

/// Answers the rows in a body, which its path asks the model for.
pub(crate) async fn answer<P, T>(
    state: &State,
    model: &Model<P>,
    rows: RowsAsked,
    caching: Caching,
    body: &[u8],
) -> Result<Reply<T>, Failure> {
    model.note_rows(rows);
    let question = async { Ok(model.parse(|| rows.read(body, model, &state.limits))?) };
    let wishes = Wishes { options: model.options(), caching, keep: rows.keep() };
    state.answers.answer(&state.service, model, wishes, question).await
}

/// The same for one row that its model runs on this thread, and whose answer nobody keeps, as for most: without a future. `None` if
/// it is another request, of which nothing has been done then.
pub(crate) fn answer_inline<P, T>(
    state: &State,
    model: &Model<P>,
    rows: RowsAsked,
    body: &[u8],
) -> Option<Result<Reply<T>, Failure>> {
    let RowsAsked::One(keep) = rows else { return None };
    let is_inline = model.placement().is_inline(1) && !state.answers.keeps(model, keep);
    is_inline.then(|| {
        model.note_rows(rows);
        let _permit = state.service.admit(model)?;
        let row = model.parse(|| native::decode_row(body, model.pipeline().schema(), &state.limits))?;
        Ok(Reply::answered(answer_row_inline(&row, &state.service, model, model.options())?))
    })
}
