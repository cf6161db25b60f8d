//! What is asked of a model on the native routes: read, valid, and ready to be answered, now or later, or from what is kept.

use std::borrow::Cow;
use std::time::Instant;

use actix_web::web::Bytes;
use ferrocast_cache::CacheKey;
use ferrocast_pipeline::Pipeline;
use ferrocast_protocol::ApiError;
use ferrocast_protocol::native::{self, Limits, Served, Telling, TopK};
use ferrocast_schema::{Prediction, Rows};
use ferrocast_serving::{Answer, CallOptions, Deployment, Service, Timing};
use futures_util::future::try_join_all;

use crate::answers::Keep;
use crate::error::Failure;
use crate::lap::Lap;

/// What a kind of question is called in keys of the cache. Another release may prepare or word things differently.
macro_rules! kind {
    ($name:literal) => {
        concat!("ferrocast ", env!("CARGO_PKG_VERSION"), " ", $name)
    };
}

pub(crate) use kind;

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

/// Which rows a body has, and whether what is answered to them is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsAsked {
    /// It is one row.
    One(Keep),
    /// Several rows in a list.
    Many(Keep),
}

impl RowsAsked {
    /// Reads them.
    ///
    /// # Errors
    /// If they are none that the model takes.
    pub(crate) fn read(self, body: &[u8], model: &Deployment, limits: &Limits) -> Result<Question, ApiError> {
        let schema = model.pipeline().schema();
        match self {
            RowsAsked::One(_) => native::decode_row(body, schema, limits).map(Question::Row),
            RowsAsked::Many(_) => native::decode_batch(body, schema, limits).map(Question::Batch),
        }
    }

    /// Whether what is answered to them is kept.
    pub(crate) fn keep(self) -> Keep {
        match self {
            RowsAsked::One(keep) | RowsAsked::Many(keep) => keep,
        }
    }
}

/// An answer as it goes out.
#[derive(Debug)]
pub(crate) struct Answered {
    /// JSON.
    pub(crate) body: Bytes,
    /// Where the time went.
    pub(crate) took: Took,
    /// Nothing in it is an error.
    pub(crate) is_whole: bool,
}

/// Where the time of an answer went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// In the service; of several runs, that of the longest.
    pub(crate) timing: Option<Timing>,
    /// To write it.
    pub(crate) written: Lap,
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
                Ok(written_row(model, &answer)?)
            }
            Question::Batch(rows) => {
                let answer = service.predict(model, rows, options).await?;
                let write = || native::encode_batch(&answer.predictions, served(model));
                let (body, took) = written(model, &[&answer], write)?;
                Ok(Answered { body, took, is_whole: native::is_whole(&answer.predictions) })
            }
            // Beside a picture an allocation is nothing, and rows have the smaller future.
            Question::Picture(picture, top_k) => {
                Box::pin(answer_picture(picture, *top_k, service, model, options)).await
            }
            Question::Pictures(pictures, top_k) => {
                Box::pin(answer_pictures(pictures, *top_k, service, model, options)).await
            }
        }
    }

    /// What its answer is kept under: everything that the answer depends on, and nothing else. How the request was spelled
    /// does not count.
    pub(crate) fn key(&self, model: &Deployment) -> CacheKey {
        match self {
            Question::Row(rows) => key_of(kind!("row"), model).derive(&rows.canonical_bytes()),
            Question::Batch(rows) => key_of(kind!("batch"), model).derive(&rows.canonical_bytes()),
            Question::Picture(picture, top_k) => key_of(kind!("picture"), model).derive(&told(*top_k)).derive(picture),
            Question::Pictures(pictures, top_k) => {
                let key = key_of(kind!("pictures"), model).derive(&told(Some(*top_k)));
                pictures.iter().fold(key, |key, picture| key.derive(picture))
            }
        }
    }
}

/// Runs the model on one row, on the calling thread, and writes what it says.
///
/// # Errors
/// Those of the model.
pub(crate) fn answer_row_inline(
    row: &Rows,
    service: &Service,
    model: &Deployment,
    options: CallOptions,
) -> Result<Answered, Failure> {
    let answer = service.predict_inline(model, row, options)?;
    Ok(written_row(model, &answer)?)
}

fn written_row(model: &Deployment, answer: &Answer) -> Result<Answered, ApiError> {
    let write = || native::encode_prediction(only(answer)?, served(model));
    let (body, took) = written(model, &[answer], write)?;
    Ok(Answered { body, took, is_whole: true })
}

async fn answer_picture(
    picture: &Bytes,
    top_k: Option<TopK>,
    service: &Service,
    model: &Deployment,
    options: CallOptions,
) -> Result<Answered, Failure> {
    let answer = service.predict_image(model, picture.clone(), options).await?;
    let telling = telling(model.pipeline(), top_k);
    let write = || native::encode_image(only(&answer)?, &telling, served(model));
    let (body, took) = written(model, &[&answer], write)?;
    Ok(Answered { body, took, is_whole: true })
}

async fn answer_pictures(
    pictures: &[Bytes],
    top_k: TopK,
    service: &Service,
    model: &Deployment,
    options: CallOptions,
) -> Result<Answered, Failure> {
    let answers = pictures.iter().enumerate().map(async |(position, picture)| {
        let answer = service.predict_image(model, picture.clone(), options).await;
        answer.map_err(|error| Failure::from(error).of_picture(position))
    });
    let answers: Vec<Answer> = try_join_all(answers).await?;
    let predictions: Vec<_> = answers.iter().flat_map(|answer| &answer.predictions).collect();
    let telling = telling(model.pipeline(), Some(top_k));
    let of_all: Vec<_> = answers.iter().collect();
    let write = || native::encode_image_batch(&predictions, &telling, served(model));
    let (body, took) = written(model, &of_all, write)?;
    Ok(Answered { body, took, is_whole: native::is_whole(predictions) })
}

/// The body for these answers. Whoever counts what the model does hears of them: of several, each has its share of the writing.
fn written(
    model: &Deployment,
    answers: &[&Answer],
    write: impl FnOnce() -> Result<Vec<u8>, ApiError>,
) -> Result<(Bytes, Took), ApiError> {
    let began = answers.iter().map(|answer| answer.timing.ended).max().unwrap_or_else(Instant::now);
    let body = write()?;
    let written = Lap::since(began);
    let share = written.took() / u32::try_from(answers.len()).unwrap_or(1).max(1);
    let observer = model.observer();
    answers.iter().for_each(|answer| observer.answered(answer.predictions.len(), &answer.timing, share));
    let longest = answers.iter().map(|answer| answer.timing).max_by_key(|timing| timing.queue + timing.inference);
    Ok((body.into(), Took { timing: longest, written }))
}

/// What the keys of all questions of a [`kind!`] to a model are derived from.
pub(crate) fn key_of(kind: &str, model: &Deployment) -> CacheKey {
    CacheKey::of_digest(*model.digest()).derive(kind.as_bytes())
}

/// How many classes are told, as it goes into a key.
fn told(top_k: Option<TopK>) -> Cow<'static, [u8]> {
    match top_k {
        None => b"untold".into(),
        Some(TopK::Unsaid) => b"unsaid".into(),
        Some(TopK::All) => b"all".into(),
        Some(TopK::Of(count)) => count.to_string().into_bytes().into(),
    }
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
