//! Predictions: one row or a batch, of the default model or a named one.

use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{self, BatchResponse, PredictionResponse};

use crate::answers::{Keep, Wishes};
use crate::error::Failure;
use crate::extract::caching::Caching;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{Flat, Model, Named, Versioned};
use crate::question::Question;
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
    answer_row(&state, model, (caching, Keep::AsManifest), &body.bytes).await
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
    answer_row(&state, model, (caching, Keep::AsManifest), &body.bytes).await
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
    answer_row(&state, model, (caching, Keep::Always), &body.bytes).await
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
    answer_batch(&state, model, (caching, Keep::AsManifest), &body.bytes).await
}

/// One row of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn row(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Prediction {
    answer_row(&state, model, (caching, Keep::AsManifest), &body.bytes).await
}

/// The same, where answers are kept.
#[api_operation(skip)]
pub(crate) async fn cached_row(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultRow>,
) -> Prediction {
    answer_row(&state, model, (caching, Keep::Always), &body.bytes).await
}

/// Many rows of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn batch(
    state: Data<State>,
    model: Model<Named>,
    caching: Caching,
    body: JsonBody<DefaultBatch>,
) -> BatchPrediction {
    answer_batch(&state, model, (caching, Keep::AsManifest), &body.bytes).await
}

async fn answer_row<P>(state: &State, model: Model<P>, (caching, keep): (Caching, Keep), body: &[u8]) -> Prediction {
    let parse = || native::decode_row(body, model.pipeline().schema(), &state.limits);
    let question = async { Ok(Question::Row(model.parse(parse)?)) };
    let wishes = Wishes { options: model.options(), caching, keep };
    state.answers.answer(&state.service, &model, wishes, question).await
}

async fn answer_batch<P>(
    state: &State,
    model: Model<P>,
    (caching, keep): (Caching, Keep),
    body: &[u8],
) -> BatchPrediction {
    let parse = || native::decode_batch(body, model.pipeline().schema(), &state.limits);
    let question = async { Ok(Question::Batch(model.parse(parse)?)) };
    let wishes = Wishes { options: model.options(), caching, keep };
    state.answers.answer(&state.service, &model, wishes, question).await
}
