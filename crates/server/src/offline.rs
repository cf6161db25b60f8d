//! What commands do with one model and no server, in the words that the server would use.

use std::path::Path;

use ferrocast_engine::{EngineLoader, Inspection, ModelSource};
use ferrocast_pipeline::{ImageLimits, OpenError, Pipeline, PredictError};
use ferrocast_protocol::native::{self, Served, TopK};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_schema::{Prediction, Rows};
use ferrocast_serving::ServeError;

use crate::engines;
use crate::error::Failure;
use crate::question::telling;

/// The answer that the server would give to the body: that of `/predict_image` for a model of pictures; that of
/// `/predict_batch` if the body is a JSON object with `instances`, else that of `/predict`. Model and version in it are the given names.
///
/// # Errors
/// The body of the server's error answer.
pub fn predict_once(pipeline: &Pipeline, model: &str, version: &str, body: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let limits = native::Limits { max_batch: usize::MAX, ..native::Limits::default() };
    let served = Served { model, version };
    let schema = pipeline.schema();
    let answer = if pipeline.takes_pictures() {
        predicted_picture(pipeline, served, body)
    } else if is_batch(body) {
        native::decode_batch(body, schema, &limits)
            .and_then(|rows| predicted(pipeline, &rows))
            .and_then(|predictions| native::encode_batch(&predictions, served))
    } else {
        native::decode_row(body, schema, &limits).and_then(|rows| predicted(pipeline, &rows)).and_then(|predictions| {
            let prediction = predictions.first().ok_or_else(ApiError::internal)?;
            native::encode_prediction(prediction, served)
        })
    };
    answer.map_err(|error| native::render(&error, "offline"))
}

/// What the model file says of itself, also if it cannot be loaded.
///
/// # Errors
/// If the file cannot be read, or is no model at all.
pub fn inspect(model: &Path) -> Result<Inspection, OpenError> {
    let name = model.display().to_string();
    let bytes = std::fs::read(model).map_err(|cause| OpenError::Read { file: name.clone(), cause })?;
    Ok(engines::inspector().inspect(ModelSource { name: &name, bytes: &bytes })?)
}

fn is_batch(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Envelope {
        #[serde(rename = "instances")]
        _instances: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Envelope>(body).is_ok()
}

fn predicted_picture(pipeline: &Pipeline, served: Served<'_>, file: &[u8]) -> Result<Vec<u8>, ApiError> {
    let predictions = pipeline.predict_image(file, &ImageLimits::default()).map_err(|error| match error {
        PredictError::Image(cause) => Failure::from(ServeError::Image(cause)).api_error().clone(),
        error => failed(&error),
    })?;
    let prediction = predictions.first().ok_or_else(ApiError::internal)?;
    native::encode_image(prediction, &telling(pipeline, Some(TopK::default())), served)
}

fn predicted(pipeline: &Pipeline, rows: &Rows) -> Result<Vec<Prediction>, ApiError> {
    pipeline.predict(rows).map_err(|error| failed(&error))
}

/// On a terminal there is nobody to hide the cause from.
fn failed(error: &PredictError) -> ApiError {
    ApiError::new(ErrorCode::Inference, error.to_string())
}
