//! Logarithms of sums of exponentials that a float does not hold.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, floats, ints, tensor};

const LN_2: f32 = std::f32::consts::LN_2;

fn rows() -> Tensor {
    floats(&[[-700.0, -700.0], [300.0, 300.0], [f32::NEG_INFINITY, f32::NEG_INFINITY], [f32::INFINITY, 0.0]])
}

#[test]
fn sums_do_not_overflow() {
    let sum = || Node::new("main:ReduceLogSumExp", 1).constant(&ints(&[-1]));
    let expected = [-700.0 + LN_2, 300.0 + LN_2, f32::NEG_INFINITY, f32::INFINITY];
    sum().check(rows(), tensor(&[4, 1], expected.to_vec()));
    let flat = sum().with("keepdims", Value::Int(0));
    flat.check(rows(), tensor(&[4], expected.to_vec()));
    flat.check(tensor(&[1, 2], vec![-800f64, -800.0]), tensor(&[1], vec![-800.0 + f64::from(LN_2)]));
    let all = Node::new("main:ReduceLogSumExp", 1).with("keepdims", Value::Int(0));
    all.check(floats(&[[-700.0, -700.0], [-700.0, -700.0]]), tensor(&[], vec![-700.0 + 2.0 * LN_2]));
}
