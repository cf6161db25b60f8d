//! The native dialect: one JSON object per row, as a hand-written FastAPI service would take it, and its answers.

mod alias;
mod card;
mod error;
mod log;
mod request;
mod response;
mod status;
mod task;

pub use alias::{AliasSet, decode_alias_target};
pub use card::{
    ClassCard, ExecutionCard, FeatureCard, ImageCard, ModelCard, ModelList, ModelSummary, QueueCard, RangeCard,
    VersionCard, VersionState, VersionStatus, WarmUpCost,
};
pub use error::{Detail, ErrorDetail, ErrorResponse, LocSegment, render};
pub use log::{LogLevel, decode_log_level};
pub use request::{
    Limits, TopK, base64_body_bytes, decode_batch, decode_picture, decode_row, decode_task_picture, decode_task_row,
};
pub use response::{
    BatchItem, BatchResponse, ImageBatchResponse, ImageItem, ImageResponse, PerClass, Picture, PredictedClass,
    PredictedValue, PredictionResponse, Served, Status, Telling, encode_batch, encode_image, encode_image_batch,
    encode_prediction, is_whole,
};
pub use status::{Health, HealthResponse, ModelHealth, ProbeResponse, RootResponse};
pub use task::{
    CallbackCard, ProgressStatus, Settled, TaskAccepted, TaskCard, TaskList, TaskStatus, TaskTimes, encode_task_event,
};
