//! Shapes before a run: the batch is a symbol, all else is known.

use tract_onnx::prelude::{DatumType, TDim};

use crate::harness::{Node, Value, floats, load, strings};
use crate::trees::{STUMP, classifier};

/// The type and shape of each output, the batch written as `N`.
#[track_caller]
fn check(node: &Node, inputs: &[tract_onnx::prelude::Tensor], expected: &[(DatumType, &str)]) {
    let plan = load(&node.model(inputs)).unwrap();
    let model = plan.model();
    let facts: Vec<(DatumType, String)> = model
        .outputs
        .iter()
        .map(|output| {
            let fact = model.outlet_fact(*output).unwrap();
            let dims: Vec<String> = fact.shape.iter().map(TDim::to_string).collect();
            (fact.datum_type, dims.join(",").replace("batch", "N"))
        })
        .collect();
    let expected: Vec<(DatumType, String)> = expected.iter().map(|&(kind, shape)| (kind, shape.to_owned())).collect();
    assert_eq!(facts, expected);
}

#[test]
fn classifiers() {
    let node = classifier(3, &STUMP, &[(0, 1, 0, 1.0), (0, 2, 2, 1.0)]);
    check(&node, &[floats(&[[0.0]])], &[(DatumType::I64, "N"), (DatumType::F32, "N,3")]);
    let node = Node::new("LinearClassifier", 2)
        .with("coefficients", Value::Floats(&[1.0, 2.0]))
        .with("intercepts", Value::Floats(&[0.0]))
        .with("classlabels_strings", Value::Strs(&["a", "b"]));
    check(&node, &[floats(&[[0.0, 0.0]])], &[(DatumType::String, "N"), (DatumType::F32, "N,2")]);
}

#[test]
fn machines() {
    // A score per pair of classes, or a probability per class.
    let node = Node::new("SVMClassifier", 2)
        .with("vectors_per_class", Value::Ints(&[1, 1, 1, 1]))
        .with("support_vectors", Value::Floats(&[1.0, 2.0, 3.0, 4.0]))
        .with("coefficients", Value::Floats(&[1.0; 12]))
        .with("rho", Value::Floats(&[0.0; 6]))
        .with("classlabels_ints", Value::Ints(&[1, 2, 3, 4]));
    check(&node, &[floats(&[[0.0]])], &[(DatumType::I64, "N"), (DatumType::F32, "N,6")]);
    let node = node.with("prob_a", Value::Floats(&[-1.0; 6])).with("prob_b", Value::Floats(&[0.0; 6]));
    check(&node, &[floats(&[[0.0]])], &[(DatumType::I64, "N"), (DatumType::F32, "N,4")]);
    let node =
        Node::new("SVMRegressor", 1).with("coefficients", Value::Floats(&[1.0])).with("rho", Value::Floats(&[0.0]));
    check(&node, &[floats(&[[0.0]])], &[(DatumType::F32, "N,1")]);
}

#[test]
fn encoders() {
    let node = Node::new("OneHotEncoder", 1).with("cats_strings", Value::Strs(&["a", "b"]));
    check(&node, &[strings(&["a"])], &[(DatumType::F32, "N,2")]);
    let node =
        Node::new("LabelEncoder", 1).with("keys_strings", Value::Strs(&["a"])).with("values_int64s", Value::Ints(&[1]));
    check(&node, &[strings(&["a"])], &[(DatumType::I64, "N")]);
}

#[test]
fn flattened_rows() {
    let flatten = |axis: i64| Node::new("main:Flatten", 1).with("axis", Value::Int(axis));
    let rows = || floats(&[[1.0, 2.0], [3.0, 4.0]]);
    for axis in [1, -1] {
        check(&flatten(axis), &[rows()], &[(DatumType::F32, "N,2")]);
        flatten(axis).check(rows(), rows());
    }
    flatten(0).check(rows(), floats(&[[1.0, 2.0, 3.0, 4.0]]));
    flatten(2).check(rows(), floats(&[[1.0], [2.0], [3.0], [4.0]]));
}
