//! The configuration of a model in the words of Triton's `model_config.proto`: what clients such as perf_analyzer read.

use ferrocast_engine::{Dtype, Signature, TensorSpec};
use ferrocast_schema::VersionPolicy;
use serde::Serialize;

use super::metadata::{PLATFORM, wire_shape};

/// `GET /v2/models/{model}/config`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelConfig {
    name: String,
    platform: &'static str,
    backend: &'static str,
    version_policy: WrittenPolicy,
    max_batch_size: usize,
    input: Vec<ConfigTensor>,
    output: Vec<ConfigTensor>,
    instance_group: [InstanceGroup; 1],
    default_model_filename: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic_batching: Option<DynamicBatching>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum WrittenPolicy {
    All {},
    Latest { num_versions: usize },
    Specific { versions: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ConfigTensor {
    name: String,
    data_type: String,
    dims: Vec<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct InstanceGroup {
    name: String,
    kind: &'static str,
    count: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DynamicBatching {
    preferred_batch_size: Vec<usize>,
    max_queue_delay_microseconds: u64,
}

/// How a model is served, as far as its configuration tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedBy<'a> {
    /// Most rows at a time.
    pub max_rows: usize,
    /// Threads that run it.
    pub threads: usize,
    /// If rows of different requests run together, for how many microseconds a row waits for company.
    pub delay_us: Option<u64>,
    /// Which versions are loaded.
    pub versions: &'a VersionPolicy,
}

/// The configuration of a model of this signature.
pub fn model_config(name: &str, signature: &Signature, served: &ServedBy<'_>) -> ModelConfig {
    // Triton's way to say that the first axis is not one of rows.
    let max_batch_size = if signature.is_batchable() { served.max_rows } else { 0 };
    let tensors = |specs: &[TensorSpec]| specs.iter().map(|spec| tensor(spec, max_batch_size > 0)).collect();
    ModelConfig {
        name: name.to_owned(),
        platform: PLATFORM,
        backend: "onnxruntime",
        version_policy: written(served.versions),
        max_batch_size,
        input: tensors(signature.inputs()),
        output: tensors(signature.outputs()),
        instance_group: [InstanceGroup { name: name.to_owned(), kind: "KIND_CPU", count: served.threads }],
        default_model_filename: "model.onnx",
        dynamic_batching: served
            .delay_us
            .map(|delay| DynamicBatching { preferred_batch_size: Vec::new(), max_queue_delay_microseconds: delay }),
    }
}

fn written(policy: &VersionPolicy) -> WrittenPolicy {
    match policy {
        VersionPolicy::All => WrittenPolicy::All {},
        VersionPolicy::Latest(number) => WrittenPolicy::Latest { num_versions: *number },
        VersionPolicy::Only(names) => WrittenPolicy::Specific { versions: names.clone() },
    }
}

/// Without the axis of rows, if there is one.
fn tensor(spec: &TensorSpec, has_rows: bool) -> ConfigTensor {
    ConfigTensor {
        name: spec.name.to_string(),
        data_type: data_type(spec.dtype),
        dims: wire_shape(spec).skip(usize::from(has_rows)).collect(),
    }
}

fn data_type(dtype: Dtype) -> String {
    match dtype {
        Dtype::Str => "TYPE_STRING".to_owned(),
        dtype => format!("TYPE_{dtype}"),
    }
}
