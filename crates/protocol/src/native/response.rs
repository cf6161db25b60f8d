//! Answers of `/predict`, `/predict_batch` and their like for pictures. They borrow from the predictions and are written into one buffer of
//! sufficient size; a number that JSON cannot carry is found before it is written, never turned into `null`.

mod batch;
mod image;
mod keyed;
mod outcome;

use ferrocast_schema::{Choice, ClassValue, Number, Prediction, Scores};
use serde::Serialize;

pub use self::batch::encode_batch;
pub use self::image::{
    ImageBatchResponse, ImageItem, ImageResponse, Picture, Telling, encode_image, encode_image_batch,
};
use self::keyed::field;
use self::outcome::Outcome;
use crate::ApiError;

/// Who answers: the names as they appear in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served<'a> {
    /// The model's name.
    pub model: &'a str,
    /// The version that was run; never an alias.
    pub version: &'a str,
}

/// Writes the answer of `/predict`, key by key: the bytes of a [`PredictionResponse`].
///
/// # Errors
/// [`ErrorCode::NonFiniteOutput`](crate::ErrorCode::NonFiniteOutput) if the prediction holds a NaN or an infinity.
pub fn encode_prediction(prediction: &Prediction, served: Served<'_>) -> Result<Vec<u8>, ApiError> {
    let mut buffer = Vec::with_capacity(envelope_bytes(served) + item_bytes(prediction));
    let Outcome { prediction, label, probability, confidence, scores } = Outcome::of(prediction)?;
    field(&mut buffer, b"{\"prediction\":", &prediction)?;
    if let Some(label) = label {
        field(&mut buffer, b",\"label\":", label)?;
    }
    field(&mut buffer, b",\"probability\":", &probability)?;
    field(&mut buffer, b",\"confidence\":", &confidence.unwrap_or(0.0))?;
    if let Some(scores) = scores {
        field(&mut buffer, b",\"scores\":", &scores)?;
    }
    buffer.extend_from_slice(b",\"status\":\"success\"");
    field(&mut buffer, b",\"model\":", served.model)?;
    field(&mut buffer, b",\"version\":", served.version)?;
    buffer.push(b'}');
    Ok(buffer)
}

/// The answer of `/predict`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct PredictionResponse<'a> {
    /// The class as the model names it (integer or string), the value of a regression, or a vector; a list of classes
    /// if the model tells several things about a row.
    prediction: PredictedValue<'a>,
    /// The class's name for people, where the model's manifest gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    /// Probability of each class, in the order of the model's card; null if the model gives none.
    probability: Option<PerClass<'a>>,
    /// The highest probability; 0 if the model gives none. Of several classes, that of the least certain.
    confidence: f32,
    /// The model's score for each class, where these are no probabilities: margins, logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<PerClass<'a>>,
    /// Always `success`.
    status: Status,
    /// The model that answered.
    model: &'a str,
    /// The version that answered, also where the request named an alias or none.
    version: &'a str,
}

/// The answer of `/predict_batch`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct BatchResponse<'a> {
    /// One item per instance, in the order of the request.
    predictions: Vec<BatchItem<'a>>,
    /// `partial` if some instances have an error instead of a prediction, else `success`.
    status: Status,
    /// How many instances have a prediction.
    processed_count: usize,
    /// The model that answered.
    model: &'a str,
    /// The version that answered, also where the request named an alias or none.
    version: &'a str,
}

/// One item of a batch's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum BatchItem<'a> {
    /// The instance was predicted.
    Predicted {
        /// Position in `instances`, from 0.
        instance_id: usize,
        /// As in the answer for one instance.
        prediction: PredictedValue<'a>,
        /// As in the answer for one instance.
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<&'a str>,
        /// Probability of each class; absent if the model gives none.
        #[serde(skip_serializing_if = "Option::is_none")]
        probability: Option<PerClass<'a>>,
        /// The highest probability; absent if the model gives none.
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence: Option<f32>,
        /// As in the answer for one instance.
        #[serde(skip_serializing_if = "Option::is_none")]
        scores: Option<PerClass<'a>>,
    },
    /// The model's answer for the instance cannot be given.
    Failed {
        /// Position in `instances`, from 0.
        instance_id: usize,
        /// What happened, for people.
        error: &'a str,
        /// What happened, for programs: a code of the error table.
        error_code: &'a str,
    },
}

/// What the model said, in the type in which it said it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum PredictedValue<'a> {
    /// A class or value that is an integer.
    Int(i64),
    /// A value of single precision, written with no more digits than it has.
    F32(f32),
    /// A value of double precision.
    F64(f64),
    /// A class or value that is text.
    Str(&'a str),
    /// Several numbers, such as an embedding.
    Vector(&'a [f32]),
    /// Several classes.
    Classes(Vec<PredictedClass<'a>>),
}

/// One of several classes, in the type in which the model names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum PredictedClass<'a> {
    /// An integer.
    Int(i64),
    /// Text.
    Str(&'a str),
}

/// One number for each class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum PerClass<'a> {
    /// Of a model with one class for each row.
    One(&'a [f32]),
    /// A list for each of several classes.
    Several(Vec<&'a [f32]>),
}

/// How the request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema), schemars(rename = "PredictionStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything has a prediction.
    Success,
    /// Some instances of the batch have an error instead.
    Partial,
}

/// Whether each prediction can be written: an answer for several that are not is `partial`.
pub fn is_whole<'p>(predictions: impl IntoIterator<Item = &'p Prediction>) -> bool {
    predictions.into_iter().all(|prediction| Outcome::of(prediction).is_ok())
}

/// Keys and punctuation around the items, status and count.
const ENVELOPE_BYTES: usize = 128;
/// Keys and punctuation of one item, its position and its confidence.
const ITEM_BYTES: usize = 112;
/// An item that carries an error in place of a prediction.
const FAILED_ITEM_BYTES: usize = 160;
/// Quotes, brackets and commas of one of several classes and of its scores.
const CHOICE_BYTES: usize = 8;
/// The longest `i64` or `f64` in JSON.
const NUMBER_BYTES: usize = 24;
/// The longest `f32` in JSON and a comma; a probability is nearly always shorter.
const F32_BYTES: usize = 16;

fn envelope_bytes(served: Served<'_>) -> usize {
    ENVELOPE_BYTES + served.model.len() + served.version.len()
}

/// Room for one item. Text that needs escapes may exceed it; the buffer then grows.
fn item_bytes(prediction: &Prediction) -> usize {
    let content = match prediction {
        Prediction::Class { class, label, scores, .. } => {
            class_bytes(class) + label.as_deref().map_or(0, str::len) + scores_bytes(scores)
        }
        Prediction::Classes(choices) => {
            let choice = |Choice { class, scores }: &Choice| CHOICE_BYTES + class_bytes(class) + scores_bytes(scores);
            choices.iter().map(choice).sum()
        }
        Prediction::Value(Number::Str(text)) => text.len(),
        Prediction::Value(_) => NUMBER_BYTES,
        Prediction::Vector(values) => values.len() * F32_BYTES,
    };
    (ITEM_BYTES + content).max(FAILED_ITEM_BYTES)
}

fn class_bytes(class: &ClassValue) -> usize {
    match class {
        ClassValue::Int(_) => NUMBER_BYTES,
        ClassValue::Str(text) => text.len(),
    }
}

fn scores_bytes(scores: &Scores) -> usize {
    match scores {
        Scores::None => 0,
        Scores::Probabilities(values) | Scores::Raw(values) => values.len() * F32_BYTES,
    }
}

#[cfg(test)]
mod tests;
