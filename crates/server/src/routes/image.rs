//! Predictions of pictures: a file in a form, several, or one in base64; of the default model or a named one.

use actix_web::web::{Bytes, Data};
use apistos::api_operation;
use ferrocast_pipeline::Pipeline;
use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, ImageBatchResponse, ImageResponse, Telling, TopK};
use ferrocast_serving::{Answer, Timing};
use futures_util::future::try_join_all;

use super::predict::served;
use crate::error::Failure;
use crate::extract::body::MostBytes;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{FlatPictures, Model, NamedPictures};
use crate::extract::top_k::TopKQuery;
use crate::extract::upload::{One, Several, Upload};
use crate::reply::Reply;
use crate::state::State;

/// A picture in JSON.
#[derive(Debug)]
pub(crate) struct ImageData;

impl BodySchema for ImageData {
    const NAME: &'static str = "ImageData";

    fn most_bytes(state: &State) -> MostBytes {
        MostBytes::of_picture(native::base64_body_bytes(state.uploads.image_bytes), state.uploads.image_bytes)
    }
}

/// A body of so many bytes is unpacked in less than the trip to another thread is worth; the largest takes tens of
/// milliseconds.
const UNPACKED_HERE: usize = 64 << 10;

type Picture = Result<Reply<ImageResponse<'static>>, Failure>;
type Pictures = Result<Reply<ImageBatchResponse<'static>>, Failure>;

#[api_operation(
    operation_id = "predict_image",
    tag = "default model",
    summary = "Predict what is in a picture with the default model of pictures"
)]
pub(crate) async fn predict_image(
    state: Data<State>,
    model: Model<FlatPictures>,
    top_k: TopKQuery,
    upload: Upload<One>,
) -> Result<Reply<ImageResponse<'static>>, Failure> {
    answer_upload(&state, model, top_k, upload).await
}

#[api_operation(
    operation_id = "predict_image_batch",
    tag = "default model",
    summary = "Predict what is in each of several pictures with the default model of pictures"
)]
pub(crate) async fn predict_image_batch(
    state: Data<State>,
    model: Model<FlatPictures>,
    top_k: TopKQuery,
    upload: Upload<Several>,
) -> Result<Reply<ImageBatchResponse<'static>>, Failure> {
    answer_batch(&state, model, top_k, upload).await
}

#[api_operation(
    operation_id = "predict_image_base64",
    tag = "default model",
    summary = "Predict what is in a picture, sent as base64, with the default model of pictures"
)]
pub(crate) async fn predict_image_base64(
    state: Data<State>,
    model: Model<FlatPictures>,
    top_k: TopKQuery,
    body: JsonBody<ImageData>,
) -> Result<Reply<ImageResponse<'static>>, Failure> {
    answer_base64(&state, model, top_k, body.bytes).await
}

/// A file, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn file(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    upload: Upload<One>,
) -> Picture {
    answer_upload(&state, model, top_k, upload).await
}

/// Several files, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn files(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    upload: Upload<Several>,
) -> Pictures {
    answer_batch(&state, model, top_k, upload).await
}

/// Base64, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn base64(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    body: JsonBody<ImageData>,
) -> Picture {
    answer_base64(&state, model, top_k, body.bytes).await
}

async fn answer_upload<P>(state: &State, model: Model<P>, top_k: TopKQuery, upload: Upload<One>) -> Picture {
    let _permit = state.service.admit(&model)?;
    let picture = upload.pictures.into_iter().next().ok_or_else(ApiError::internal)?;
    answer_picture(state, &model, Some(top_k.0.unwrap_or_default()), picture).await
}

async fn answer_base64<P>(state: &State, model: Model<P>, top_k: TopKQuery, body: Bytes) -> Picture {
    let _permit = state.service.admit(&model)?;
    let (size, limits, most) = (body.len(), state.limits.json, state.uploads.image_bytes);
    let unpack = move || native::decode_picture(&body, &limits, most);
    let picture =
        if size <= UNPACKED_HERE { unpack() } else { state.service.on_pool(size, model.options(), unpack).await? };
    answer_picture(state, &model, top_k.0, picture?.into()).await
}

async fn answer_picture<P>(state: &State, model: &Model<P>, top_k: Option<TopK>, picture: Bytes) -> Picture {
    let answer = state.service.predict_image(model, picture, model.options()).await?;
    let prediction = answer.predictions.first().ok_or_else(ApiError::internal)?;
    let body = native::encode_image(prediction, &telling(model.pipeline(), top_k), served(model))?;
    Ok(Reply::json(body).with_timing(&answer.timing))
}

async fn answer_batch<P>(state: &State, model: Model<P>, top_k: TopKQuery, upload: Upload<Several>) -> Pictures {
    let _permit = state.service.admit(&model)?;
    let pictures = upload.pictures.into_iter().enumerate().map(async |(position, picture)| {
        let answer = state.service.predict_image(&model, picture, model.options()).await;
        answer.map_err(|error| Failure::from(error).of_picture(position))
    });
    let answers: Vec<Answer> = try_join_all(pictures).await?;
    let predictions: Vec<_> = answers.iter().flat_map(|answer| &answer.predictions).collect();
    let telling = telling(model.pipeline(), Some(top_k.0.unwrap_or_default()));
    let reply = Reply::json(native::encode_image_batch(&predictions, &telling, served(&model))?);
    let took = |timing: &&Timing| timing.queue + timing.inference;
    Ok(match answers.iter().map(|answer| &answer.timing).max_by_key(took) {
        Some(longest) => reply.with_timing(longest),
        None => reply,
    })
}

/// How the model's classes are told.
pub(crate) fn telling(pipeline: &Pipeline, top_k: Option<TopK>) -> Telling<'_> {
    Telling { names: pipeline.class_names(), threshold: pipeline.manifest().output.threshold, top_k }
}
