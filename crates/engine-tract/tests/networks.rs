//! Networks answer what tract makes of them with operators of its own, in batches of any size.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation ends the test")]

use std::fs;
use std::path::Path;

use ferrocast_engine::{EngineLoader as _, EngineSession, LoadOptions, ModelSource, Tensor};
use ferrocast_engine_tract::TractLoader;
use prost::Message as _;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    type_proto,
};
use tract_onnx::prelude::{DatumExt as _, Framework as _, InferenceModelExt as _, IntoRunnable as _, tvec};

/// Numbers that look like chance, between -1 and 1.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn session(bytes: &[u8]) -> Box<dyn EngineSession> {
    let source = ModelSource { name: "network", bytes };
    TractLoader::new().load(source, &LoadOptions::default()).unwrap().session().unwrap()
}

/// The only output.
fn answer(session: &mut dyn EngineSession, shape: &[usize], values: &[f32]) -> Vec<f32> {
    let outputs = session.run(&[Tensor::from_vec(shape, values.to_vec()).unwrap()]).unwrap();
    outputs[0].as_slice::<f32>().unwrap().to_vec()
}

/// What tract answers, with its own operators of a network and those of `ferrocast-onnx-ml`.
fn tracts_answer(bytes: &[u8], shape: &[usize], values: &[f32]) -> Vec<f32> {
    let mut onnx = tract_onnx::onnx();
    ferrocast_onnx_ml::register(&mut onnx);
    let model = onnx.model_for_read(&mut &*bytes).unwrap();
    let model = model.with_input_fact(0, f32::fact(shape).into()).unwrap().into_optimized().unwrap();
    let tensor = tract_onnx::prelude::Tensor::from_shape(shape, values).unwrap();
    let outputs = model.into_runnable().unwrap().run(tvec!(tensor.into())).unwrap();
    outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "{found} instead of {expected} at {at}");
    }
}

#[test]
fn a_network_of_convolutions() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/imagenet/1/model.onnx");
    let bytes = fs::read(file).unwrap();
    let pixels = 3 * 224 * 224;
    let pictures = numbers(3 * pixels);
    let mut session = session(&bytes);
    let together = answer(session.as_mut(), &[3, 3, 224, 224], &pictures);
    assert_close(&together, &tracts_answer(&bytes, &[3, 3, 224, 224], &pictures), 1e-5);
    for (picture, expected) in pictures.chunks(pixels).zip(together.chunks(1000)) {
        assert_eq!(answer(session.as_mut(), &[1, 3, 224, 224], picture), expected);
    }
}

#[test]
fn a_network_of_dense_layers() {
    for activations in [["Relu", "Tanh"], ["Sigmoid", "Relu"]] {
        let bytes = dense(&[20, 70, 33, 3], activations);
        let rows = numbers(65 * 20);
        let mut session = session(&bytes);
        let together = answer(session.as_mut(), &[65, 20], &rows);
        assert_close(&together, &tracts_answer(&bytes, &[65, 20], &rows), 1e-5);
        for (row, expected) in rows.chunks(20).zip(together.chunks(3)) {
            assert_eq!(answer(session.as_mut(), &[1, 20], row), expected);
        }
    }
}

#[test]
fn rows_that_are_no_numbers_are_answered_by_none() {
    let bytes = dense(&[20, 70, 33, 3], ["Relu", "Relu"]);
    let mut rows = numbers(15 * 20);
    rows[4 * 20 + 7] = f32::NAN;
    let answers = answer(session(&bytes).as_mut(), &[15, 20], &rows);
    for (row, answer) in answers.chunks(3).enumerate() {
        assert_eq!(answer.iter().all(|number| number.is_nan()), row == 4);
        assert_eq!(answer.iter().all(|number| number.is_finite()), row != 4);
    }
}

/// Layers of so many neurons, the second with weights as `Gemm` transposes them, and probabilities at the end.
fn dense(sizes: &[usize; 4], activations: [&str; 2]) -> Vec<u8> {
    let mut graph = GraphProto { name: "dense".to_owned(), ..GraphProto::default() };
    let tensor = |name: String, dims: &[usize]| TensorProto {
        name,
        dims: dims.iter().map(|&length| length as i64).collect(),
        data_type: 1,
        float_data: numbers(dims.iter().product()),
        ..TensorProto::default()
    };
    let mut node = |op_type: &str, input: Vec<String>, output: String| {
        let name = output.clone();
        let mut node =
            NodeProto { op_type: op_type.to_owned(), name, input, output: vec![output], ..NodeProto::default() };
        if op_type == "GemmT" {
            node.op_type = "Gemm".to_owned();
            node.attribute.push(tract_onnx::pb::AttributeProto {
                name: "transB".to_owned(),
                i: 1,
                r#type: 2,
                ..Default::default()
            });
        }
        graph.node.push(node);
    };
    let mut last = "rows".to_owned();
    let mut constants = Vec::new();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let [inputs, outputs] = *pair else { continue };
        let (product, shape) = if layer == 1 { ("GemmT", [outputs, inputs]) } else { ("Gemm", [inputs, outputs]) };
        constants.push(tensor(format!("weights{layer}"), &shape));
        constants.push(tensor(format!("bias{layer}"), &[outputs]));
        node(product, vec![last, format!("weights{layer}"), format!("bias{layer}")], format!("sums{layer}"));
        last = format!("values{layer}");
        let activation = activations.get(layer).copied().unwrap_or("Softmax");
        node(activation, vec![format!("sums{layer}")], last.clone());
    }
    graph.initializer = constants;
    let table = |name: &str, width: usize| {
        let free = Dimension { value: Some(dimension::Value::DimParam("N".to_owned())), ..Dimension::default() };
        let width = Dimension { value: Some(dimension::Value::DimValue(width as i64)), ..Dimension::default() };
        let shape = Some(TensorShapeProto { dim: vec![free, width] });
        let value = Some(type_proto::Value::TensorType(type_proto::Tensor { elem_type: 1, shape }));
        let r#type = Some(TypeProto { value, ..TypeProto::default() });
        ValueInfoProto { name: name.to_owned(), r#type, ..ValueInfoProto::default() }
    };
    graph.input = vec![table("rows", sizes[0])];
    graph.output = vec![table(&last, sizes[3])];
    let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 17 }];
    ModelProto { ir_version: 8, opset_import, graph: Some(graph), ..ModelProto::default() }.encode_to_vec()
}
