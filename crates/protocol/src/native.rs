//! The native dialect: one JSON object per row, as a hand-written FastAPI service would take it, and its answers.

mod card;
mod error;
mod request;
mod response;
mod status;

pub use card::{
    ClassCard, ExecutionCard, FeatureCard, ModelCard, ModelList, ModelSummary, QueueCard, RangeCard, VersionCard,
    VersionState, VersionStatus, WarmUpCost,
};
pub use error::{Detail, ErrorDetail, ErrorResponse, LocSegment, render};
pub use request::{Limits, decode_batch, decode_row};
pub use response::{
    BatchItem, BatchResponse, PerClass, PredictedClass, PredictedValue, PredictionResponse, Served, Status,
    encode_batch, encode_prediction,
};
pub use status::{Health, HealthResponse, ModelHealth, RootResponse};
