//! `ConstantOfShape` without a value is zeros of single precision; tract makes them double.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use crate::eager::BuildResult;
use crate::tracts;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    if node.attribute.iter().any(|attribute| attribute.name == "value") {
        return tracts::build(ctx, node);
    }
    let zero = TensorProto {
        dims: vec![1],
        data_type: DataType::Float as i32,
        float_data: vec![0.],
        ..TensorProto::default()
    };
    let value = AttributeProto {
        name: "value".to_owned(),
        r#type: AttributeType::Tensor as i32,
        t: Some(zero),
        ..AttributeProto::default()
    };
    let mut node = node.clone();
    node.attribute.push(value);
    tracts::build(ctx, &node)
}
