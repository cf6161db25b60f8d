//! Why a request is not answered.

use std::time::Duration;

use ferrocast_engine::{Dtype, EngineError};
use ferrocast_pipeline::{EncodeError, ImageError, PredictError};
use ferrocast_registry::ResolveError;

use crate::Deployment;

/// Why a request is not answered. Flat, and without the words of any protocol: the one input of the error table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// There is no such model or version, or it does not serve now.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A valid value becomes, once scaled, more than the model's tensor holds.
    #[error("row {row}: the value of `{feature}` is out of the range of the model's {dtype}")]
    OutOfRange {
        /// The feature.
        feature: Box<str>,
        /// The row, from 0.
        row: usize,
        /// The element type of the model's input.
        dtype: Dtype,
    },
    /// The model does not take a value, though nothing was declared against it.
    #[error("{why}")]
    RefusedValue {
        /// Operator and value.
        why: String,
    },
    /// The bytes are no picture that the model can be given.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Rows for a model of pictures.
    #[error("model {model} takes pictures, no rows of features")]
    TakesPictures {
        /// The model's name.
        model: String,
    },
    /// A picture for a model of rows.
    #[error("model {model} takes rows of features, no pictures")]
    TakesRows {
        /// The model's name.
        model: String,
    },
    /// As many rows wait for the model as may.
    #[error("model {model} is busy: {waiting} of at most {limit} rows wait for it")]
    QueueFull {
        /// The model's name.
        model: String,
        /// The rows that wait.
        waiting: usize,
        /// How many may.
        limit: usize,
        /// When they should have run.
        retry_after: Duration,
    },
    /// As many predictions of all models are under way as may be.
    #[error("the service is busy: {limit} predictions are under way")]
    InFlightFull {
        /// How many may be.
        limit: usize,
        /// When to try again.
        retry_after: Duration,
    },
    /// As much work for requests waits as may, beside predictions.
    #[error("the service is busy: too much waits to be unpacked")]
    JobsFull {
        /// When to try again.
        retry_after: Duration,
    },
    /// Work for the request failed, by a fault of ours.
    #[error("work for the request panicked")]
    Job,
    /// The time of the request was up before its answer was there.
    #[error("the request took longer than it may")]
    DeadlineExceeded,
    /// The server is stopping.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The model or its engine failed.
    #[error("model {model} version {version} failed: {cause}")]
    Inference {
        /// The model's name.
        model: String,
        /// The version's canonical name.
        version: String,
        /// What went wrong: for the log, not for clients.
        #[source]
        cause: PredictError,
    },
}

impl ServeError {
    /// The error for a prediction that failed.
    pub(crate) fn from_prediction(cause: PredictError, deployment: &Deployment) -> ServeError {
        match cause {
            PredictError::Encode(EncodeError::OutOfRange { feature, row, dtype }) => {
                ServeError::OutOfRange { feature, row, dtype }
            }
            PredictError::Engine(EngineError::Value(why)) => ServeError::RefusedValue { why },
            PredictError::Image(cause) => ServeError::Image(cause),
            PredictError::TakesPictures => ServeError::TakesPictures { model: deployment.model().to_owned() },
            PredictError::TakesRows => ServeError::TakesRows { model: deployment.model().to_owned() },
            cause => ServeError::Inference {
                model: deployment.model().to_owned(),
                version: deployment.version().to_owned(),
                cause,
            },
        }
    }

    /// The error for a model whose queue is full.
    pub(crate) fn queue_full(deployment: &Deployment) -> ServeError {
        let load = deployment.load();
        ServeError::QueueFull {
            model: deployment.model().to_owned(),
            waiting: load.rows,
            limit: deployment.placement().queue_rows,
            retry_after: deployment.backlog(&load),
        }
    }

    /// Whether the engine panicked, as opposed to: it reported an error.
    pub fn is_panic(&self) -> bool {
        matches!(self, ServeError::Inference { cause: PredictError::Engine(EngineError::Panicked(_)), .. })
    }
}
