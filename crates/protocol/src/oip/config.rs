//! The configuration of a model in the words of Triton's `model_config.proto`: what clients such as perf_analyzer read.

use ferrocast_engine::{Dtype, Signature, TensorSpec};
use serde::Serialize;

use super::metadata::{PLATFORM, wire_shape};

/// `GET /v2/models/{model}/config`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelConfig {
    name: String,
    platform: &'static str,
    backend: &'static str,
    version_policy: VersionPolicy,
    max_batch_size: usize,
    input: Vec<ConfigTensor>,
    output: Vec<ConfigTensor>,
    instance_group: [InstanceGroup; 1],
    default_model_filename: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic_batching: Option<DynamicBatching>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct VersionPolicy {
    all: Empty,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Empty {}

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

/// The configuration of a model of this signature, which `threads` threads run. `batch` is, if rows of different requests run
/// together, how many at most, and for how many microseconds a row waits for company.
pub fn model_config(
    name: &str,
    signature: &Signature,
    max_batch_size: usize,
    threads: usize,
    batch: Option<u64>,
) -> ModelConfig {
    // Triton's way to say that the first axis is not one of rows.
    let max_batch_size = if signature.is_batchable() { max_batch_size } else { 0 };
    let tensors = |specs: &[TensorSpec]| specs.iter().map(|spec| tensor(spec, max_batch_size > 0)).collect();
    ModelConfig {
        name: name.to_owned(),
        platform: PLATFORM,
        backend: "onnxruntime",
        version_policy: VersionPolicy { all: Empty {} },
        max_batch_size,
        input: tensors(signature.inputs()),
        output: tensors(signature.outputs()),
        instance_group: [InstanceGroup { name: name.to_owned(), kind: "KIND_CPU", count: threads }],
        default_model_filename: "model.onnx",
        dynamic_batching: batch
            .map(|delay| DynamicBatching { preferred_batch_size: Vec::new(), max_queue_delay_microseconds: delay }),
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
