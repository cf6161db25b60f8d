//! Predictions of pictures: a file in a form, several, or one in base64; of the default model or a named one.

use std::time::Instant;

use actix_web::web::{Bytes, Data};
use apistos::api_operation;
use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, ImageBatchResponse, ImageResponse};

use crate::answers::{Keep, Wishes};
use crate::error::Failure;
use crate::extract::body::MostBytes;
use crate::extract::caching::Caching;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{FlatPictures, Model, NamedPictures};
use crate::extract::top_k::TopKQuery;
use crate::extract::upload::{One, Several, Upload};
use crate::question::Question;
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
    caching: Caching,
    upload: Upload<One>,
) -> Result<Reply<ImageResponse<'static>>, Failure> {
    answer_upload(&state, model, (top_k, caching), upload).await
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
    caching: Caching,
    upload: Upload<Several>,
) -> Result<Reply<ImageBatchResponse<'static>>, Failure> {
    answer_batch(&state, model, (top_k, caching), upload).await
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
    caching: Caching,
    body: JsonBody<ImageData>,
) -> Result<Reply<ImageResponse<'static>>, Failure> {
    answer_base64(&state, model, (top_k, caching), body.bytes).await
}

/// A file, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn file(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    caching: Caching,
    upload: Upload<One>,
) -> Picture {
    answer_upload(&state, model, (top_k, caching), upload).await
}

/// Several files, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn files(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    caching: Caching,
    upload: Upload<Several>,
) -> Pictures {
    answer_batch(&state, model, (top_k, caching), upload).await
}

/// Base64, for the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn base64(
    state: Data<State>,
    model: Model<NamedPictures>,
    top_k: TopKQuery,
    caching: Caching,
    body: JsonBody<ImageData>,
) -> Picture {
    answer_base64(&state, model, (top_k, caching), body.bytes).await
}

async fn answer_upload<P>(
    state: &State,
    model: Model<P>,
    (top_k, caching): (TopKQuery, Caching),
    upload: Upload<One>,
) -> Picture {
    let question = async {
        let picture = upload.pictures.into_iter().next().ok_or_else(ApiError::internal)?;
        Ok(Question::Picture(picture, Some(top_k.0.unwrap_or_default())))
    };
    state.answers.answer(&state.service, &model, wishes(&model, caching), question).await
}

async fn answer_base64<P>(
    state: &State,
    model: Model<P>,
    (TopKQuery(top_k), caching): (TopKQuery, Caching),
    body: Bytes,
) -> Picture {
    let question = async {
        let (size, limits, most, body) = (body.len(), state.limits.json, state.uploads.image_bytes, body.clone());
        let began = Instant::now();
        let unpack = move || native::decode_picture(&body, &limits, most);
        let picture =
            if size <= UNPACKED_HERE { unpack() } else { state.service.on_pool(size, model.options(), unpack).await? };
        model.parsed_since(began);
        Ok(Question::Picture(picture?.into(), top_k))
    };
    state.answers.answer(&state.service, &model, wishes(&model, caching), question).await
}

async fn answer_batch<P>(
    state: &State,
    model: Model<P>,
    (top_k, caching): (TopKQuery, Caching),
    upload: Upload<Several>,
) -> Pictures {
    let question = async { Ok(Question::Pictures(upload.pictures, top_k.0.unwrap_or_default())) };
    state.answers.answer(&state.service, &model, wishes(&model, caching), question).await
}

fn wishes<P>(model: &Model<P>, caching: Caching) -> Wishes {
    Wishes { options: model.options(), caching, keep: Keep::AsManifest }
}
