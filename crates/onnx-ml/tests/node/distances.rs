//! Distances between rows.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, assert_close, floats, tensor};

pub(crate) fn distance(metric: &str) -> Node {
    Node::new("main:CDist", 1).with("metric", Value::Str(metric))
}

fn points() -> Tensor {
    floats(&[[0.0, 0.0], [3.0, -4.0]])
}

#[test]
fn rows_are_measured_against_rows() {
    let check = |node: Node, expected: [[f32; 2]; 3]| {
        let node = node.constant(&points());
        node.check(floats(&[[0.0, 0.0], [3.0, -4.0], [1.0, 1.0]]), floats(&expected));
        node.check(tensor::<f32>(&[0, 2], vec![]), tensor::<f32>(&[0, 2], vec![]));
    };
    check(distance("sqeuclidean"), [[0.0, 25.0], [25.0, 0.0], [2.0, 29.0]]);
    check(Node::new("main:CDist", 1), [[0.0, 25.0], [25.0, 0.0], [2.0, 29.0]]);
    check(distance("euclidean"), [[0.0, 5.0], [5.0, 0.0], [2f32.sqrt(), 29f32.sqrt()]]);
    check(distance("cityblock"), [[0.0, 7.0], [7.0, 0.0], [2.0, 7.0]]);
    check(distance("chebyshev"), [[0.0, 4.0], [4.0, 0.0], [1.0, 5.0]]);
    let cubic = distance("minkowski").with("p", Value::Int(3));
    check(cubic, [[0.0, 91f32.cbrt()], [91f32.cbrt(), 0.0], [2f32.cbrt(), 133f32.cbrt()]]);
}

#[test]
fn long_rows_are_summed_in_parts() {
    let row: Vec<f64> = (0..21).map(f64::from).collect();
    let outputs = distance("sqeuclidean").run(&[tensor(&[1, 21], row), tensor(&[1, 21], vec![0f64; 21])]).unwrap();
    assert_close(&outputs[0], &tensor(&[1, 1], vec![2870f64]));
}

#[test]
fn close_rows_keep_their_distance() {
    // Far from zero, where the squares of the rows differ by less than a float tells apart.
    let outputs = distance("euclidean").run(&[floats(&[[10_000.0, 1.0]]), floats(&[[10_000.5, 1.0]])]).unwrap();
    assert_close(&outputs[0], &floats(&[[0.5]]));
}

#[test]
fn distances_are_checked() {
    distance("cosine").check_error(&[points(), points()], "CDist: metric \"cosine\"");
    distance("minkowski").check_error(&[points(), points()], "CDist: p must be set");
    distance("euclidean").check_error(&[points(), floats(&[[1.0]])], "the rows have 2 and 1 values");
    distance("euclidean").check_error(&[points(), tensor(&[2, 2], vec![0f64; 4])], "takes two of float");
    distance("euclidean").check_error(&[points(), tensor(&[2], vec![0f32; 2])], "expected matrices");
}
