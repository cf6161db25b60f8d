//! Runs one model, or one node, through tract with this crate's operators.

use std::sync::Arc;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto,
    ValueInfoProto, type_proto,
};
use tract_onnx::prelude::{
    DatumType, Framework, InferenceFact, InferenceModelExt, IntoRunnable, IntoTensor, TDim, TValue, TVec, Tensor,
    TractResult, TypedRunnableModel, tract_ndarray,
};
use tract_onnx::tract_hir::infer::Factoid;

/// Builds a model to the point where it runs, its first axis and all other unnamed ones symbolic.
pub(crate) fn load(proto: &ModelProto) -> TractResult<Arc<TypedRunnableModel>> {
    let mut onnx = tract_onnx::onnx();
    ferrocast_onnx_ml::register(&mut onnx);
    let mut model = onnx.model_for_proto_model(proto)?;
    let batch: TDim = model.symbols.sym("batch").into();
    for (position, input) in model.inputs.clone().into_iter().enumerate() {
        let fact = model.outlet_fact(input)?.clone();
        let datum_type = fact.datum_type.concretize().expect("inputs are typed");
        let dims = fact.shape.dims().map(|dim| dim.concretize().unwrap_or_else(|| batch.clone()));
        let shape: TVec<TDim> = dims.collect();
        model.set_input_fact(position, InferenceFact::dt_shape(datum_type, shape))?;
    }
    let typed = model.into_optimized()?;
    for output in &typed.outputs {
        assert_ne!(typed.outlet_fact(*output)?.datum_type, DatumType::TDim, "an int64 output became symbolic");
    }
    typed.into_runnable()
}

/// One node with its attributes.
#[derive(Clone, Default)]
pub(crate) struct Node {
    pub(crate) proto: NodeProto,
    /// Inputs behind those that a test runs it on.
    pub(crate) constants: Vec<TensorProto>,
}

/// An attribute's value.
pub(crate) enum Value<'a> {
    Int(i64),
    Float(f32),
    Str(&'a str),
    Ints(&'a [i64]),
    Floats(&'a [f32]),
    Strs(&'a [&'a str]),
    /// A tensor of floats.
    Singles(&'a [f32]),
    /// A tensor of doubles.
    Doubles(&'a [f64]),
    /// A tensor of unsigned bytes.
    Bytes(&'a [u8]),
    StringTensor(&'a [&'a str]),
    IntTensor(DataType, &'a [i32]),
}

impl Node {
    /// A node of `op` with `outputs` outputs.
    pub(crate) fn new(op: &str, outputs: usize) -> Node {
        let output = (0..outputs).map(|position| format!("output_{position}")).collect();
        let domain = if op.starts_with("main:") { "" } else { "ai.onnx.ml" };
        let op_type = op.trim_start_matches("main:").to_owned();
        Node {
            proto: NodeProto {
                name: "tested".to_owned(),
                op_type,
                domain: domain.to_owned(),
                output,
                ..NodeProto::default()
            },
            ..Node::default()
        }
    }

    /// Leaves out an output: nothing reads it.
    pub(crate) fn without_output(mut self, position: usize) -> Node {
        self.proto.output[position].clear();
        self
    }

    /// Adds an input that the file brings, behind those that the node is run on.
    pub(crate) fn constant(mut self, tensor: &Tensor) -> Node {
        self.constants.push(TensorProto { name: format!("constant_{}", self.constants.len()), ..proto_of(tensor) });
        self
    }

    pub(crate) fn with(mut self, name: &str, value: Value<'_>) -> Node {
        let mut attribute = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        let bytes = |strings: &[&str]| strings.iter().map(|string| string.as_bytes().to_vec()).collect::<Vec<_>>();
        let kind = match value {
            Value::Int(value) => {
                attribute.i = value;
                AttributeType::Int
            }
            Value::Float(value) => {
                attribute.f = value;
                AttributeType::Float
            }
            Value::Str(value) => {
                attribute.s = value.as_bytes().to_vec();
                AttributeType::String
            }
            Value::Ints(values) => {
                attribute.ints = values.to_vec();
                AttributeType::Ints
            }
            Value::Floats(values) => {
                attribute.floats = values.to_vec();
                AttributeType::Floats
            }
            Value::Strs(values) => {
                attribute.strings = bytes(values);
                AttributeType::Strings
            }
            Value::Singles(values) => {
                attribute.t = Some(TensorProto {
                    dims: vec![values.len() as i64],
                    data_type: DataType::Float as i32,
                    float_data: values.to_vec(),
                    ..TensorProto::default()
                });
                AttributeType::Tensor
            }
            Value::Bytes(values) => {
                attribute.t = Some(TensorProto {
                    dims: vec![values.len() as i64],
                    data_type: DataType::Uint8 as i32,
                    raw_data: values.to_vec(),
                    ..TensorProto::default()
                });
                AttributeType::Tensor
            }
            Value::Doubles(values) => {
                attribute.t = Some(TensorProto {
                    dims: vec![values.len() as i64],
                    data_type: DataType::Double as i32,
                    double_data: values.to_vec(),
                    ..TensorProto::default()
                });
                AttributeType::Tensor
            }
            Value::IntTensor(data_type, values) => {
                attribute.t = Some(TensorProto {
                    dims: vec![values.len() as i64],
                    data_type: data_type as i32,
                    int32_data: values.to_vec(),
                    ..TensorProto::default()
                });
                AttributeType::Tensor
            }
            Value::StringTensor(values) => {
                attribute.t = Some(TensorProto {
                    dims: vec![values.len() as i64],
                    data_type: DataType::String as i32,
                    string_data: bytes(values),
                    ..TensorProto::default()
                });
                AttributeType::Tensor
            }
        };
        attribute.r#type = kind as i32;
        self.proto.attribute.retain(|other| other.name != name);
        self.proto.attribute.push(attribute);
        self
    }

    /// A model of this node alone. Inputs have the types of `inputs`, and their shapes, but for first axes as long as
    /// that of the first input: the batch is unknown.
    pub(crate) fn model(&self, inputs: &[Tensor]) -> ModelProto {
        let mut node = self.proto.clone();
        let batch = inputs.first().and_then(|input| input.shape().first());
        node.input = (0..inputs.len()).map(|position| format!("input_{position}")).collect();
        let declared = node.input.iter().zip(inputs).map(|(name, tensor)| {
            let dims = tensor.shape().iter().enumerate().map(|(axis, &length)| Dimension {
                denotation: String::new(),
                value: (axis > 0 || Some(&length) != batch).then_some(dimension::Value::DimValue(length as i64)),
            });
            let tensor_type = type_proto::Tensor {
                elem_type: data_type(tensor.datum_type()) as i32,
                shape: Some(TensorShapeProto { dim: dims.collect() }),
            };
            let value = Some(type_proto::Value::TensorType(tensor_type));
            ValueInfoProto {
                name: name.clone(),
                r#type: Some(TypeProto { value, ..TypeProto::default() }),
                ..ValueInfoProto::default()
            }
        });
        let declared = declared.collect();
        node.input.extend(self.constants.iter().map(|tensor| tensor.name.clone()));
        let initializer = self.constants.clone();
        let named = node.output.iter().filter(|name| !name.is_empty());
        let output = named.map(|name| ValueInfoProto { name: name.clone(), ..ValueInfoProto::default() }).collect();
        let graph =
            GraphProto { input: declared, initializer, output, node: vec![node.clone()], ..GraphProto::default() };
        let opset = |domain: &str, version| OperatorSetIdProto { domain: domain.to_owned(), version };
        ModelProto {
            ir_version: 8,
            opset_import: vec![opset("", 18), opset("ai.onnx.ml", 4)],
            graph: Some(graph),
            ..ModelProto::default()
        }
    }

    /// Builds the node for such inputs and runs it.
    pub(crate) fn run(&self, inputs: &[Tensor]) -> TractResult<TVec<TValue>> {
        let inputs_owned: TVec<TValue> = inputs.iter().map(|tensor| tensor.clone().into()).collect();
        load(&self.model(inputs))?.run(inputs_owned)
    }

    /// Runs the node on one input and compares its one output.
    #[track_caller]
    pub(crate) fn check(&self, input: Tensor, expected: Tensor) {
        let outputs = self.run(&[input]).expect("the node runs");
        assert_eq!(outputs.len(), 1);
        assert_close(&outputs[0], &expected);
    }

    /// Runs the node on one input and compares its two outputs: labels and scores.
    #[track_caller]
    pub(crate) fn check_classes(&self, input: Tensor, labels: Tensor, scores: Tensor) {
        let outputs = self.run(&[input]).expect("the node runs");
        assert_eq!(outputs.len(), 2);
        assert_close(&outputs[0], &labels);
        assert_close(&outputs[1], &scores);
    }

    /// Expects an error, while building or running, whose text contains all of `words`.
    #[track_caller]
    pub(crate) fn check_error(&self, inputs: &[Tensor], words: &str) {
        let error = self.run(inputs).expect_err("the node is refused");
        let text = format!("{error:#}");
        assert!(text.contains(words), "expected {words:?} in: {text}");
    }
}

/// The tensor as a file brings it, without a name.
pub(crate) fn proto_of(tensor: &Tensor) -> TensorProto {
    TensorProto {
        dims: tensor.shape().iter().map(|&length| length as i64).collect(),
        data_type: data_type(tensor.datum_type()) as i32,
        raw_data: tensor.as_bytes().to_vec(),
        ..TensorProto::default()
    }
}

/// A tensor of `shape`.
pub(crate) fn tensor<T: tract_onnx::prelude::Datum>(shape: &[usize], values: Vec<T>) -> Tensor {
    tract_ndarray::ArrayD::from_shape_vec(shape, values).expect("the shape fits").into_tensor()
}

/// Rows of floats.
pub(crate) fn floats<const N: usize>(rows: &[[f32; N]]) -> Tensor {
    tensor(&[rows.len(), N], rows.concat())
}

/// A vector of integers.
pub(crate) fn ints(values: &[i64]) -> Tensor {
    tensor(&[values.len()], values.to_vec())
}

/// A vector of strings.
pub(crate) fn strings(values: &[&str]) -> Tensor {
    tensor(&[values.len()], values.iter().map(|&value| value.to_owned()).collect())
}

/// Fails unless both tensors have the same type and shape, and values equal but for the last digits.
#[track_caller]
pub(crate) fn assert_close(actual: &Tensor, expected: &Tensor) {
    assert_eq!(actual.datum_type(), expected.datum_type());
    assert_eq!(actual.shape(), expected.shape(), "{actual:?}");
    if !actual.datum_type().is_float() {
        assert_eq!(actual, expected);
        return;
    }
    let (actual, expected) = (doubles(actual), doubles(expected));
    for (position, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
        let close = (actual - expected).abs() <= 1e-5 + 1e-5 * expected.abs();
        let same = actual == expected || (actual.is_nan() && expected.is_nan());
        assert!(close || same, "element {position}: {actual}, expected {expected}");
    }
}

fn doubles(tensor: &Tensor) -> Vec<f64> {
    let cast = tensor.cast_to::<f64>().expect("floats cast");
    cast.try_as_plain_ram().and_then(|view| view.as_slice::<f64>().map(<[f64]>::to_vec)).expect("floats")
}

fn data_type(datum_type: DatumType) -> DataType {
    match datum_type {
        DatumType::F16 => DataType::Float16,
        DatumType::F32 => DataType::Float,
        DatumType::F64 => DataType::Double,
        DatumType::I16 => DataType::Int16,
        DatumType::I32 => DataType::Int32,
        DatumType::I64 => DataType::Int64,
        DatumType::Bool => DataType::Bool,
        DatumType::U8 => DataType::Uint8,
        DatumType::String => DataType::String,
        other => panic!("no test uses {other:?}"),
    }
}
