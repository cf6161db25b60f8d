//! Predictions: one row or a batch, of the default model or a named one.

use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, BatchResponse, PredictionResponse, Served};
use ferrocast_serving::Deployment;

use crate::error::Failure;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{Flat, Model, Named, Versioned};
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
    body: JsonBody<DefaultRow>,
) -> Result<Reply<PredictionResponse<'static>>, Failure> {
    answer_row(&state, model, &body.bytes).await
}

#[api_operation(
    operation_id = "predict_version",
    tag = "default model",
    summary = "Predict one row with a version of the default model"
)]
pub(crate) async fn predict_version(
    state: Data<State>,
    model: Model<Versioned>,
    body: JsonBody<DefaultRow>,
) -> Result<Reply<PredictionResponse<'static>>, Failure> {
    answer_row(&state, model, &body.bytes).await
}

#[api_operation(
    operation_id = "predict_batch",
    tag = "default model",
    summary = "Predict many rows with the default model in one run"
)]
pub(crate) async fn predict_batch(
    state: Data<State>,
    model: Model<Flat>,
    body: JsonBody<DefaultBatch>,
) -> Result<Reply<BatchResponse<'static>>, Failure> {
    answer_batch(&state, model, &body.bytes).await
}

/// One row of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn row(state: Data<State>, model: Model<Named>, body: JsonBody<DefaultRow>) -> Prediction {
    answer_row(&state, model, &body.bytes).await
}

/// Many rows of the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn batch(state: Data<State>, model: Model<Named>, body: JsonBody<DefaultBatch>) -> BatchPrediction {
    answer_batch(&state, model, &body.bytes).await
}

async fn answer_row<P>(state: &State, model: Model<P>, body: &[u8]) -> Prediction {
    let _permit = state.service.admit(&model)?;
    let rows = native::decode_row(body, model.pipeline().schema(), &state.limits)?;
    let answer = state.service.predict(&model, &rows, model.options()).await?;
    let prediction = answer.predictions.first().ok_or_else(ApiError::internal)?;
    Ok(Reply::json(native::encode_prediction(prediction, served(&model))?).with_timing(&answer.timing))
}

async fn answer_batch<P>(state: &State, model: Model<P>, body: &[u8]) -> BatchPrediction {
    let _permit = state.service.admit(&model)?;
    let rows = native::decode_batch(body, model.pipeline().schema(), &state.limits)?;
    let answer = state.service.predict(&model, &rows, model.options()).await?;
    Ok(Reply::json(native::encode_batch(&answer.predictions, served(&model))?).with_timing(&answer.timing))
}

pub(crate) fn served(model: &Deployment) -> Served<'_> {
    Served { model: model.model(), version: model.version() }
}
