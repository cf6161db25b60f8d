//! What is asked of a model on the native routes: read, valid, and ready to be answered, now or later, or from what is kept.

use actix_web::web::Bytes;
use ferrocast_cache::{CacheKey, KeyBuilder};
use ferrocast_pipeline::Pipeline;
use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, Served, Telling, TopK};
use ferrocast_schema::{Prediction, Rows};
use ferrocast_serving::{Answer, CallOptions, Deployment, Service, Timing};
use futures_util::future::try_join_all;

use crate::error::Failure;

/// Goes into every key of the cache: another release may prepare or word things differently.
const RELEASE: &str = concat!("ferrocast ", env!("CARGO_PKG_VERSION"));

/// What is asked.
#[derive(Debug)]
pub(crate) enum Question {
    /// One row.
    Row(Rows),
    /// Several rows, answered in one list.
    Batch(Rows),
    /// The bytes of a picture's file, and how many classes are told.
    Picture(Bytes, Option<TopK>),
    /// Those of several, answered in one list.
    Pictures(Vec<Bytes>, TopK),
}

/// An answer as it goes out.
#[derive(Debug)]
pub(crate) struct Answered {
    /// JSON.
    pub(crate) body: Bytes,
    /// Where the time went; of several runs, that of the longest.
    pub(crate) timing: Option<Timing>,
    /// Nothing in it is an error.
    pub(crate) is_whole: bool,
}

impl Question {
    /// Runs the model, and writes what it says.
    pub(crate) async fn answer(
        &self,
        service: &Service,
        model: &Deployment,
        options: CallOptions,
    ) -> Result<Answered, Failure> {
        match self {
            Question::Row(rows) => {
                let answer = service.predict(model, rows, options).await?;
                let body = native::encode_prediction(only(&answer)?, served(model))?;
                Ok(Answered { body: body.into(), timing: Some(answer.timing), is_whole: true })
            }
            Question::Batch(rows) => {
                let answer = service.predict(model, rows, options).await?;
                let body = native::encode_batch(&answer.predictions, served(model))?;
                Ok(Answered {
                    body: body.into(),
                    timing: Some(answer.timing),
                    is_whole: native::is_whole(&answer.predictions),
                })
            }
            Question::Picture(picture, top_k) => {
                let answer = service.predict_image(model, picture.clone(), options).await?;
                let telling = telling(model.pipeline(), *top_k);
                let body = native::encode_image(only(&answer)?, &telling, served(model))?;
                Ok(Answered { body: body.into(), timing: Some(answer.timing), is_whole: true })
            }
            Question::Pictures(pictures, top_k) => {
                let answers = pictures.iter().enumerate().map(async |(position, picture)| {
                    let answer = service.predict_image(model, picture.clone(), options).await;
                    answer.map_err(|error| Failure::from(error).of_picture(position))
                });
                let answers: Vec<Answer> = try_join_all(answers).await?;
                let predictions: Vec<_> = answers.iter().flat_map(|answer| &answer.predictions).collect();
                let telling = telling(model.pipeline(), Some(*top_k));
                let body = native::encode_image_batch(&predictions, &telling, served(model))?;
                let took = |timing: &Timing| timing.queue + timing.inference;
                let timing = answers.iter().map(|answer| answer.timing).max_by_key(took);
                Ok(Answered { body: body.into(), timing, is_whole: native::is_whole(predictions) })
            }
        }
    }

    /// What its answer is kept under: everything that the answer depends on, and nothing else. How the request was spelled
    /// does not count.
    pub(crate) fn key(&self, model: &Deployment) -> CacheKey {
        match self {
            Question::Row(rows) => key_of("row", model).part(&rows.canonical_bytes()).finish(),
            Question::Batch(rows) => key_of("batch", model).part(&rows.canonical_bytes()).finish(),
            Question::Picture(picture, top_k) => {
                let mut key = key_of("picture", model);
                told_part(&mut key, *top_k);
                key.part(picture).finish()
            }
            Question::Pictures(pictures, top_k) => {
                let mut key = key_of("pictures", model);
                told_part(&mut key, Some(*top_k));
                pictures.iter().for_each(|picture| {
                    key.part(picture);
                });
                key.finish()
            }
        }
    }
}

/// The beginning of a key: which question to which model, in all that decides its answers.
pub(crate) fn key_of(question: &str, model: &Deployment) -> KeyBuilder {
    let mut key = CacheKey::builder(RELEASE);
    key.text(question).text(model.model()).text(model.version()).part(model.digest());
    key
}

fn told_part(key: &mut KeyBuilder, top_k: Option<TopK>) {
    match top_k {
        None => key.text("untold"),
        Some(TopK::Unsaid) => key.text("unsaid"),
        Some(TopK::All) => key.text("all"),
        Some(TopK::Of(count)) => key.number(count as u64),
    };
}

fn only(answer: &Answer) -> Result<&Prediction, ApiError> {
    answer.predictions.first().ok_or_else(ApiError::internal)
}

fn served(model: &Deployment) -> Served<'_> {
    Served { model: model.model(), version: model.version() }
}

/// How the model's classes are told.
pub(crate) fn telling(pipeline: &Pipeline, top_k: Option<TopK>) -> Telling<'_> {
    Telling { names: pipeline.class_names(), threshold: pipeline.manifest().output.threshold, top_k }
}
