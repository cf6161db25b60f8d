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

/// The input's values at 1, -2.5 and -1e-9 against what numpy answers, and NaN.
#[test]
fn activations() {
    let check = |node: Node, expected: [f64; 3]| {
        let outputs = node.run(&[doubles(&[4], &[1.0, -2.5, -1e-9, f64::NAN])]).unwrap();
        let found = outputs[0].try_as_plain_ram().unwrap().as_slice::<f64>().unwrap().to_vec();
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{}: {found} {expected}", node.proto.op_type);
        }
        assert!(found[3].is_nan());
    };
    let slope = f64::from(0.3f32);
    let sloped = |operator: &str| Node::new(operator, 1).with("alpha", Value::Float(0.3));
    let [below, near] = [(-2.5f64).exp_m1(), (-1e-9f64).exp_m1()];
    check(Node::new("main:Round", 1), [1.0, -2.0, -0.0]);
    check(sloped("main:LeakyRelu"), [1.0, -2.5 * slope, -1e-9 * slope]);
    check(sloped("main:Elu"), [1.0, slope * below, slope * near]);
    check(sloped("main:Celu"), [1.0, slope * (-2.5 / slope).exp_m1(), slope * (-1e-9 / slope).exp_m1()]);
    let (alpha, gamma) = (1.673_263_192_176_818_8, 1.050_701_022_148_132_3);
    check(Node::new("main:Selu", 1), [gamma, gamma * alpha * below, gamma * alpha * near]);
    check(Node::new("main:HardSwish", 1), [2.0 / 3.0, -2.5 / 12.0, -1e-9 * (0.5 - 1e-9 / 6.0)]);
    check(Node::new("main:Softplus", 1), [1f64.exp().ln_1p(), (-2.5f64).exp().ln_1p(), (-1e-9f64).exp().ln_1p()]);
    let swish = |x: f64| x / (1.0 + (-slope * x).exp());
    check(sloped("main:Swish"), [swish(1.0), swish(-2.5), swish(-1e-9)]);
    let gelu = [0.841_344_746_068_542_9, -0.015_524_163_314_437_786, -4.999_999_996_010_577e-10];
    check(Node::new("main:Gelu", 1), gelu);
    let tanh = Node::new("main:Gelu", 1).with("approximate", Value::Str("tanh"));
    let bent = |x: f64| 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh());
    check(tanh, [bent(1.0), bent(-2.5), bent(-1e-9)]);
    Node::new("main:Gelu", 1).with("approximate", Value::Str("cubic")).check_error(&[doubles(&[1], &[1.0])], "cubic");
}

#[test]
fn inverse_hyperbolic_cosine() {
    let acosh = Node::new("main:Acosh", 1);
    let outputs = acosh.run(&[doubles(&[2], &[1.0, 1.000_000_001])]).unwrap();
    let found = outputs[0].try_as_plain_ram().unwrap().as_slice::<f64>().unwrap().to_vec();
    assert_eq!(found[0], 0.0);
    assert!((found[1] / 4.472_136_139_639_991_5e-5 - 1.0).abs() < 1e-12);
}

#[test]
fn infinite_values_are_found() {
    let input = || doubles(&[3], &[f64::NEG_INFINITY, f64::NAN, f64::INFINITY]);
    Node::new("main:IsInf", 1).check(input(), tensor(&[3], vec![true, false, true]));
    let positive = Node::new("main:IsInf", 1).with("detect_negative", Value::Int(0));
    positive.check(input(), tensor(&[3], vec![false, false, true]));
    let negative = Node::new("main:IsInf", 1).with("detect_positive", Value::Int(0));
    negative.check(input(), tensor(&[3], vec![true, false, false]));
}
