//! `config.pbtxt`: how a model is described to Triton.

use super::error::{ManifestError, Problem};
use super::read;
use super::versions::VersionPolicy;

/// What a `config.pbtxt` says, as far as it decides anything here. The fields are those of Triton's
/// [`ModelConfig`](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TritonConfig {
    /// `name`: that of the model's folder.
    pub name: Option<String>,
    /// `default_model_filename`.
    pub file: Option<String>,
    /// `max_batch_size`: most rows in one run; if it is 0, no tensor has an axis of rows that `dims` leave out.
    pub max_batch_size: usize,
    /// `input`.
    pub inputs: Vec<TritonTensor>,
    /// `output`.
    pub outputs: Vec<TritonTensor>,
    /// `dynamic_batching.max_queue_delay_microseconds`.
    pub max_delay_us: u64,
    /// `version_policy`; the latest version alone unless it is given.
    pub versions: VersionPolicy,
    /// What else is written down, and where.
    pub unused: Vec<Problem>,
}

/// An `input` or an `output`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TritonTensor {
    /// `name`.
    pub name: String,
    /// `data_type` without its `TYPE_`, such as `FP32`.
    pub data_type: Option<String>,
    /// `dims`: lengths of the axes as clients see them, -1 for a free one, without that of the rows if `max_batch_size` is
    /// above 0.
    pub dims: Vec<i64>,
    /// `reshape.shape`: the lengths that the model sees instead.
    pub reshape: Option<Vec<i64>>,
    /// `label_filename`.
    pub labels_file: Option<String>,
}

impl TritonConfig {
    /// Reads `config.pbtxt`. All mistakes are reported at once, each at its line, as for a manifest.
    pub fn from_pbtxt(text: &str) -> Result<TritonConfig, ManifestError> {
        read::triton_config(text)
    }
}
