//! What a file says of itself, for people who ask why it does not load.

use std::collections::BTreeMap;

use ferrocast_engine::{Dim, Inspection, LoadError, TensorSpec};
use tract_onnx::Onnx;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as DimValue;
use tract_onnx::pb::type_proto::Tensor as TensorType;
use tract_onnx::pb::{ModelProto, ValueInfoProto};
use tract_onnx::prelude::DatumType;

use crate::parse::{for_each_node, qualified, tensor_type, unsupported};
use crate::{convert, hints};

/// Reads the declared inputs and outputs, counts the operators and names those that cannot run.
pub(crate) fn inspect(onnx: &Onnx, model: &ModelProto) -> Result<Inspection, LoadError> {
    let mut operators = BTreeMap::new();
    for_each_node(model, &mut |node| *operators.entry(qualified(node)).or_insert(0) += 1);
    let mut inspection = Inspection {
        inputs: Vec::new(),
        outputs: Vec::new(),
        operators,
        unsupported: unsupported(onnx, model),
        hints: hints::read(model),
    };
    if let Some(graph) = &model.graph {
        let is_weight = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
        let free = graph.input.iter().filter(|input| !is_weight(&input.name));
        inspection.inputs = free.map(declared).collect::<Result<_, _>>()?;
        inspection.outputs = graph.output.iter().map(|output| output.name.as_str().into()).collect();
    }
    Ok(inspection)
}

fn declared(input: &ValueInfoProto) -> Result<TensorSpec, LoadError> {
    let wrong = |reason: String| LoadError::Shape { tensor: input.name.as_str().into(), reason };
    let TensorType { elem_type, shape } = tensor_type(input)?;
    let dtype = tract_onnx::pb::tensor_proto::DataType::try_from(*elem_type)
        .ok()
        .and_then(|data_type| DatumType::try_from(data_type).ok())
        .and_then(convert::dtype)
        .ok_or_else(|| wrong(format!("elements of ONNX type {elem_type} are not served")))?;
    let dims = shape.as_ref().map(|shape| shape.dim.as_slice()).unwrap_or_default();
    let shape = dims.iter().enumerate().map(|(axis, dim)| match &dim.value {
        Some(DimValue::DimValue(size)) if *size >= 0 => Dim::Fixed(usize::try_from(*size).unwrap_or(usize::MAX)),
        _ if axis == 0 => Dim::Batch,
        Some(DimValue::DimParam(name)) if !name.is_empty() => Dim::Dynamic(name.as_str().into()),
        _ => Dim::Dynamic("?".into()),
    });
    Ok(TensorSpec::new(input.name.as_str(), dtype, shape.collect()))
}
