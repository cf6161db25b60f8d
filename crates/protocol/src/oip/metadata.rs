//! What the server is, and what a model takes and gives.

use std::collections::BTreeMap;

use ferrocast_engine::{Dim, Signature, TensorSpec};
use serde::Serialize;

/// `GET /v2`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerMetadata {
    /// The program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The extensions of the protocol that it has.
    pub extensions: &'static [&'static str],
}

impl ServerMetadata {
    /// This server, of the given version.
    pub const fn of_version(version: &'static str) -> ServerMetadata {
        ServerMetadata {
            name: "ferrocast",
            version,
            extensions: &[
                "binary_tensor_data",
                "classification",
                "model_configuration",
                "model_repository",
                "parameters",
                "statistics",
            ],
        }
    }
}

/// `GET /v2/models/{model}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelMetadata {
    /// The model.
    pub name: String,
    /// Its versions that are ready.
    pub versions: Vec<String>,
    /// The kind of file, and its format.
    pub platform: &'static str,
    /// What it takes.
    pub inputs: Vec<TensorMetadata>,
    /// What it gives.
    pub outputs: Vec<TensorMetadata>,
    /// Facts about it, such as its task.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<&'static str, String>,
}

/// A tensor of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorMetadata {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub datatype: String,
    /// Its axes; -1 where a size is free.
    pub shape: Vec<i64>,
}

/// All models are ONNX files.
pub(crate) const PLATFORM: &str = "onnx_onnxv1";

/// The metadata of a model of this signature.
pub fn model_metadata(
    name: &str,
    versions: Vec<String>,
    signature: &Signature,
    properties: BTreeMap<&'static str, String>,
) -> ModelMetadata {
    let tensors = |specs: &[TensorSpec]| specs.iter().map(TensorMetadata::of).collect();
    ModelMetadata {
        name: name.to_owned(),
        versions,
        platform: PLATFORM,
        inputs: tensors(signature.inputs()),
        outputs: tensors(signature.outputs()),
        properties,
    }
}

impl TensorMetadata {
    fn of(spec: &TensorSpec) -> TensorMetadata {
        TensorMetadata {
            name: spec.name.to_string(),
            datatype: spec.dtype.to_string(),
            shape: wire_shape(spec).collect(),
        }
    }
}

/// The axes as the protocol writes them.
pub(crate) fn wire_shape(spec: &TensorSpec) -> impl Iterator<Item = i64> {
    spec.shape.iter().map(|dim| match dim {
        Dim::Fixed(size) => i64::try_from(*size).unwrap_or(i64::MAX),
        Dim::Batch | Dim::Dynamic(_) => -1,
    })
}
