//! Operators of the main domain in double precision.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, tensor};

fn doubles(shape: &[usize], values: &[f64]) -> Tensor {
    tensor(shape, values.to_vec())
}

#[test]
fn sigmoids() {
    let sigmoid = Node::new("main:Sigmoid", 1);
    let expected = [0.5, 0.731_058_578_630_004_9, 0.0, 1.0, f64::NAN];
    let input = doubles(&[5], &[0.0, 1.0, f64::NEG_INFINITY, f64::INFINITY, f64::NAN]);
    sigmoid.check(input, doubles(&[5], &expected));
    sigmoid.check(tensor(&[2], vec![0f32, 1.0]), tensor(&[2], vec![0.5f32, 0.731_058_6]));
    // A double, not a float in its place.
    let outputs = sigmoid.run(&[doubles(&[1], &[1.0])]).unwrap();
    assert_eq!(outputs[0].try_as_plain_ram().unwrap().as_slice::<f64>().unwrap(), [1.0 / (1.0 + (-1f64).exp())]);
}

#[test]
fn error_functions() {
    let erf = Node::new("main:Erf", 1);
    // Abramowitz and Stegun, table 7.1.
    let expected = [0.0, 0.520_499_877_813_046_5, -0.842_700_792_949_714_9, 1.0, f64::NAN];
    erf.check(doubles(&[5], &[0.0, 0.5, -1.0, f64::INFINITY, f64::NAN]), doubles(&[5], &expected));
    erf.check(tensor(&[1], vec![0.5f32]), tensor(&[1], vec![0.520_499_9f32]));
}

#[test]
fn missing_values_are_found() {
    let is_nan = Node::new("main:IsNaN", 1);
    let expected = || tensor(&[3], vec![false, true, false]);
    is_nan.check(doubles(&[3], &[1.0, f64::NAN, f64::INFINITY]), expected());
    is_nan.check(tensor(&[3], vec![1f32, f32::NAN, f32::INFINITY]), expected());
}

#[test]
fn matrices_are_multiplied() {
    let gemm = || Node::new("main:Gemm", 1);
    let rows = || doubles(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let weights = || doubles(&[2, 2], &[1.0, 0.0, 2.0, -1.0]);
    gemm().constant(&weights()).check(rows(), doubles(&[3, 2], &[5.0, -2.0, 11.0, -4.0, 17.0, -6.0]));
    let biased = || gemm().constant(&weights()).constant(&doubles(&[2], &[10.0, 20.0]));
    biased().check(rows(), doubles(&[3, 2], &[15.0, 18.0, 21.0, 16.0, 27.0, 14.0]));
    let scaled = || biased().with("alpha", Value::Float(0.5)).with("beta", Value::Float(2.0));
    scaled().check(rows(), doubles(&[3, 2], &[22.5, 39.0, 25.5, 38.0, 28.5, 37.0]));
    scaled().with("transB", Value::Int(1)).check(rows(), doubles(&[3, 2], &[20.5, 40.0, 21.5, 41.0, 22.5, 42.0]));
    let floats = gemm().constant(&tensor(&[2, 1], vec![1f32, 2.0])).constant(&tensor(&[1], vec![0.5f32]));
    floats.check(tensor(&[1, 2], vec![3f32, 4.0]), tensor(&[1, 1], vec![11.5f32]));
}
