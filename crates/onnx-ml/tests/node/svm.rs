//! SVMClassifier and SVMRegressor.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, floats, ints, strings, tensor};

/// Vectors (1, 0) and (1, 2) with weights 2 and -1.
fn regressor(kernel: &str) -> Node {
    Node::new("SVMRegressor", 1)
        .with("kernel_type", Value::Str(kernel))
        .with("kernel_params", Value::Floats(&[0.5, 1.0, 2.0]))
        .with("n_supports", Value::Int(2))
        .with("support_vectors", Value::Floats(&[1.0, 0.0, 1.0, 2.0]))
        .with("coefficients", Value::Floats(&[2.0, -1.0]))
        .with("rho", Value::Floats(&[0.25]))
}

fn rows() -> Tensor {
    floats(&[[1.0, 1.0], [3.0, -1.0]])
}

#[test]
fn regressor_knows_four_kernels() {
    // Products 1, 3 and 3, 1; squared distances 1, 1 and 5, 13.
    regressor("LINEAR").check(rows(), floats(&[[2.0 - 3.0 + 0.25], [6.0 - 1.0 + 0.25]]));
    regressor("POLY").check(rows(), floats(&[[2.0 * 2.25 - 6.25 + 0.25], [2.0 * 6.25 - 2.25 + 0.25]]));
    let rbf = |distance: f32| (-0.5 * distance).exp();
    regressor("RBF").check(rows(), floats(&[[rbf(1.0) + 0.25], [2.0 * rbf(5.0) - rbf(13.0) + 0.25]]));
    let sigmoid = |product: f32| (0.5 * product + 1.0).tanh();
    regressor("SIGMOID").check(
        rows(),
        floats(&[[2.0 * sigmoid(1.0) - sigmoid(3.0) + 0.25], [2.0 * sigmoid(3.0) - sigmoid(1.0) + 0.25]]),
    );
    let broken_degree = regressor("POLY").with("kernel_params", Value::Floats(&[0.5, 1.0, 0.5]));
    broken_degree.check(floats(&[[1.0, 0.0]]), floats(&[[1.5f32.sqrt() + 0.25]]));
}

#[test]
fn regressor_takes_numbers_of_all_kinds_and_no_rows() {
    let linear = regressor("LINEAR");
    linear.check(tensor(&[1, 2], vec![1i64, 1]), floats(&[[-0.75]]));
    linear.check(tensor(&[1, 2], vec![1i32, 1]), floats(&[[-0.75]]));
    linear.check(tensor(&[1, 2], vec![1f64, 1.0]), floats(&[[-0.75]]));
    linear.check(tensor(&[2], vec![1f32, 1.0]), floats(&[[-0.75]]));
    linear.check(floats::<2>(&[]), floats::<1>(&[]));
    linear.check_error(
        &[floats(&[[1.0]])],
        "SVMRegressor: support_vectors or coefficients are of 2 features, the input has 1",
    );
}

#[test]
fn many_vectors_and_rows_are_worked_on_in_blocks() {
    // 19 vectors (0), (1), … of one feature, and 37 rows: neither is a multiple of a block.
    let vectors: Vec<f32> = (0..19u8).map(f32::from).collect();
    let inputs: Vec<f32> = (0..37u8).map(|row| f32::from(row) / 4.0).collect();
    let score = |x: &f32| vectors.iter().map(|v| (1.0 + v) * (-0.5 * (x - v) * (x - v)).exp()).sum::<f32>() - 1.0;
    let expected: Vec<f32> = inputs.iter().map(score).collect();
    let weights: Vec<f32> = vectors.iter().map(|v| 1.0 + v).collect();
    regressor("RBF")
        .with("n_supports", Value::Int(19))
        .with("support_vectors", Value::Floats(&vectors))
        .with("coefficients", Value::Floats(&weights))
        .with("rho", Value::Floats(&[-1.0]))
        .check(tensor(&[37, 1], inputs), tensor(&[37, 1], expected));
}

#[test]
fn regressor_of_one_class_answers_the_side() {
    let node = regressor("LINEAR").with("one_class", Value::Int(1));
    node.check(rows(), floats(&[[-1.0], [1.0]]));
    // On the boundary is outside.
    node.with("rho", Value::Floats(&[1.0])).check(rows(), floats(&[[-1.0], [1.0]]));
}

#[test]
fn regressor_without_support_vectors_is_linear() {
    let node = Node::new("SVMRegressor", 1)
        .with("kernel_type", Value::Str("RBF"))
        .with("coefficients", Value::Floats(&[2.0, -1.0]))
        .with("rho", Value::Floats(&[0.5]));
    node.check(rows(), floats(&[[1.5], [7.5]]));
    let node = node.with("post_transform", Value::Str("LOGISTIC"));
    node.check(rows(), floats(&[[0.817_574_5], [0.999_447_2]]));
}

/// One vector a class: (1, 0), (0, 1), (1, 1). Of the row (1, 2), the products are 1, 2, 3.
fn three_classes(kernel: &str) -> Node {
    Node::new("SVMClassifier", 2)
        .with("kernel_type", Value::Str(kernel))
        .with("kernel_params", Value::Floats(&[1.0, 0.0, 1.0]))
        .with("vectors_per_class", Value::Ints(&[1, 1, 1]))
        .with("support_vectors", Value::Floats(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]))
        .with("coefficients", Value::Floats(&[1.0, -1.0, -2.0, 2.0, 3.0, -1.0]))
        .with("rho", Value::Floats(&[0.5, 1.0, -1.0]))
        .with("classlabels_strings", Value::Strs(&["a", "b", "c"]))
}

fn two_classes() -> Node {
    Node::new("SVMClassifier", 2)
        .with("vectors_per_class", Value::Ints(&[1, 2]))
        .with("support_vectors", Value::Floats(&[1.0, 2.0, 3.0]))
        .with("coefficients", Value::Floats(&[1.0, 1.0, -1.0]))
        .with("rho", Value::Floats(&[0.5]))
        .with("classlabels_ints", Value::Ints(&[10, 20]))
}

#[test]
fn pairs_of_classes_vote() {
    // (a, b): 1·1 - 1·2 + 0.5; (a, c): 2·1 - 2·3 + 1; (b, c): 3·2 - 1·3 - 1. One vote for c, two for b.
    for kernel in ["LINEAR", "POLY"] {
        let row = floats(&[[1.0, 2.0]]);
        three_classes(kernel).check_classes(row, strings(&["b"]), floats(&[[-0.5, -3.0, 2.0]]));
    }
    // One vote each: the first class.
    let tie = three_classes("LINEAR").with("rho", Value::Floats(&[2.0, 1.0, -1.0]));
    tie.check_classes(floats(&[[1.0, 2.0]]), strings(&["a"]), floats(&[[1.0, -3.0, 2.0]]));
    let empty = floats::<2>(&[]);
    three_classes("POLY").check_classes(empty, strings(&[]), floats::<3>(&[]));
}

#[test]
fn two_classes_have_a_score_and_its_negative() {
    // 1·x - 2·x + 0.5: a vote for the first class if positive.
    let node = two_classes().with("coefficients", Value::Floats(&[1.0, -1.0, 0.0]));
    node.check_classes(floats(&[[0.0], [2.0]]), ints(&[10, 20]), floats(&[[-0.5, 0.5], [1.5, -1.5]]));
    // Transforms are of both columns.
    let node = node.with("post_transform", Value::Str("LOGISTIC"));
    let p = 0.622_459_3;
    node.check_classes(floats(&[[0.0]]), ints(&[10]), floats(&[[1.0 - p, p]]));
}

/// Expected values are ONNX Runtime's.
#[test]
fn probabilities_are_coupled() {
    let node = two_classes().with("prob_a", Value::Floats(&[-2.0])).with("prob_b", Value::Floats(&[0.5]));
    // The sigmoid's value is 0.622; the coupling stops as soon as it is near.
    node.check_classes(floats(&[[0.0]]), ints(&[10]), floats(&[[0.621_274_3, 0.378_725_7]]));
    let node = three_classes("LINEAR")
        .with("prob_a", Value::Floats(&[-1.0, -0.5, -2.0]))
        .with("prob_b", Value::Floats(&[0.0, 0.25, 0.5]));
    node.check_classes(floats(&[[1.0, 2.0]]), strings(&["b"]), floats(&[[0.204_015_7, 0.697_272_2, 0.098_712_1]]));
}

#[test]
fn classifier_without_support_vectors_is_linear() {
    let node = Node::new("SVMClassifier", 2)
        .with("coefficients", Value::Floats(&[1.0, 0.0, 0.5, 0.5]))
        .with("rho", Value::Floats(&[1.0]))
        .with("classlabels_ints", Value::Ints(&[7, 8]));
    node.check_classes(rows(), ints(&[7, 7]), floats(&[[2.0, 2.0], [4.0, 2.0]]));
    let softmax = node.with("post_transform", Value::Str("SOFTMAX"));
    softmax.check_classes(rows(), ints(&[7, 7]), floats(&[[0.5, 0.5], [0.880_797, 0.119_203]]));
}

#[test]
fn lists_of_wrong_lengths_are_refused() {
    let refused = |node: Node, words: &str| node.check_error(&[rows()], words);
    refused(regressor("CUBIC"), "SVMRegressor: unknown kernel_type \"CUBIC\"");
    refused(regressor("RBF").with("kernel_params", Value::Floats(&[1.0])), "kernel_params has 1 values, expected 3");
    refused(regressor("RBF").with("rho", Value::Floats(&[])), "SVMRegressor: rho must hold one value");
    refused(regressor("RBF").with("n_supports", Value::Int(-1)), "n_supports is -1");
    refused(regressor("RBF").with("n_supports", Value::Int(i64::MAX)), "n_supports asks for");
    refused(regressor("RBF").with("support_vectors", Value::Floats(&[1.0])), "support_vectors has 1 values");
    refused(regressor("RBF").with("support_vectors", Value::Floats(&[])), "hold no features");
    refused(regressor("RBF").with("n_supports", Value::Int(0)).with("coefficients", Value::Floats(&[])), "no features");
    let node = || three_classes("RBF");
    refused(node().with("vectors_per_class", Value::Ints(&[1, 2])), "vectors_per_class has 2 values, classlabels 3");
    refused(node().with("vectors_per_class", Value::Ints(&[1, -1, 3])), "vectors_per_class holds -1");
    refused(node().with("vectors_per_class", Value::Ints(&[i64::MAX; 3])), "SVMClassifier: ");
    refused(node().with("vectors_per_class", Value::Ints(&[1, 1, 2])), "coefficients has 6 values, vectors_per_class");
    refused(node().with("support_vectors", Value::Floats(&[1.0; 7])), "support_vectors has 7 values");
    refused(node().with("rho", Value::Floats(&[1.0])), "rho has 1 values, pairs of classes 3");
    refused(node().with("prob_a", Value::Floats(&[1.0; 3])), "prob_a has 3 values, prob_b 0");
    let short = node().with("prob_a", Value::Floats(&[1.0])).with("prob_b", Value::Floats(&[1.0]));
    refused(short, "prob_a has 1 values, pairs of classes 3");
    refused(node().with("classlabels_strings", Value::Strs(&[])), "exactly one of classlabels_ints");
    let linear = node().with("vectors_per_class", Value::Ints(&[]));
    refused(linear.with("prob_a", Value::Floats(&[1.0])), "prob_a is for pairs of classes");
}
