//! The Open Inference Protocol, version 2, over HTTP: what Triton, KServe and their clients speak.
//!
//! Tensors by name, in JSON or, with the binary tensor extension, as bytes behind the JSON; both may be mixed. Numbers go
//! from the wire into the buffer of a [`Tensor`](ferrocast_engine::Tensor), and from there to the wire, with one copy.
//!
//! <https://github.com/kserve/open-inference-protocol> and, for the extensions, Triton's `docs/protocol`.

mod classification;
mod datatype;
mod error;
mod metadata;
mod repository;
mod request;
mod response;
mod statistics;
mod stored;

mod config;

pub use config::{ModelConfig, ServedBy, model_config};
pub use error::{render, status};
pub use metadata::{ModelMetadata, ServerMetadata, TensorMetadata, model_metadata};
pub use repository::{IndexEntry, IndexRequest, IndexState, LoadRequest};
pub use request::{InferRequest, RequestedOutput, decode_infer};
pub use response::{InferResponse, Inferred, TensorBytes, encode_infer};
pub use statistics::{
    BatchStatistics, DurationStatistic, Empty, InferStatistics, MemoryUsage, ModelStatistics, StatisticsResponse,
};
pub use stored::{restored, stored};
